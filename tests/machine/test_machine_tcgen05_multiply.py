"""tcgen05.mma of every kind, layout, size and group on operands whose sums are exact, against NumPy."""

import numpy as np
import pytest
from machine_kernel import Launch, run_kernel
from machine_tcgen05 import OPERANDS
from tcgen05_kernel import Case, lanes_of, memory_of, operands, products_kernel


def run(machine, case, accumulates=False, schedules="in_turn"):
    random = np.random.default_rng(7)
    a, b, a_codes, image, places = operands(random, case)
    block, lane, column = lanes_of(case)
    memory, c = memory_of(random, case, a_codes)
    arrays = (image, memory.tobytes(), bytes(memory.nbytes))
    body = products_kernel(case, places, accumulates)
    shared = OPERANDS + places["bytes"]
    launch = Launch(body, arrays, threads=128, shared=shared, cluster=case.group, grid=case.group, schedules=schedules)
    ran = run_kernel(machine, launch)
    assert (ran.result, ran.findings) == (0, []), ran.findings
    out = np.frombuffer(ran.arrays[2], np.float32).reshape(memory.shape)
    np.testing.assert_array_equal(out[block, lane, column], a @ b.T + (c if accumulates else 0))
    kept = np.ones(memory.shape, bool)
    kept[block, lane, column] = False
    np.testing.assert_array_equal(out.view(np.uint32)[kept], memory[kept])


CASES = [
    *(
        Case("f16", "bf16", "bf16", m, n, swizzle)
        for m, n in ((128, 16), (64, 24))
        for swizzle in ("none", "32", "64", "128")
    ),
    *(
        Case("f16", "fp16", "fp16", 128, 64, swizzle, a, b)
        for swizzle in ("none", "32", "64", "128")
        for a, b in ((True, False), (False, True), (True, True))
    ),
    Case("f16", "bf16", "bf16", 64, 8, lane=16),
    Case("f16", "bf16", "bf16", 64, 8, lane=16, a_in_tensor_memory=True),
    Case("f16", "bf16", "bf16", 128, 128, a_in_tensor_memory=True),
    Case("f16", "bf16", "bf16", 256, 48, group=2),
    Case("f16", "bf16", "bf16", 256, 128, "64", True, True, group=2),
    Case("f16", "bf16", "bf16", 128, 32, "128", group=2),
    Case("f16", "bf16", "bf16", 128, 32, group=2, a_in_tensor_memory=True),
    Case("tf32", "tf32", "tf32", 64, 16, "128"),
    Case("tf32", "tf32", "tf32", 64, 32, "128", a_in_tensor_memory=True),
    Case("tf32", "tf32", "tf32", 128, 32, "128_by_32", True, True),
    Case("tf32", "tf32", "tf32", 256, 16, "32", group=2),
    *(Case("f8f6f4", a, b) for a in ("e4m3", "e5m2", "e2m1") for b in ("e4m3", "e2m1")),
    Case("f8f6f4", "e4m3", "e4m3", 64, 16, "64", True, True),
    Case("f8f6f4", "e2m1", "e4m3", 128, 128, "128", True, True),
    Case("f8f6f4", "e4m3", "e5m2", 128, 64, "128", group=2),
    Case("mxf8f6f4", "e4m3", "e4m3", 128, 8, scale_ids=(1, 2)),
    Case("mxf8f6f4", "e4m3", "e2m1", 128, 40, scale_ids=(3, 0)),
    Case("mxf8f6f4", "e2m1", "e2m1", 128, 200, scale_ids=(0, 3)),
    Case("mxf8f6f4", "e4m3", "e4m3", 128, 64, "64", True, True, scale_ids=(2, 1)),
    Case("mxf8f6f4", "e4m3", "e2m1", 256, 160, group=2, scale_ids=(2, 1)),
    Case("mxf4", "e2m1", "e2m1", 128, 24, scale_ids=(2, 0)),
    Case("mxf4", "e2m1", "e2m1", 256, 144, "64", group=2, scale_ids=(0, 2)),
    Case("mxf4", "e2m1", "e2m1", 128, 160, "64", group=2, scale_ids=(2, 2)),
    Case("mxf4nvf4", "e2m1", "e2m1", 128, 32, "64", scale_block=16, ue4m3=True),
    Case("mxf4nvf4", "e2m1", "e2m1", 256, 64, group=2, scale_block=16),
    Case("mxf4nvf4", "e2m1", "e2m1", 128, 8, scale_ids=(0, 2)),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_products(machine, case):
    run(machine, case, accumulates=False)


@pytest.mark.parametrize("case", [c for c in CASES if c.n in (24, 32, 160)], ids=str)
def test_sums_are_added_to_under_schedules(machine, case):
    run(machine, case, accumulates=True, schedules="late seed:1")


# Instruction descriptors in PTX that nvcc made of public kernels.
PUBLIC = [
    (Case("f16", "bf16", "bf16", 256, 192, group=2), 0x10300490),
    (Case("mxf8f6f4", "e4m3", "e4m3", 256, 192, group=2), 0x10B00000),
    (Case("mxf8f6f4", "e2m1", "e4m3", 256, 192, group=2), 0x10B00280),
    (Case("mxf8f6f4", "e4m3", "e4m3", 256, 128, "128", True, True, group=2), 0x10A18000),
]


@pytest.mark.parametrize(("case", "bits"), PUBLIC, ids=str)
def test_descriptors_are_those_of_public_kernels(case, bits):
    assert case.descriptor == bits

"""tcgen05.mma of arbitrary bits: what a B200 recorded, and what the CPU backend's steps make of the same operands."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from machine_kernel import Launch, run_kernel
from machine_tcgen05 import OPERANDS, words
from tcgen05 import KINDS, step_bits
from tcgen05_kernel import DEPTH, SCALE_COLUMNS, Case, images, lanes_of, products_kernel

VECTORS = np.load(Path(__file__).parents[1] / "data" / "b200_mma_vectors.npz")


def sums_of(machine, case, tiles):
    """FP32 bits of D for each (codes of A, codes of B, scales or None, bits of C), a block or a pair of them each."""
    block, lane, column = lanes_of(case)
    memory = np.zeros((len(tiles), case.group, 128, SCALE_COLUMNS), np.uint32)
    data = []
    for i, (a, b, scales, c) in enumerate(tiles):
        image, places = images(case, a, b, scales)
        memory[i, block, lane, column] = c
        data.append(image)
    arrays = (b"".join(data), memory.tobytes(), bytes(memory.nbytes))
    body, shared = products_kernel(case, places, True), OPERANDS + places["bytes"]
    grid = len(tiles) * case.group
    ran = run_kernel(machine, Launch(body, arrays, threads=128, shared=shared, cluster=case.group, grid=grid))
    assert (ran.result, ran.findings) == (0, [])
    return np.frombuffer(ran.arrays[2], np.uint32).reshape(memory.shape)[:, block, lane, column]


@pytest.mark.parametrize("kind", ["bf16", "fp16", "tf32"])
def test_equals_the_b200(machine, kind):
    """Each recorded row is a problem of its own, so of a product of 128 rows the diagonal counts."""
    case = Case(KINDS[kind], kind, kind, 128, 128, steps=1)
    bits = {name: VECTORS[f"{kind}_{name}"] for name in "abcd"}
    depth, count = DEPTH[case.kind], len(bits["d"])
    assert count == 5000
    to_codes = {
        "bf16": lambda x: (x >> 16).astype(np.uint16),
        "fp16": lambda x: x.view(np.float32).astype(np.float16).view(np.uint16),
        "tf32": lambda x: x,
    }[kind]
    rows = [np.arange(start, start + 128) % count for start in range(0, count, 128)]
    tiles = []
    for at in rows:
        a, b = (np.pad(to_codes(bits[name][at]), ((0, 0), (0, depth - bits[name].shape[1]))) for name in "ab")
        tiles.append((a, b, None, np.broadcast_to(bits["c"][at, None], (128, 128))))
    got = np.concatenate([np.diagonal(tile) for tile in sums_of(machine, case, tiles)])
    np.testing.assert_array_equal(got, bits["d"][np.concatenate(rows)])


CASES = [
    Case("f16", "bf16", "bf16", 256, 48, group=2),
    Case("f16", "fp16", "fp16", 64, 8),
    Case("tf32", "tf32", "tf32", 128, 16),
    Case("f8f6f4", "e4m3", "e5m2", 128, 32),
    Case("f8f6f4", "e2m1", "e4m3", 128, 32, group=2),
    Case("mxf8f6f4", "e4m3", "e4m3", 128, 24, scale_ids=(3, 1)),
    Case("mxf8f6f4", "e4m3", "e2m1", 256, 48, group=2, scale_ids=(0, 2)),
    Case("mxf8f6f4", "e5m2", "e2m1", 128, 8, scale_ids=(2, 2)),
    Case("mxf4", "e2m1", "e2m1", 128, 40, scale_ids=(2, 0)),
    Case("mxf4", "e2m1", "e2m1", 256, 64, group=2, scale_ids=(0, 2)),
    Case("mxf4", "e2m1", "e2m1", 128, 64, group=2, scale_ids=(0, 0)),
]


def random_codes(random, name, rows, depth):
    bits = words(random, rows, depth)
    if name == "tf32":
        return bits
    if name in ("bf16", "fp16"):
        return bits.astype(np.uint16)
    return (bits & (15 if name == "e2m1" else 255)).astype(np.uint8)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_equals_the_cpu_backend(machine, case):
    """Any codes, not-a-numbers and infinities among them, and scales from 2^-127 on."""
    random = np.random.default_rng()
    depth = case.steps * DEPTH[case.kind]
    a, b = (random_codes(random, name, rows, depth) for name, rows in ((case.a, case.m), (case.b, case.n)))
    c = words(random, case.m, case.n)
    scales = [random.integers(0, 256, (rows, 4)).astype(np.uint8) for rows in (case.m, case.n)]
    (got,) = sums_of(machine, case, [(a, b, scales, c)])
    each = (None, None)
    if case.scaled:  # of every 32 of K
        width = 2 if case.kind == "mxf4" else 1
        each = tuple(np.tile(s[:, i : i + width], (1, case.steps)) for s, i in zip(scales, case.scale_ids, strict=True))
    expected = step_bits(case.kind, (case.a, case.b), (a, b), c.view(np.float32), each)
    np.testing.assert_array_equal(got, expected)


def test_neighbours_differ(machine):
    """The comparison sees a single bit: another scale id is another result."""
    case = CASES[5]
    random = np.random.default_rng(2)
    a, b = (random_codes(random, name, rows, 64) & 0xF7 for name, rows in ((case.a, case.m), (case.b, case.n)))
    c, scales = words(random, case.m, case.n) & 0x3FFFFFFF, [np.full((rows, 4), 127, np.uint8) for rows in (128, 24)]
    scales[0][:, 3] = 128
    first, second = (sums_of(machine, replace(case, scale_ids=ids), [(a, b, scales, c)]) for ids in ((3, 1), (2, 1)))
    assert np.any(first != second)

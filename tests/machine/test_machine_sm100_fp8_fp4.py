"""Every fp8_fp4_gemm kernel on the machine: the CPU backend's bits, and no finding.

Nothing has run on a GPU of that architecture. What is shown is the PTX, not what ptxas makes of it.
"""

import numpy as np
import pytest
from aotgemm import _core
from machine_fp8_fp4 import FAMILY, FP4_BOX, may_be_fp4
from machine_runner import Task, check_equal, run_tasks

SPECS = [spec for spec in _core.specs() if spec["family"] == FAMILY]
DEVICE = {"sms": 4, "capability": "10.0"}
SCHEDULES = "in_turn late seeds:1"
MANY = "in_turn consumers_first producers_first late starve:0 starve:1 starve:2 starve:4 seeds:4"


def task_of(spec, ptx, seed, schedules):
    """An odd problem of about a tile and a half each way, K of which ends inside a stage or inside an instruction."""
    random = np.random.default_rng([seed, spec["kernel"]])
    m, n = (int(random.integers(1, spec[block] + spec[block] // 2)) for block in ("block_m", "block_n"))
    k = int(random.choice((128, 256, 32 * random.integers(1, 13), 16 * random.integers(1, 25))))
    unit = int(random.choice((16, FP4_BOX)))
    m, n = (align(x, unit) if is_major else x for x, is_major in zip((m, n), mn_major(spec), strict=True))
    k = k_of(spec, k)
    return Task("fp8_fp4", spec["name"], m, align(n, 8), k, str(ptx), schedules, **DEVICE)


def k_of(spec, k):
    return align(k, 32) if spec["grouping"] == "k_grouped" else k


def align(value, multiple):
    return -(-value // multiple) * multiple


def mn_major(spec):
    return spec["layout"][0] == "t", spec["layout"][1] == "n"


def test_every_kernel_gives_the_bits_of_the_cpu_backend(machine, ptx):
    tasks = [task_of(spec, ptx, seed, SCHEDULES) for spec in SPECS for seed in (0, 10)]
    outcomes = run_tasks(machine, tasks)
    check_equal(tasks, outcomes)
    assert {outcome.launches[0]["kernel"] for outcome in outcomes} == {spec["name"] for spec in SPECS} != set()


FEW_ROWS = 1, 8, 17, 100
NARROW = ("dense_nt_bf16_128x16x128_s11_c1x1", "dense_nt_bf16_128x192x128_s4_c1x1")


def test_fewer_rows_than_a_tile_has(machine, ptx):
    """Only those are loaded; shared memory holds NaN, of codes and of scales, behind them."""
    names = [f"sm100_{FAMILY}_{name}" for name in NARROW]
    tasks = [Task("fp8_fp4", name, m, 200, 1056, str(ptx), SCHEDULES, **DEVICE) for name in names for m in FEW_ROWS]
    check_equal(tasks, run_tasks(machine, tasks))


MANY_TILES = (
    "dense_nt_bf16_128x128x128_s5_c1x1",
    "dense_tn_fp32_128x192x128_s6_c2x1",
    "dense_nt_bf16_swap_96x128x128_s9_c1x2",
    "masked_nt_bf16_swap_32x128x128_s10_c1x1",
    "psum_nt_bf16_swap_224x128x128_s6_c1x2",
    "k_grouped_tn_fp32_128x192x128_s6_c2x1",
)


def test_blocks_that_compute_many_tiles(machine, ptx):
    """On two SMs: stages, accumulators and the queue of tiles go round several times."""
    names = [f"sm100_{FAMILY}_{name}" for name in MANY_TILES]
    tasks = [Task("fp8_fp4", name, 528, 528, 672, str(ptx), SCHEDULES, sms=2, capability="10.0") for name in names]
    check_equal(tasks, run_tasks(machine, tasks))


@pytest.mark.machine_all
@pytest.mark.parametrize("seed", range(1, 6))
def test_every_kernel_under_many_schedules(machine, ptx, seed):
    tasks = [task_of(spec, ptx, seed, MANY) for spec in SPECS]
    check_equal(tasks, run_tasks(machine, tasks))


@pytest.mark.parametrize("operand", (0, 1))
def test_fp4_that_does_not_lie_along_k(machine, ptx, operand):
    """One problem of each kernel that reads it, with K that ends inside an instruction."""
    readers = [s for s in SPECS if mn_major(s)[operand] and may_be_fp4(s, 256, 256, 0)[operand]]
    groupings = {"dense", "batched", "k_grouped"} | ({"contiguous", "psum"} if operand == 1 else set())
    assert {s["grouping"] for s in readers} == groupings
    tasks = [
        Task(("fp4_a", "fp4_b")[operand], s["name"], 256, 256, k_of(s, 304), str(ptx), "late", **DEVICE)
        for s in readers
    ]
    check_equal(tasks, run_tasks(machine, tasks))


# The shapes that DeepGEMM's tests enumerate for SM100, N and K by 32, rows by 32 to 64; recipes as there.
FP8_FP8, FP8_FP4 = "fp8 128 fp8 128", "fp8 128 fp4 32"
LAYERS = ((2112, 7168), (576, 7168), (24576, 1536), (32768, 512), (7168, 16384), (4096, 7168), (7168, 2048))
EXPERTS = ((6144, 7168), (7168, 3072), (4096, 4096), (4096, 2048))
# Granularity, and the alignment of K.
GRADIENTS = ((32, 32), (32, 128), (32, 160), (32, 224), (128, 128), (128, 160), (128, 224))


def small(size, multiple=16):
    return align(size // 32, multiple)


def dense():
    for (n, k), m in zip(LAYERS, (1, 4, 128, 1, 4, 128, 1), strict=True):
        yield f"dense nt bf16 {FP8_FP8}", m, small(n), small(k)
        yield f"dense nt bf16 {FP8_FP4}", m, small(n), small(k, 128)
    for n, k in LAYERS[::3]:
        for types in (FP8_FP8, FP8_FP4):
            unit = 128 if types == FP8_FP4 else 16
            yield f"dense nn bf16 {types}", 64, small(k, unit), small(n)
            yield f"dense tn fp32 {types}", small(n), small(k, unit), 64
            yield f"dense tn bf16 {types}", small(n), small(k, unit), 64


def grouped():
    for n, k in EXPERTS:
        for grouping in ("contiguous", "psum", "masked"):
            yield f"{grouping} nt bf16 {FP8_FP8}", 66, small(n), small(k)
            yield f"{grouping} nt bf16 {FP8_FP4}", 7, small(n), small(k, 128)
        yield f"contiguous nn bf16 {FP8_FP8}", 66, small(n), small(k)
        yield f"contiguous nn bf16 {FP8_FP4}", 7, small(n, 128), small(k)
    for gran, alignment in GRADIENTS:
        yield f"k_grouped tn fp32 fp8 {gran} fp8 {gran}", 128, small(7168), alignment


@pytest.mark.parametrize("shapes", (dense, grouped))
def test_shapes_of_deepgemm(machine, ptx, shapes):
    """On the kernels that the selection takes."""
    tasks = [Task("chosen", *shape, str(ptx), **DEVICE) for shape in shapes()]
    check_equal(tasks, run_tasks(machine, tasks))

"""The indexer's logits on the PTX machine: ranges of every kind amid poison, under schedules, to the bit."""

import pytest
from machine_runner import Task, run_tasks

SCHEDULES = "in_turn consumers_first producers_first late starve:0 starve:4 starve:8 starve:9 seeds:3"


def check(machine, tasks):
    for task, outcome in zip(tasks, run_tasks(machine, tasks), strict=True):
        assert (outcome.error, outcome.findings, outcome.differing) == ("", [], 0), task
        assert {launch["kernel"] for launch in outcome.launches} == {task.kernel}


@pytest.mark.parametrize("kernel", ["h64d128_fp32", "h64d64_bf16", "h32d128_bf16", "h32d32_fp32", "h16d64_fp32"])
def test_rows_and_keys(machine, ptx, kernel):
    """Forms full, clean and compressed; one row, one key, more rows than the blocks of the grid have at a time."""
    shapes = ((1, 1, 0), (37, 600, 0), (9, 300, 1), (21, 411, 2))
    name = f"sm90_mqa_logits_{kernel}"
    check(machine, [Task("mqa_logits", name, *shape, str(ptx), SCHEDULES, sms=3, runs=2) for shape in shapes])


@pytest.mark.parametrize("kernel", ["h64d128_fp32", "h64d128x2_bf16", "h32d64x2_fp32", "h32d32_bf16", "h16d128_fp32"])
def test_blocks_of_a_cache(machine, ptx, kernel):
    """Rows of q that fill a product, and one more."""
    heads = int(kernel[1:3])
    rows = (128 if "x2" in kernel else 64) // heads
    shapes = [(3, 700, rows)] if "x2" not in kernel else [(3, 700, rows), (2, 300, rows + 1)]
    if kernel == "h32d32_bf16":  # more than the 32 entries of the table that are read at a time
        shapes = [(2, 2500, rows)]
    name = f"sm90_paged_mqa_logits_{kernel}"
    check(machine, [Task("paged_mqa_logits", name, *shape, str(ptx), SCHEDULES, sms=3, runs=2) for shape in shapes])


OF_SM100 = {"sms": 3, "runs": 2, "capability": "10.0"}
SM100_SCHEDULES = "in_turn late starve:4 seeds:1"  # warp 4 sums
SM100_KERNELS = [f"h{heads}_{dtype}" for heads in (8, 16, 32, 64) for dtype in ("fp8", "fp4")]


def test_rows_and_keys_on_sm100(machine, ptx):
    """Every kernel; head_dim and the logits' type by chance, forms in turn."""
    shapes = (37, 400, 0), (9, 300, 1), (21, 311, 2), (1, 1, 0)
    tasks = [
        Task("mqa_logits", f"sm100_mqa_logits_{kernel}", *shape, str(ptx), SM100_SCHEDULES, **OF_SM100)
        for i, kernel in enumerate(SM100_KERNELS)
        for shape in (shapes[i % 4], shapes[(i + 1 + i // 4) % 4])
    ]
    check(machine, tasks)


def test_blocks_of_a_cache_on_sm100(machine, ptx):
    """Every kernel; rows of q of a sequence that fill a tile, some of one, and more than one."""
    shapes = (3, 700, 1), (2, 300, 3), (3, 500, 2)
    tasks = [
        Task("paged_mqa_logits", f"sm100_paged_mqa_logits_{kernel}", *shape, str(ptx), SM100_SCHEDULES, **OF_SM100)
        for i, kernel in enumerate(SM100_KERNELS)
        for shape in (shapes[i % 3], (2, 300, 128 // int(kernel[1:].split("_")[0]) + 1))
    ]
    check(machine, tasks)


@pytest.mark.parametrize(("arch", "capability"), [("sm90", "9.0"), ("sm100", "10.0")])
def test_schedules(machine, ptx, arch, capability):
    shapes = ((1, 1, 1), (5, 3000, 132), (700, 4000, 7), (300, 9, 3))
    kernel = f"{arch}_paged_mqa_schedule"
    tasks = [Task("paged_mqa_schedule", kernel, *shape, str(ptx), SCHEDULES, capability=capability) for shape in shapes]
    check(machine, tasks)

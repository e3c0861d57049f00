"""Every bf16_gemm and tf32_hc_prenorm_gemm kernel of sm_100a on the machine: the CPU backend's bits, and no finding.

Nothing has run on a GPU of that architecture. What is shown is the PTX, not what ptxas makes of it.
"""

import pytest
from aotgemm import _core
from machine_runner import Task, check_equal, run_tasks
from machine_sm100 import CAPABILITY, SCHEDULES, SMS, prenorm_task, task_of
from padding_problems import run_padding_problems

FAMILY = "bf16_gemm"
SPECS = [spec for spec in _core.specs() if spec["arch"] == "sm_100a" and spec["family"] == FAMILY]


def check(tasks, outcomes):
    check_equal(tasks, outcomes)
    assert [outcome.launches[0]["kernel"] for outcome in outcomes] == [task.kernel for task in tasks]


def test_every_kernel_gives_the_bits_of_the_cpu_backend(machine, ptx):
    tasks = [task_of(spec, ptx, seed=0) for spec in SPECS]
    assert len(tasks) == len(SPECS) > 0
    check(tasks, run_tasks(machine, tasks))


FEW_ROWS = 1, 8, 17, 100
NARROW = ("128x16x64_s12_c1x1", "128x224x64_s4_c1x1")


def test_fewer_rows_than_a_tile_has(machine, ptx):
    """Only those are loaded; shared memory holds NaN behind them."""
    names = [f"sm100_{FAMILY}_dense_nt_bf16_{name}" for name in NARROW]
    sizes = [(name, m, 232, 904, str(ptx), SCHEDULES) for name in names for m in FEW_ROWS]
    tasks = [Task("in_groups", *one, sms=SMS, capability=CAPABILITY) for one in sizes]
    check(tasks, run_tasks(machine, tasks))


@pytest.mark.machine_all
@pytest.mark.parametrize("seed", range(1, 6))
def test_every_kernel_under_many_schedules(machine, ptx, seed):
    schedules = "in_turn consumers_first producers_first late starve:0 starve:1 starve:4 starve:8 seeds:4"
    tasks = [task_of(spec, ptx, seed, schedules) for spec in SPECS]
    check(tasks, run_tasks(machine, tasks))


def test_every_prenorm_kernel_gives_the_bits_of_the_cpu_backend(machine, ptx):
    """Rows that fill no tile; without splits, and with five of three K blocks, two of which are empty."""
    tasks = [prenorm_task(columns, splits, ptx) for columns in (8, 16, 24, 32) for splits in ("", "_split")]
    check(tasks, run_tasks(machine, tasks))


def test_padding_of_groups(machine, ptx, tmp_path):
    pattern = f"sm100_{FAMILY}_*_nt_*"
    problems, findings = run_padding_problems(machine, ptx, tmp_path, pattern, seed=0, most=1, capability=CAPABILITY)
    assert findings == ""
    assert problems and [problem for problem in problems if problem["differing"]] == []

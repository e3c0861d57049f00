"""The kernel of single matrix instructions on the machine: any bits of every kind, ragged tiles, several steps."""

import pytest
from machine_runner import Task, check_equal, run_tasks

DEVICE = {"sms": 3, "capability": "10.0"}
SCHEDULES = "in_turn consumers_first late starve:0 seeds:2"
OPERANDS = (
    ("f16 bf16 bf16", "f16 fp16 fp16", "tf32 tf32 tf32")
    + ("f8f6f4 e4m3 e5m2", "f8f6f4 e2m1 e4m3", "f8f6f4 e2m1 e2m1")
    + ("mxf8f6f4 e4m3 e4m3", "mxf8f6f4 e5m2 e2m1", "mxf8f6f4 e2m1 e4m3")
    + ("mxf4 e2m1 e2m1", "mxf4nvf4 e2m1 e2m1")
)


@pytest.mark.parametrize(("m", "n", "steps"), [(1, 1, 1), (130, 70, 3)])
def test_any_bits(machine, ptx, m, n, steps):
    tasks = [Task("instructions", words, m, n, steps, str(ptx), SCHEDULES, **DEVICE) for words in OPERANDS]
    outcomes = run_tasks(machine, tasks)
    check_equal(tasks, outcomes)
    assert {launch["kernel"] for outcome in outcomes for launch in outcome.launches} == {"sm100_tcgen05_mma"}

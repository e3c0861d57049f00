"""Whoever runs first, and whenever asynchronous work takes effect: the bits are the same, and nothing is found."""

import pytest
from machine_mutations import SUBJECTS
from machine_runner import Task, run_tasks

FIXED = ("in_turn", "consumers_first", "producers_first", "late", "starve:0", "starve:4", "starve:8")
FEW_SEEDS = tuple(f"seed:{seed}" for seed in range(5))
MANY_SEEDS = tuple(f"seed:{seed}" for seed in range(200 - len(FIXED)))


def run_under(machine, ptx, schedules):
    tasks = [Task(s.family, s.kernel, s.m, s.n, s.k, str(ptx), " ".join(schedules)) for s in SUBJECTS.values()]
    for name, outcome in zip(SUBJECTS, run_tasks(machine, tasks), strict=True):
        assert (outcome.error, outcome.findings, outcome.differing) == ("", [], 0), name
        assert [launch["schedule"] for launch in outcome.launches] == list(schedules), name


def test_fixed_schedules_and_some_by_chance(machine, ptx):
    run_under(machine, ptx, FIXED + FEW_SEEDS)


@pytest.mark.machine_all
def test_two_hundred_schedules(machine, ptx):
    run_under(machine, ptx, FIXED + MANY_SEEDS)


def test_a_result_that_depends_on_the_schedule_is_told(machine, ptx, tmp_path):
    """Without its barriers a cast takes the maximum of those warps that have come so far."""
    subject = SUBJECTS["cast"]
    text = (ptx / f"{subject.kernel}.ptx").read_text()
    (tmp_path / f"{subject.kernel}.ptx").write_text(text.replace("bar.sync", "bar.warp.sync -1; //"))
    schedules = "consumers_first producers_first"
    task = Task(subject.family, subject.kernel, subject.m, subject.n, subject.k, str(tmp_path), schedules)
    assert "schedule" in run_tasks(machine, [task], 1)[0].kinds()

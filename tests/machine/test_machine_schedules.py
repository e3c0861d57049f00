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


def scales_copied_in_the_call(ptx):
    """Twice; kernel and copy are one launch behind the other, each of which may begin before the last one is over."""
    return Task("row_major_scales", "", 72, 136, 400, str(ptx), " ".join(FIXED + FEW_SEEDS), runs=2)


def test_a_kernel_behind_a_copy_of_its_scales(machine, ptx):
    (outcome,) = run_tasks(machine, [scales_copied_in_the_call(ptx)], 1)
    assert (outcome.error, outcome.findings, outcome.differing) == ("", [], 0)
    assert len({launch["kernel"] for launch in outcome.launches}) == 2


def test_a_kernel_that_does_not_wait_for_the_copy_is_told(machine, ptx, tmp_path):
    copy = "sm90_transpose_sf_fp32.ptx"
    (tmp_path / copy).symlink_to(ptx / copy)
    for file in ptx.glob("sm90_fp8_gemm_1d2d_dense_*.ptx"):
        (tmp_path / file.name).write_text(file.read_text().replace("griddepcontrol.wait;", ""))
    (outcome,) = run_tasks(machine, [scales_copied_in_the_call(tmp_path)], 1)
    assert "pdl" in outcome.kinds()


def test_a_result_that_depends_on_the_schedule_is_told(machine, ptx, tmp_path):
    """Without its barriers a cast takes the maximum of those warps that have come so far."""
    subject = SUBJECTS["cast"]
    text = (ptx / f"{subject.kernel}.ptx").read_text()
    (tmp_path / f"{subject.kernel}.ptx").write_text(text.replace("bar.sync", "bar.warp.sync -1; //"))
    schedules = "consumers_first producers_first"
    task = Task(subject.family, subject.kernel, subject.m, subject.n, subject.k, str(tmp_path), schedules)
    assert "schedule" in run_tasks(machine, [task], 1)[0].kinds()

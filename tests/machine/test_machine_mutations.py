"""Kernels broken on purpose are found, and those that they were made of are not."""

from pathlib import Path

import pytest
from machine_mutations import MUTATIONS, SUBJECTS, table
from machine_runner import Task, run_tasks


def task_of(subject, folder):
    # Twice in a row, the second launched before the first is over, as programmatic dependent launch allows.
    return Task(subject.family, subject.kernel, subject.m, subject.n, subject.k, str(folder), runs=2)


@pytest.fixture(scope="module")
def outcomes(machine, ptx, tmp_path_factory):
    """Of each mutation, by what it is."""
    tasks = []
    for mutation in MUTATIONS:
        subject, folder = SUBJECTS[mutation.subject], tmp_path_factory.mktemp("mutation")
        file = f"{subject.kernel}.ptx"
        sound = (ptx / file).read_text()
        broken = mutation.edit(sound)
        assert broken != sound, mutation.what
        (folder / file).write_text(broken)
        tasks.append(task_of(subject, folder))
    return dict(zip((mutation.what for mutation in MUTATIONS), run_tasks(machine, tasks), strict=True))


def test_there_are_many_and_each_is_one_of_a_kind():
    assert len({mutation.what for mutation in MUTATIONS}) == len(MUTATIONS) >= 40


def test_the_page_lists_them():
    page = (Path(__file__).parents[2] / "docs/ptx_machine.md").read_text()
    assert "\n".join(table()) in page


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_a_mutation_is_found(outcomes, mutation):
    outcome = outcomes[mutation.what]
    kinds = outcome.kinds() or ({"bits"} if outcome.differing > 0 else set())
    assert kinds & mutation.kinds, (kinds, outcome.error)
    for finding in outcome.findings:
        assert finding["kernel"] == SUBJECTS[mutation.subject].kernel
        assert finding["line"] > 0 and finding["message"] and finding["advice"], finding


def test_sound_kernels_bring_no_finding(machine, ptx):
    outcomes = run_tasks(machine, [task_of(subject, ptx) for subject in SUBJECTS.values()])
    for name, outcome in zip(SUBJECTS, outcomes, strict=True):
        assert (outcome.error, outcome.findings, outcome.differing) == ("", [], 0), name
        assert len(outcome.launches) == 2

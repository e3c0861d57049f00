"""Runs broken kernels on the PTX machine, and says whether they were found."""

from pathlib import Path

from machine_runner import Task, run_tasks

PAGE = Path(__file__).parents[2] / "docs/ptx_machine.md"


def task_of(subject, folder):
    """Twice in a row, the second launched before the first is over, as programmatic dependent launch allows."""
    shape = subject.m, subject.n, subject.k
    return Task(subject.family, subject.kernel, *shape, str(folder), runs=2, capability=subject.capability)


def run_mutations(machine, ptx, folders, mutations, subjects):
    """The outcome of each mutation, by what it is. `folders()` makes an empty folder."""
    tasks = []
    for mutation in mutations:
        subject, folder = subjects[mutation.subject], folders()
        file = f"{subject.kernel}.ptx"
        sound = (ptx / file).read_text()
        broken = mutation.edit(sound)
        assert broken != sound, mutation.what
        (folder / file).write_text(broken)
        tasks.append(task_of(subject, folder))
    return dict(zip((mutation.what for mutation in mutations), run_tasks(machine, tasks), strict=True))


def check_found(outcome, mutation, subjects):
    kinds = outcome.kinds() or ({"bits"} if outcome.differing > 0 else set())
    assert kinds & mutation.kinds, (kinds, outcome.error)
    for finding in outcome.findings:
        assert finding["kernel"] == subjects[mutation.subject].kernel
        assert finding["line"] > 0 and finding["message"] and finding["advice"], finding


def check_sound(machine, ptx, subjects):
    outcomes = run_tasks(machine, [task_of(subject, ptx) for subject in subjects.values()])
    for name, outcome in zip(subjects, outcomes, strict=True):
        assert (outcome.error, outcome.findings, outcome.differing) == ("", [], 0), name
        assert len(outcome.launches) == 2


def table(mutations, subjects):
    """The rows of the table in docs/ptx_machine.md."""
    rows = ["| kernel | what is broken | found as |", "|---|---|---|"]
    for mutation in mutations:
        kinds = " or ".join(f"`{kind}`" for kind in sorted(mutation.kinds))
        rows.append(f"| `{subjects[mutation.subject].kernel}` | {mutation.what} | {kinds} |")
    return rows


def check_page(mutations, subjects):
    assert "\n".join(table(mutations, subjects)) in PAGE.read_text()

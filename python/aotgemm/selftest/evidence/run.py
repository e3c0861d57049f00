"""`aotgemm selftest --report`: the parts of a report that are not the self-test's own counts."""

from pathlib import Path
from typing import Any

from rich.progress import Progress

from ...choice import arch_of
from ...problems.backends import Backend, CpuBackend
from . import digests, times
from .assumption import Assumption
from .assumptions import ASSUMPTIONS
from .document import ReportFile, head
from .record import record

ANY = "any"  # architecture of a report without a GPU: the CPU backend has the arithmetic of all


def _assumptions(arch: str, kernels: list[dict[str, Any]]) -> list[Assumption]:
    """About the architecture, and families that have a kernel among these."""
    families = {spec["family"] for spec in kernels}
    return [one for one in ASSUMPTIONS if arch == ANY or (arch in one.archs and one.family in families)]


def _begun(path: Path, backend: Backend) -> ReportFile:
    on_cpu = isinstance(backend, CpuBackend)
    about = head({"name": backend.name}, ANY) if on_cpu else head(backend.device, arch_of(backend.device))
    report = ReportFile(path, about)
    report.write()
    return report


def begin_report(
    path: Path, backend: Backend, kernels: list[dict[str, Any]], seed: int, timed: bool, display: Progress
) -> ReportFile:
    """Records assumptions, every kernel's bits and, on a GPU if `timed`, times; writes the file after each.

    Raises OSError where the file cannot be written. What a kernel does wrong is recorded.
    """
    report, task = _begun(path, backend), display.add_task("", total=None)

    def step(text: str) -> None:
        display.update(task, description=text)

    assumptions = _assumptions(report.content["arch"], kernels)
    report.add("assumptions", lambda: record(assumptions, backend, kernels, seed, step))
    report.add("digests", lambda: {"seed": seed, "kernels": digests.recorded(kernels, backend, seed, step)})
    if timed and not isinstance(backend, CpuBackend):
        report.add("times", lambda: list(times.measured(kernels, backend, step)))
    display.remove_task(task)
    return report

"""The two self-tests: of a GPU against the CPU backend, and of the CPU backend against the definition."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.progress import Progress

from ..problems.backends import Backend, CpuBackend, CudaBackend
from ..problems.kinds import kernels_of
from .cases import BY_SELECTION, Step, count_cases, names_of, run_suite, trial_on
from .formats import count_formats, run_formats
from .formats import names_of as names_with_formats
from .large_grouped import LARGE, LARGE_KINDS, count_large, run_large
from .operations import count_operations, level_on, run_operations, without_kernels
from .suites import GPU_SUITES, HOST_SUITES, Suite
from .tally import Tallies

Specs = list[dict[str, Any]]


@dataclass(frozen=True)
class Share:
    """A share of a self-test: how many cases it has, and what runs them."""

    cases: int
    run: Callable[[Tallies, int, Step], None]
    kernels: frozenset[int] = frozenset()  # the GEMM kernels that it runs


def level_of(arguments: argparse.Namespace) -> str:
    return "small" if arguments.small else "quick" if arguments.quick else "full"


def _gpu_share(suite: Suite, level: str, specs: Specs, backend: Backend) -> Share:
    names, trial = names_of(suite.kernels(specs)), trial_on(backend)
    kernels = frozenset(kernel for of_kind in names.values() for kernel in of_kind) - {BY_SELECTION}
    return Share(count_cases(suite, level, names), partial(run_suite, suite, level, names, trial), kernels)


def _large_share(specs: Specs, backend: Backend) -> Share:
    names = names_of({kind: kernels_of(kind, specs) for kind in LARGE_KINDS})
    return Share(count_large(names), partial(run_large, LARGE, names, backend))


def gpu_shares(specs: Specs, level: str, backend: Backend) -> Iterator[Share]:
    """The suites that these kernels have cases in."""
    shares = [_gpu_share(suite, level, specs, backend) for suite in GPU_SUITES]
    yield from (share for share in shares if share.kernels)
    if formats := names_with_formats(specs):
        yield Share(count_formats(formats), partial(run_formats, formats, backend))
    if level == "full":
        yield _large_share(specs, backend)


def host_shares(backend: CpuBackend, arch: str | None = None) -> Iterator[Share]:
    """Every kind of call, or those that an architecture has."""
    for suite in HOST_SUITES:
        if arch is not None and arch not in suite.form.family.archs:
            continue
        names = {kind: {BY_SELECTION: f"CPU backend, {kind.name}"} for kind in suite.kinds}
        run = partial(run_suite, suite, "host", names, trial_on(backend))
        yield Share(count_cases(suite, "host", names), run)


def _run(
    shares: list[Share], backend: Backend, tallies: Tallies, arguments: argparse.Namespace, display: Progress
) -> Tallies:
    level = level_on(backend, level_of(arguments))
    shares = [Share(count_operations(level, backend), partial(run_operations, backend, level)), *shares]
    task = display.add_task("", total=sum(share.cases for share in shares))
    for share in shares:
        share.run(tallies, arguments.seed, lambda name: display.update(task, advance=1, description=name))
    return tallies


def run_on_gpu(backend: CudaBackend, specs: Specs, arguments: argparse.Namespace, display: Progress) -> Tallies:
    """Each family and grouping among the kernels, and the operations that are no GEMM."""
    shares = list(gpu_shares(specs, level_of(arguments), backend))
    count = len(frozenset().union(*(share.kernels for share in shares)))
    checked = f"{count} GEMM kernels, casts and layouts against the CPU backend"
    if missing := without_kernels(backend):
        checked += f"; this library has no kernels for this GPU of {', '.join(missing)}"
    tallies = Tallies(checked, count)
    return _run(shares, backend, tallies, arguments, display)


def run_on_cpu(backend: CpuBackend, arguments: argparse.Namespace, display: Progress) -> Tallies:
    """Each kind of call, and the operations that are no GEMM."""
    tallies = Tallies("no GPU here: the CPU backend against its definition in NumPy")
    return _run(list(host_shares(backend, arguments.arch)), backend, tallies, arguments, display)

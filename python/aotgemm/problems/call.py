"""The one caller of the library's GEMMs: with a kernel of one's choice, and as a user makes the call."""

from collections.abc import Callable
from functools import partial
from typing import Any

import aotgemm

from .. import _core
from .backends import CpuBackend, speaking_for_one_of
from .kind import SKIP_HEAD_MID, Kind
from .make import Problem
from .scales import granularities


def prepared(problem: Problem, kernel: int = -1, threads: int = 0, stream: int | None = None) -> Callable[[], None]:
    """The call with its arguments read, so that a repeated one costs little Python.

    kernel: its index, -1 for the library's choice. threads: of the CPU backend, 0 for all. stream: a CUstream as an
    int, None for the default one.
    """
    kind, size = problem.kind, problem.size
    return partial(
        _core.gemm,
        kind.family,
        "dense" if kind.grouping == SKIP_HEAD_MID else kind.grouping,
        kind.layout,
        *(problem.a, problem.sfa, problem.b, problem.sfb, problem.c, problem.d),
        index=problem.index,
        ks=list(size.counts) if kind.grouping == "k_grouped" else None,
        expected_m=size.m if kind.grouping == "masked" else 0,
        head_splits=size.head_splits,
        kernel=kernel,
        threads=threads,
        stream=stream,
        workspace=None if problem.workspace is None else problem.workspace.parts,
        **granularities(kind.packs_scales, problem.grans),
    )


def call(problem: Problem, kernel: int = -1, threads: int = 0, stream: int | None = None) -> None:
    """Runs the problem, as `prepared` says. The work may still be under way when this returns."""
    prepared(problem, kernel, threads, stream)()


def public(problem: Problem, library: Any = aotgemm) -> Callable[[], None]:
    """The call that a user makes, through aotgemm or another library with the same names."""
    made = problem.kind.form.public(library, problem)
    return partial(_on_architecture, problem.kind, made) if isinstance(problem.backend, CpuBackend) else made


def _on_architecture(kind: Kind, made: Callable[[], None]) -> None:
    """Makes a call on the CPU, which speaks for an architecture of the kind's family meanwhile."""
    with speaking_for_one_of(kind.form.family.archs):
        made()


def call_public(problem: Problem, library: Any = aotgemm) -> None:
    """Makes the call that a user makes. Scales may have any layout."""
    public(problem, library)()

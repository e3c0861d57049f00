"""The one caller of the library's GEMMs: with a kernel of one's choice, and as a user makes the call."""

from collections.abc import Callable
from functools import partial
from typing import Any

import aotgemm

from .. import _core
from ..arrays.frameworks import swap_dimensions
from ..ops._arguments import RECIPE_1D1D
from ..ops.einsum import LAYOUT_OF, OVER_BATCHES
from .kinds import SKIP_HEAD_MID
from .make import Problem

BATCHED_EXPRESSIONS = {layout: expression for expression, layout in LAYOUT_OF.items()}


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
    )


def call(problem: Problem, kernel: int = -1, threads: int = 0, stream: int | None = None) -> None:
    """Runs the problem, as `prepared` says. The work may still be under way when this returns."""
    prepared(problem, kernel, threads, stream)()


def _by_head(name: str, operand: Any) -> Any:
    """[G, M, ...] as [M, G, ...], the order of an Einstein sum."""
    return swap_dimensions(name, operand, 3, 0, 1)


def _fp8_einsum(library: Any, x: Problem) -> Callable[[], None]:
    a, sfa, d = (_by_head(name, operand) for name, operand in (("a", x.a), ("sfa", x.sfa), ("d", x.d)))
    return partial(library.fp8_einsum, BATCHED_EXPRESSIONS["nt"], (a, sfa), (x.b, x.sfb), d)


def _bf16_einsum(library: Any, x: Problem) -> Callable[[], None]:
    return partial(library.einsum, BATCHED_EXPRESSIONS[x.kind.layout], _by_head("a", x.a), x.b, _by_head("d", x.d))


def _fp8_contiguous(library: Any, x: Problem) -> Callable[[], None]:
    operands, use_psum = ((x.a, x.sfa), (x.b, x.sfb), x.d, x.index), x.kind.grouping == "psum"
    return partial(library.m_grouped_fp8_gemm_nt_contiguous, *operands, use_psum_layout=use_psum)


def _bf16_contiguous(library: Any, x: Problem) -> Callable[[], None]:
    function = getattr(library, f"m_grouped_bf16_gemm_{x.kind.layout}_contiguous")
    return partial(function, x.a, x.b, x.d, x.index, use_psum_layout=x.kind.grouping == "psum")


# The public call of each family and grouping, made of a library with these names and a problem.
_PUBLIC: dict[tuple[str, str], Callable[[Any, Problem], Callable[[], None]]] = {
    ("fp8_gemm_1d2d", "dense"): lambda library, x: partial(library.fp8_gemm_nt, (x.a, x.sfa), (x.b, x.sfb), x.d),
    ("fp8_gemm_1d2d", SKIP_HEAD_MID): lambda library, x: partial(
        library.fp8_gemm_nt_skip_head_mid, (x.a, x.sfa), (x.b, x.sfb), x.d, x.size.head_splits
    ),
    ("fp8_gemm_1d2d", "contiguous"): _fp8_contiguous,
    ("fp8_gemm_1d2d", "psum"): _fp8_contiguous,
    ("fp8_gemm_1d2d", "masked"): lambda library, x: partial(
        library.m_grouped_fp8_gemm_nt_masked, (x.a, x.sfa), (x.b, x.sfb), x.d, x.index, x.size.m
    ),
    ("fp8_gemm_1d2d", "batched"): _fp8_einsum,
    ("fp8_gemm_1d1d", "dense"): lambda library, x: partial(
        library.fp8_gemm_nt, (x.a, x.sfa), (x.b, x.sfb), x.d, x.c, recipe=RECIPE_1D1D
    ),
    ("fp8_gemm_1d1d", "k_grouped"): lambda library, x: partial(
        library.k_grouped_fp8_gemm_nt_contiguous,
        *((x.a, x.sfa), (x.b, x.sfb), x.d, list(x.size.counts), x.index, x.c),
    ),
    ("bf16_gemm", "dense"): lambda library, x: partial(
        getattr(library, f"bf16_gemm_{x.kind.layout}"), x.a, x.b, x.d, x.c
    ),
    ("bf16_gemm", "contiguous"): _bf16_contiguous,
    ("bf16_gemm", "psum"): _bf16_contiguous,
    ("bf16_gemm", "masked"): lambda library, x: partial(
        library.m_grouped_bf16_gemm_nt_masked, x.a, x.b, x.d, x.index, x.size.m
    ),
    ("bf16_gemm", "batched"): _bf16_einsum,
    ("bf16_gemm", "k_grouped"): lambda library, x: partial(
        library.k_grouped_bf16_gemm_tn_contiguous, x.a, x.b, x.d, list(x.size.counts), x.index, x.c
    ),
    ("bf16_gemm", "batch_reduced"): lambda library, x: partial(library.einsum, OVER_BATCHES, x.a, x.b, x.d, x.c),
}


def public(problem: Problem, library: Any = aotgemm) -> Callable[[], None]:
    """The call that a user makes, through aotgemm or another library with the same names."""
    return _PUBLIC[problem.kind.family, problem.kind.grouping](library, problem)


def call_public(problem: Problem, library: Any = aotgemm) -> None:
    """Makes the call that a user makes. Scales may have any layout."""
    public(problem, library)()

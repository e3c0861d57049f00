"""Family fp8_gemm_1d2d: scales for 1x128 elements of A and 128x128 of B."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ...bench.shapes import M_GRID, dense_layers, head_layers
from ...reference import fp8 as definition
from ...selftest import shapes
from .. import traffic
from ..einsum import BATCHED_EXPRESSIONS, by_head
from ..form import FEW_SMS, Form, GemmFamily, Grid, Run, Traffic, Trials, Variant
from ..kind import SKIP_HEAD_MID
from ..make import Problem
from ..memory import CONTIGUOUS, STRIDED, STRIDED_OUTPUT

Call = Callable[[], None]
HOST_RUNS = Run(CONTIGUOUS), Run(STRIDED_OUTPUT)
GPU_RUNS = Run(CONTIGUOUS), Run(STRIDED, FEW_SMS)

FULL = shapes.dense(
    m=(1, 2, 7, 16, 63, 64, 65, 127, 128, 129, 300, 4096),
    n=(64, 72, 576, 2112, 4096, 7168),
    k=(16, 128, 144, 512, 7168),
)
QUICK = shapes.dense((1, 7, 64, 129, 300), (72, 576, 2112), (16, 144, 512))
FULL_GROUPED = shapes.GroupedShapes(
    (shapes.NO_ROWS, shapes.EDGES, (700, 0, 1), (5,) * 32),
    ((1, 1), (8, 64), (5, 129), (2, 700)),
    (64, 72, 576, 2112),
    (16, 144, 512, 2064),
)
SPLITS = ((128, 64, 128), (8, 8, 0), (0, 16, 24), (136, 8, 16))


def _defined(a: np.ndarray, sfa: np.ndarray | None, b: np.ndarray, sfb: np.ndarray | None, batches: int) -> np.ndarray:
    return definition.fp8_gemm_nt(a, sfa, b, sfb, definition.BLOCK)


def _dense(library: Any, x: Problem) -> Call:
    return partial(library.fp8_gemm_nt, (x.a, x.sfa), (x.b, x.sfb), x.d)


def _skip_head_mid(library: Any, x: Problem) -> Call:
    return partial(library.fp8_gemm_nt_skip_head_mid, (x.a, x.sfa), (x.b, x.sfb), x.d, x.size.head_splits)


def _contiguous(library: Any, x: Problem) -> Call:
    operands, use_psum = ((x.a, x.sfa), (x.b, x.sfb), x.d, x.index), x.kind.grouping == "psum"
    return partial(library.m_grouped_fp8_gemm_nt_contiguous, *operands, use_psum_layout=use_psum)


def _masked(library: Any, x: Problem) -> Call:
    return partial(library.m_grouped_fp8_gemm_nt_masked, (x.a, x.sfa), (x.b, x.sfb), x.d, x.index, x.size.m)


def _einsum(library: Any, x: Problem) -> Call:
    a, sfa, d = (by_head(name, operand) for name, operand in (("a", x.a), ("sfa", x.sfa), ("d", x.d)))
    return partial(library.fp8_einsum, BATCHED_EXPRESSIONS["nt"], (a, sfa), (x.b, x.sfb), d)


def _in_groups(grouping: str, suite: str, public: Callable[[Any, Problem], Call], taken: Traffic, tuned: Grid) -> Form:
    return Form(
        grouping,
        (Variant(suite=suite),),
        public,
        Trials(GPU_RUNS, *shapes.by_level(FULL_GROUPED, grouping), HOST_RUNS, shapes.HOST_GROUPED.of(grouping)),
        taken,
        tuned,
    )


FAMILY = GemmFamily(
    name="fp8_gemm_1d2d",
    defined=_defined,
    rows_per_scale_of_b=definition.BLOCK,
    forms=(
        Form(
            "dense",
            (Variant(suite="dense"),),
            _dense,
            Trials(GPU_RUNS, FULL, QUICK, shapes.SMALL, HOST_RUNS, shapes.HOST),
            Traffic(dense_layers, (1, 8192), M_GRID, traffic.of_rows),
            Grid(dense_layers, M_GRID),
        ),
        Form(
            SKIP_HEAD_MID,
            (Variant(kernels=("dense", "bf16")),),
            _skip_head_mid,
            Trials(
                (Run(CONTIGUOUS), Run(STRIDED_OUTPUT, FEW_SMS)),
                shapes.with_heads(SPLITS, (1, 4), (1, 64, 129, 300), (144, 512)),
                shapes.with_heads(SPLITS, (4,), (129,), (144,)),
                shapes.with_heads(SPLITS[2:], (4,), (65,), (144,)),
                HOST_RUNS,
                shapes.with_heads(SPLITS, (2,), (9,), (144,)),
            ),
            Traffic(head_layers, (1, 8192), M_GRID, traffic.of_heads),
        ),
        _in_groups("contiguous", "grouped", _contiguous, *traffic.ALIGNED),
        _in_groups("psum", "grouped", _contiguous, *traffic.ALIGNED),
        _in_groups("masked", "grouped", _masked, *traffic.MASKED),
        _in_groups("batched", "batched", _einsum, *traffic.BATCHED),
    ),
)

"""Family fp8_fp4_gemm_1d1d: FP8 by FP4 weights in words, for few rows, on sm_90a."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ...bench.shapes import dense_layers, moe_shapes
from ...ops.fp4_words import Fp4Weights
from ...reference import fp8
from ...selftest import shapes
from .. import traffic
from ..form import FEW_SMS, Form, GemmFamily, Grid, Run, Traffic, Trials, Variant
from ..fp4_words import FP4_WORDS
from ..make import Problem
from ..memory import CONTIGUOUS, STRIDED, STRIDED_OUTPUT

Call = Callable[[], None]
FEW_ROWS = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64)  # what the family is for
GPU_RUNS = Run(CONTIGUOUS), Run(STRIDED, FEW_SMS)
FULL_GROUPED = shapes.GroupedShapes((shapes.NO_ROWS, shapes.EDGES, (5,) * 32), ((1, 1),), (72, 576), (144, 512, 1040))


def _defined(a: np.ndarray, sfa: np.ndarray | None, b: np.ndarray, sfb: np.ndarray | None, batches: int) -> np.ndarray:
    assert sfa is not None and sfb is not None
    return fp8.fp8_gemm_nt(a, sfa, *FP4_WORDS.decode(b, sfb, a.shape[1]), 1)


def _dense(library: Any, x: Problem) -> Call:
    return partial(library.fp8_fp4_gemm_nt, (x.a, x.sfa), Fp4Weights(x.b, x.sfb), x.d, x.c)


def _contiguous(library: Any, x: Problem) -> Call:
    operands, use_psum = ((x.a, x.sfa), Fp4Weights(x.b, x.sfb), x.d, x.index), x.kind.grouping == "psum"
    return partial(library.m_grouped_fp8_fp4_gemm_nt_contiguous, *operands, use_psum_layout=use_psum)


def _masked(library: Any, x: Problem) -> Call:
    operands = (x.a, x.sfa), Fp4Weights(x.b, x.sfb), x.d, x.index, x.size.m
    return partial(library.m_grouped_fp8_fp4_gemm_nt_masked, *operands)


def _in_groups(grouping: str, public: Callable[[Any, Problem], Call], size: Any) -> Form:
    return Form(
        grouping,
        (Variant(),),
        public,
        Trials(
            GPU_RUNS,
            *shapes.by_level(FULL_GROUPED, grouping),
            (Run(CONTIGUOUS), Run(STRIDED_OUTPUT)),
            shapes.HOST_GROUPED.of(grouping),
        ),
        Traffic(moe_shapes, (1, 64), FEW_ROWS, size),
        Grid(moe_shapes, FEW_ROWS),
    )


FAMILY = GemmFamily(
    name="fp8_fp4_gemm_1d1d",
    defined=_defined,
    rows_per_scale_of_b=1,
    prepacked_b=FP4_WORDS,
    forms=(
        Form(
            "dense",
            (Variant(),),
            _dense,
            Trials(
                (Run(CONTIGUOUS), Run(STRIDED, FEW_SMS, ("separate",))),
                shapes.dense((1, 7, 16, 64, 65, 129), (72, 136, 576, 2112), (16, 128, 144, 512, 2064)),
                shapes.dense((1, 7, 64, 129), (72, 576), (144, 512)),
                shapes.dense((7, 65), (72, 200), (16, 144, 528)),
                (Run(CONTIGUOUS), Run(STRIDED_OUTPUT, 0, ("separate",))),
                shapes.HOST,
            ),
            Traffic(dense_layers, (1, 64), FEW_ROWS, traffic.of_rows),
            Grid(dense_layers, FEW_ROWS),
            takes_c=True,
        ),
        _in_groups("contiguous", _contiguous, traffic.of_groups),
        _in_groups("psum", _contiguous, traffic.of_groups),
        _in_groups("masked", _masked, traffic.of_masked_groups),
    ),
)

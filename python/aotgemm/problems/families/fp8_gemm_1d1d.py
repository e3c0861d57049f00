"""Family fp8_gemm_1d1d: scales for 1x128 elements of A and of B, for gradients."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ...bench.shapes import GRADIENT_ROWS, GRADIENT_TOKENS, dense_layers, gradient_shapes, moe_shapes
from ...ops._arguments import RECIPE_1D1D
from ...reference import fp8 as definition
from ...selftest import shapes
from .. import traffic
from ..form import FEW_SMS, Form, GemmFamily, Grid, Run, Traffic, Trials, Variant
from ..make import Problem
from ..memory import CONTIGUOUS, STRIDED, STRIDED_OUTPUT

HOST_RUNS = Run(CONTIGUOUS), Run(STRIDED_OUTPUT, 0, ("separate",))
KS = ((128,), (256, 0, 384), (0, 0), (128, 1024, 512, 0, 256))


def _defined(a: np.ndarray, sfa: np.ndarray | None, b: np.ndarray, sfb: np.ndarray | None, batches: int) -> np.ndarray:
    return definition.fp8_gemm_nt(a, sfa, b, sfb, 1)


def _dense(library: Any, x: Problem) -> Callable[[], None]:
    return partial(library.fp8_gemm_nt, (x.a, x.sfa), (x.b, x.sfb), x.d, x.c, recipe=RECIPE_1D1D)


def _k_grouped(library: Any, x: Problem) -> Callable[[], None]:
    operands = (x.a, x.sfa), (x.b, x.sfb), x.d, list(x.size.counts), x.index, x.c
    return partial(library.k_grouped_fp8_gemm_nt_contiguous, *operands)


FAMILY = GemmFamily(
    name="fp8_gemm_1d1d",
    defined=_defined,
    rows_per_scale_of_b=1,
    forms=(
        Form(
            "dense",
            (Variant(suite="gradients"), Variant(out_dtype="fp32", suite="gradients")),
            _dense,
            Trials(
                (Run(CONTIGUOUS), Run(STRIDED, FEW_SMS, ("separate",))),
                shapes.dense((1, 7, 64, 65, 128, 129, 300), (72, 136, 576, 2112), (16, 128, 144, 512, 2064)),
                shapes.dense((7, 64, 129, 300), (72, 576), (144, 512)),
                shapes.SMALL,
                HOST_RUNS,
                shapes.HOST,
            ),
            Traffic(dense_layers, (512, 8192), GRADIENT_TOKENS, traffic.of_gradient),
            Grid(gradient_shapes, GRADIENT_ROWS),
            takes_c=True,
            sums_over_tokens=True,
        ),
        Form(
            "k_grouped",
            (Variant(out_dtype="fp32", kernels=("dense", "fp32"), suite="gradients"),),
            _k_grouped,
            Trials(
                (Run(CONTIGUOUS), Run(CONTIGUOUS, FEW_SMS, ("in_place",))),
                shapes.k_grouped(KS, (5, 129, 300), (24, 136, 576)),
                shapes.k_grouped(KS[:3], (5, 300), (136,)),
                shapes.k_grouped(KS[1:3], (65,), (72,)),
                HOST_RUNS,
                shapes.k_grouped(KS[1:3], (5,), (24,)),
            ),
            Traffic(moe_shapes, (256, 4096), GRADIENT_TOKENS, traffic.of_gradients_of_groups),
            takes_c=True,
            sums_over_tokens=True,
            k_unit=128,
        ),
    ),
)

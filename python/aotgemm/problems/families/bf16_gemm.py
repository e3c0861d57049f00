"""Family bf16_gemm: BF16 without scales, in every layout and grouping."""

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from ...bench.shapes import GRADIENT_TOKENS, M_GRID, batched_shapes, bf16_layers, dense_layers, moe_shapes
from ...ops.einsum import OVER_BATCHES
from ...reference import bf16 as definition
from ...selftest import shapes
from .. import traffic
from ..einsum import BATCHED_EXPRESSIONS, by_head
from ..form import FEW_SMS, COperand, Form, GemmFamily, Grid, Run, Traffic, Trials, Variant
from ..make import Problem
from ..memory import CONTIGUOUS, STRIDED, STRIDED_OUTPUT
from ..values import in_batches

Call = Callable[[], None]
LAYOUTS = ("nt", "nn", "tn", "tt")
MEASURED = {(layout, "bf16") for layout in LAYOUTS} | {("nt", "fp32")}  # of the dense ones
K_UNIT = 64

ALTERNATING: tuple[COperand, ...] = ("none", "in_place")
IN_PLACE: tuple[COperand, ...] = ("in_place",)
D_ALONE = Run(CONTIGUOUS), Run(STRIDED_OUTPUT)
WITH_C_AND_WITHOUT = Run(STRIDED_OUTPUT), Run(STRIDED_OUTPUT, 0, ("separate",))

# K may be anything.
FULL = shapes.dense((1, 7, 16, 63, 64, 65, 128, 129, 300), (8, 72, 200, 576, 2112), (8, 20, 64, 136, 328, 1024))
FULL_GROUPED = shapes.GroupedShapes(
    (shapes.NO_ROWS, shapes.EDGES, (5,) * 32), ((1, 1), (8, 64), (5, 129), (2, 300)), (72, 576), (24, 144, 1024)
)
# Ranges of one batch and of several, the last one shorter; tails in every dimension; so large a D that it is one range.
SMALL_BATCHES = ((1, 5, 8, 16), (133, 30, 72, 20), (300, 7, 24, 40))
QUICK_BATCHES = (*SMALL_BATCHES, (37, 270, 520, 100), (129, 128, 384, 128))
FULL_BATCHES = (*QUICK_BATCHES, (1, 130, 72, 200), (140, 64, 64, 328), (3, 1409, 1544, 24))
HOST_BATCHES = ((1, 5, 8, 16), (3, 7, 16, 20), (133, 3, 8, 24), (300, 2, 8, 17))


def _defined(a: np.ndarray, sfa: np.ndarray | None, b: np.ndarray, sfb: np.ndarray | None, batches: int) -> np.ndarray:
    return definition.bf16_gemm_nt_batch_reduced(in_batches(a, batches), in_batches(b, batches))


def _dense(library: Any, x: Problem) -> Call:
    return partial(getattr(library, f"bf16_gemm_{x.kind.layout}"), x.a, x.b, x.d, x.c)


def _contiguous(library: Any, x: Problem) -> Call:
    function = getattr(library, f"m_grouped_bf16_gemm_{x.kind.layout}_contiguous")
    return partial(function, x.a, x.b, x.d, x.index, use_psum_layout=x.kind.grouping == "psum")


def _masked(library: Any, x: Problem) -> Call:
    return partial(library.m_grouped_bf16_gemm_nt_masked, x.a, x.b, x.d, x.index, x.size.m)


def _einsum(library: Any, x: Problem) -> Call:
    return partial(library.einsum, BATCHED_EXPRESSIONS[x.kind.layout], by_head("a", x.a), x.b, by_head("d", x.d))


def _k_grouped(library: Any, x: Problem) -> Call:
    return partial(library.k_grouped_bf16_gemm_tn_contiguous, x.a, x.b, x.d, list(x.size.counts), x.index, x.c)


def _over_batches(library: Any, x: Problem) -> Call:
    return partial(library.einsum, OVER_BATCHES, x.a, x.b, x.d, x.c)


def _dense_variant(out_dtype: str, layout: str) -> Variant:
    return Variant(layout, out_dtype, suite="bf16" if (layout, out_dtype) in MEASURED else None)


def _in_groups(
    grouping: str,
    layouts: tuple[str, ...],
    suite: str,
    public: Callable[[Any, Problem], Call],
    taken: Traffic,
    tuned: Grid,
) -> Form:
    return Form(
        grouping,
        tuple(Variant(layout, suite=suite) for layout in layouts),
        public,
        Trials(
            (Run(CONTIGUOUS), Run(CONTIGUOUS, FEW_SMS)),
            *shapes.by_level(FULL_GROUPED, grouping),
            D_ALONE,
            shapes.HOST_GROUPED.of(grouping),
        ),
        taken,
        tuned,
    )


FAMILY = GemmFamily(
    name="bf16_gemm",
    defined=_defined,
    archs=("sm_90a", "sm_100a"),
    forms=(
        Form(
            "dense",
            tuple(_dense_variant(*words) for words in product(("bf16", "fp32"), LAYOUTS)),
            _dense,
            Trials(
                (Run(CONTIGUOUS, 0, ALTERNATING), Run(STRIDED, FEW_SMS, ALTERNATING)),
                FULL,
                shapes.dense((1, 65, 300), (72, 576), (20, 64, 328)),
                shapes.dense((1, 65, 129), (72, 200), (20, 200)),
                WITH_C_AND_WITHOUT,
                shapes.dense((1, 7, 65), (8, 72), (8, 20, 64, 272)),
            ),
            Traffic(bf16_layers, (1, 8192), M_GRID, traffic.of_rows),
            Grid(dense_layers, M_GRID),
            takes_c=True,
        ),
        _in_groups("contiguous", ("nt", "nn"), "bf16_grouped", _contiguous, *traffic.ALIGNED),
        _in_groups("psum", ("nt", "nn"), "bf16_grouped", _contiguous, *traffic.ALIGNED),
        _in_groups("masked", ("nt",), "bf16_grouped", _masked, *traffic.MASKED),
        _in_groups("batched", ("nt", "nn"), "batched", _einsum, *traffic.BATCHED),
        Form(
            "k_grouped",
            (Variant("tn", "fp32", suite="gradients"),),
            _k_grouped,
            Trials(
                (Run(CONTIGUOUS, 0, IN_PLACE), Run(CONTIGUOUS, FEW_SMS, IN_PLACE)),
                *(shape.of_k(K_UNIT) for shape in (FULL_GROUPED, shapes.QUICK_GROUPED, shapes.SMALL_GROUPED)),
                WITH_C_AND_WITHOUT,
                shapes.k_grouped(((64, 0, 128), (0, 0)), (7,), (24,)),
            ),
            Traffic(moe_shapes, (256, 4096), GRADIENT_TOKENS, traffic.of_gradients_of_groups),
            takes_c=True,
            sums_over_tokens=True,
            k_unit=K_UNIT,
        ),
        Form(
            "batch_reduced",
            # A sum over batches ends in a sum of parts in FP32, which rounds to D's type.
            (Variant(kernels=("batch_reduced", "fp32")), Variant(out_dtype="fp32")),
            _over_batches,
            Trials(
                (Run(CONTIGUOUS), Run(STRIDED, FEW_SMS, IN_PLACE)),
                *(shapes.over_batches(*sizes) for sizes in (FULL_BATCHES, QUICK_BATCHES, SMALL_BATCHES)),
                WITH_C_AND_WITHOUT,
                shapes.over_batches(*HOST_BATCHES),
            ),
            Traffic(batched_shapes, (1024, 16384), GRADIENT_TOKENS, traffic.of_gradient_in_batches),
            takes_c=True,
            sums_over_tokens=True,
        ),
    ),
)

"""Family fp8_fp4_gemm: packed UE8M0 scales of 128 of K for each row of A and of B, on sm_100a.

What is stated here is FP8 times FP8. FP4 and scales of 32 of K run the same kernels: problems/formats.py puts them in
the place of these.
"""

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from ...arrays.frameworks import permute, swap_dimensions
from ...bench.shapes import GRADIENT_TOKENS, M_GRID, dense_layers, head_layers, moe_shapes
from ...ops._arguments import RECIPE_1D1D
from ...reference import fp8_fp4 as definition
from ...selftest import shapes
from .. import traffic
from ..form import FEW_SMS, Form, GemmFamily, Grid, Run, Traffic, Trials, Variant
from ..kind import SKIP_HEAD_MID
from ..make import Problem
from ..memory import CONTIGUOUS, STRIDED, STRIDED_OUTPUT
from ..scales import SCALE_BLOCK, pack

Call = Callable[[], None]
LAYOUTS = ("nt", "nn", "tn", "tt")
K_UNIT = 128
WITH_C_AND_WITHOUT = Run(CONTIGUOUS), Run(STRIDED_OUTPUT, 0, ("separate",))
HOST_RUNS = Run(CONTIGUOUS), Run(STRIDED_OUTPUT)
GPU_RUNS = Run(CONTIGUOUS), Run(STRIDED, FEW_SMS)
GPU_RUNS_WITH_C = Run(CONTIGUOUS), Run(STRIDED, FEW_SMS, ("separate",))

FULL = shapes.dense((1, 7, 64, 65, 128, 129, 300), (72, 136, 576, 2112), (16, 128, 144, 512, 2064))
SPLITS = ((128, 64, 128), (8, 8, 0), (0, 16, 24))
FULL_GROUPED = shapes.GroupedShapes(
    (shapes.NO_ROWS, shapes.EDGES, (5,) * 32), ((1, 1), (8, 64), (5, 129)), (72, 576), (144, 1024)
)


def _defined(a: np.ndarray, sfa: np.ndarray | None, b: np.ndarray, sfb: np.ndarray | None, batches: int) -> np.ndarray:
    assert sfa is not None and sfb is not None
    return definition.fp8_fp4_gemm_nt(a, pack(sfa), b, pack(sfb), SCALE_BLOCK, SCALE_BLOCK)


def _scales_by_layout(x: Problem) -> tuple[Any, Any]:
    """Of an operand that is given transposed they are, too."""
    return (
        swap_dimensions("sfa", x.sfa, 2, 0, 1) if x.kind.layout[0] == "t" else x.sfa,
        swap_dimensions("sfb", x.sfb, 2, 0, 1) if x.kind.layout[1] == "n" else x.sfb,
    )


def _dense(library: Any, x: Problem) -> Call:
    sfa, sfb = _scales_by_layout(x)
    function = getattr(library, f"fp8_gemm_{x.kind.layout}")
    return partial(function, (x.a, sfa), (x.b, sfb), x.d, x.c, recipe=RECIPE_1D1D)


def _skip_head_mid(library: Any, x: Problem) -> Call:
    operands = (x.a, x.sfa), (x.b, x.sfb), x.d, x.size.head_splits
    return partial(library.fp8_gemm_nt_skip_head_mid, *operands, recipe=RECIPE_1D1D)


def _contiguous(library: Any, x: Problem) -> Call:
    sfb = x.sfb if x.kind.layout == "nt" else swap_dimensions("sfb", x.sfb, 3, 1, 2)
    function = getattr(library, f"m_grouped_fp8_gemm_{x.kind.layout}_contiguous")
    use_psum = x.kind.grouping == "psum"
    return partial(function, (x.a, x.sfa), (x.b, sfb), x.d, x.index, recipe=RECIPE_1D1D, use_psum_layout=use_psum)


def _masked(library: Any, x: Problem) -> Call:
    operands = (x.a, x.sfa), (x.b, x.sfb), x.d, x.index, x.size.m
    return partial(library.m_grouped_fp8_gemm_nt_masked, *operands, recipe=RECIPE_1D1D)


def _einsum(library: Any, x: Problem) -> Call:
    """By head, in the expression of the layout; "tt" is that of "nt" with views of other memory."""
    layout, by_head = x.kind.layout, (1, 0, 2)
    if layout == "tn":
        pairs = (
            (permute(name, codes, by_head), permute(f"sf{name}", sf, (2, 0, 1)))
            for name, codes, sf in (("a", x.a, x.sfa), ("b", x.b, x.sfb))
        )
        return partial(library.fp8_einsum, "bhd,bhr->hdr", *pairs, x.d, x.c, recipe=RECIPE_1D1D)
    a = permute("a", x.a, (2, 0, 1) if layout == "tt" else by_head), permute("sfa", x.sfa, by_head)
    b = x.b, (swap_dimensions("sfb", x.sfb, 3, 1, 2) if layout == "nn" else x.sfb)
    expression = "bhd,hdr->bhr" if layout == "nn" else "bhr,hdr->bhd"
    d, c = permute("d", x.d, by_head), None if x.c is None else permute("c", x.c, by_head)
    return partial(library.fp8_einsum, expression, a, b, d, c, recipe=RECIPE_1D1D)


def _k_grouped(library: Any, x: Problem) -> Call:
    sfa, sfb = (swap_dimensions(name, sf, 2, 0, 1) for name, sf in (("sfa", x.sfa), ("sfb", x.sfb)))
    operands = (x.a, sfa), (x.b, sfb), x.d, list(x.size.counts), x.index, x.c
    return partial(library.k_grouped_fp8_gemm_tn_contiguous, *operands)


def _in_groups(
    grouping: str,
    words: tuple[tuple[str, str], ...],
    public: Callable[[Any, Problem], Call],
    taken: Traffic,
    tuned: Grid,
) -> Form:
    takes_c = grouping == "batched"
    runs, host_runs = (GPU_RUNS_WITH_C, WITH_C_AND_WITHOUT) if takes_c else (GPU_RUNS, HOST_RUNS)
    return Form(
        grouping,
        tuple(Variant(layout, out_dtype) for layout, out_dtype in words),
        public,
        Trials(runs, *shapes.by_level(FULL_GROUPED, grouping), host_runs, shapes.HOST_GROUPED.of(grouping)),
        taken,
        tuned,
        takes_c=takes_c,
    )


K_MAJOR_A = (("nt", "bf16"), ("nn", "bf16"))

FAMILY = GemmFamily(
    name="fp8_fp4_gemm",
    defined=_defined,
    rows_per_scale_of_b=1,
    packs_scales=True,
    archs=("sm_100a",),
    forms=(
        Form(
            "dense",
            tuple(Variant(layout, out_dtype) for out_dtype, layout in product(("bf16", "fp32"), LAYOUTS)),
            _dense,
            Trials(
                GPU_RUNS_WITH_C,
                FULL,
                shapes.dense((7, 64, 129, 300), (72, 576), (144, 512)),
                shapes.SMALL,
                WITH_C_AND_WITHOUT,
                shapes.HOST,
            ),
            Traffic(dense_layers, (1, 8192), M_GRID, traffic.of_rows),
            Grid(dense_layers, M_GRID),
            takes_c=True,
        ),
        Form(
            SKIP_HEAD_MID,
            (Variant(kernels=("dense", "bf16")),),
            _skip_head_mid,
            Trials(
                GPU_RUNS,
                shapes.with_heads(SPLITS, (1, 4), (1, 64, 129, 300), (144, 512)),
                shapes.with_heads(SPLITS, (4,), (129,), (144,)),
                shapes.with_heads(SPLITS[1:], (4,), (65,), (144,)),
                HOST_RUNS,
                shapes.with_heads(SPLITS, (2,), (9,), (144,)),
            ),
            Traffic(head_layers, (1, 8192), M_GRID, traffic.of_heads),
        ),
        _in_groups("contiguous", K_MAJOR_A, _contiguous, *traffic.ALIGNED),
        _in_groups("psum", K_MAJOR_A, _contiguous, *traffic.ALIGNED),
        _in_groups("masked", K_MAJOR_A[:1], _masked, *traffic.MASKED),
        _in_groups("batched", tuple(product(LAYOUTS, ("bf16", "fp32"))), _einsum, *traffic.BATCHED),
        Form(
            "k_grouped",
            (Variant("tn", "fp32"),),
            _k_grouped,
            Trials(
                (Run(CONTIGUOUS), Run(CONTIGUOUS, FEW_SMS, ("in_place",))),
                *(shape.of_k(K_UNIT) for shape in (FULL_GROUPED, shapes.QUICK_GROUPED, shapes.SMALL_GROUPED)),
                WITH_C_AND_WITHOUT,
                shapes.k_grouped(((128, 0, 384), (0, 0)), (16,), (24,)),
            ),
            Traffic(moe_shapes, (256, 4096), GRADIENT_TOKENS, traffic.of_gradients_of_groups),
            takes_c=True,
            sums_over_tokens=True,
            k_unit=K_UNIT,
        ),
    ),
)

"""What can be measured: kinds of problem, each with the memory that its operands are views of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..bench.shapes import (
    ALIGNED_ROWS,
    GRADIENT_ROWS,
    M_GRID,
    SEPARATE_ROWS,
    batched_shapes,
    dense_layers,
    gradient_shapes,
    moe_shapes,
)
from .bf16_grouped_operands import Bf16BatchedPool, Bf16ContiguousPool, Bf16MaskedPool
from .bf16_operands import Bf16Pool
from .gradient_operands import GradientPool
from .grouped_operands import BatchedPool, ContiguousPool, MaskedPool
from .operands import Fp8Pool

Sizes = tuple[int, int, int, int]  # m as in aotgemm_problem, n, k, groups
GROUPINGS_OF_ONE_A = ("contiguous", "psum")  # M counts the rows of all groups


@dataclass(frozen=True)
class Kind:
    """A class of problems. `pool` takes Sizes and makes operands with run(kernel) from them."""

    family: str
    grouping: str
    layout: str
    out_dtype: str
    pool: Callable[[Iterable[Sizes]], Any]
    layers: Callable[[], list[tuple[int, int, int]]] = dense_layers  # N, K, groups
    rows: tuple[int, ...] = M_GRID  # of a group

    @property
    def names(self) -> tuple[str, str, str, str]:
        return self.family, self.grouping, self.layout, self.out_dtype

    def sizes(self, shapes: list[tuple[int, int]] | None, m: list[int] | None, groups: list[int] | None) -> list[Sizes]:
        """Those asked for, or the standard ones: shape by shape, M rising. m counts the rows of a group."""
        chosen = self.layers()
        counts = sorted({count for *_, count in chosen})
        if groups and self.grouping != "dense":
            chosen, counts = [layer for layer in chosen if layer[2] in groups], groups
        if shapes:
            chosen = [(n, k, count) for n, k in shapes for count in counts]
        shared = self.grouping in GROUPINGS_OF_ONE_A
        return [(rows * count if shared else rows, n, k, count) for n, k, count in chosen for rows in m or self.rows]


def _fp8_1d2d(grouping: str, *others: Any) -> Kind:
    return Kind("fp8_gemm_1d2d", grouping, "nt", "bf16", *others)


def _bf16(grouping: str, layout: str, out_dtype: str, pool: Callable[..., Any], *others: Any) -> Kind:
    return Kind("bf16_gemm", grouping, layout, out_dtype, partial(pool, layout=layout), *others)


_ALIGNED = moe_shapes, ALIGNED_ROWS
_SEPARATE = moe_shapes, SEPARATE_ROWS
_BATCHED = batched_shapes, SEPARATE_ROWS
KINDS = {
    "fp8_gemm_1d2d": _fp8_1d2d("dense", Fp8Pool),
    "fp8_gemm_1d2d_contiguous": _fp8_1d2d("contiguous", ContiguousPool, *_ALIGNED),
    "fp8_gemm_1d2d_psum": _fp8_1d2d("psum", partial(ContiguousPool, use_psum=True), *_ALIGNED),
    "fp8_gemm_1d2d_masked": _fp8_1d2d("masked", MaskedPool, *_SEPARATE),
    "fp8_gemm_1d2d_batched": _fp8_1d2d("batched", BatchedPool, *_BATCHED),
    "fp8_gemm_1d1d": Kind("fp8_gemm_1d1d", "dense", "nt", "fp32", GradientPool, gradient_shapes, GRADIENT_ROWS),
    "bf16": _bf16("dense", "nt", "bf16", Bf16Pool),
    **{f"bf16_{layout}": _bf16("dense", layout, "bf16", Bf16Pool) for layout in ("nn", "tn", "tt")},
    **{
        f"bf16_{layout}_fp32": _bf16("dense", layout, "fp32", partial(Bf16Pool, out_dtype="float32"))
        for layout in ("nt", "nn", "tn", "tt")
    },
    "bf16_contiguous": _bf16("contiguous", "nt", "bf16", Bf16ContiguousPool, *_ALIGNED),
    "bf16_contiguous_nn": _bf16("contiguous", "nn", "bf16", Bf16ContiguousPool, *_ALIGNED),
    "bf16_masked": _bf16("masked", "nt", "bf16", Bf16MaskedPool, *_SEPARATE),
    "bf16_batched": _bf16("batched", "nt", "bf16", Bf16BatchedPool, *_BATCHED),
    "bf16_batched_nn": _bf16("batched", "nn", "bf16", Bf16BatchedPool, *_BATCHED),
}

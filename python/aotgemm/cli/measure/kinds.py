"""What can be measured: kinds of problem, each with the memory that its operands are views of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .bf16_operands import Bf16Pool
from .grouped_operands import ContiguousPool, MaskedPool
from .operands import Fp8Pool
from .shapes import M_GRID, ROWS_OF_A_GROUP, dense_shapes, moe_shapes

Sizes = tuple[int, int, int, int]  # m as in aotgemm_problem, n, k, groups


@dataclass(frozen=True)
class Kind:
    """A class of problems. `pool` takes Sizes and makes operands with run(kernel) from them."""

    family: str
    grouping: str
    layout: str
    out_dtype: str
    pool: Callable[[Iterable[Sizes]], Any]

    @property
    def names(self) -> tuple[str, str, str, str]:
        return self.family, self.grouping, self.layout, self.out_dtype

    def sizes(self, shapes: list[tuple[int, int]] | None, m: list[int] | None, groups: list[int] | None) -> list[Sizes]:
        """Those asked for, or the standard ones: shape by shape, M rising. m counts the rows of a group."""
        if self.grouping == "dense":
            return [(rows, n, k, 1) for n, k in shapes or dense_shapes() for rows in m or M_GRID]
        chosen = moe_shapes()
        if shapes:
            chosen = [(n, k, count) for n, k in shapes for count in groups or sorted({count for *_, count in chosen})]
        elif groups:
            chosen = [shape for shape in chosen if shape[2] in groups]
        shared = self.grouping == "contiguous"
        return [
            (rows * count if shared else rows, n, k, count)
            for n, k, count in chosen
            for rows in m or ROWS_OF_A_GROUP[self.grouping]
        ]


KINDS = {
    "fp8_1d2d": Kind("fp8_1d2d", "dense", "nt", "bf16", Fp8Pool),
    "fp8_1d2d_contiguous": Kind("fp8_1d2d", "contiguous", "nt", "bf16", ContiguousPool),
    "fp8_1d2d_masked": Kind("fp8_1d2d", "masked", "nt", "bf16", MaskedPool),
    "bf16": Kind("bf16", "dense", "nt", "bf16", Bf16Pool),
}

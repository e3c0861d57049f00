"""Operands of a call that is an Einstein sum."""

from typing import Any

from ..arrays.frameworks import swap_dimensions
from ..ops.einsum import LAYOUT_OF

BATCHED_EXPRESSIONS = {layout: expression for expression, layout in LAYOUT_OF.items()}


def by_head(name: str, operand: Any) -> Any:
    """[G, M, ...] as [M, G, ...], the order of an Einstein sum."""
    return swap_dimensions(name, operand, 3, 0, 1)

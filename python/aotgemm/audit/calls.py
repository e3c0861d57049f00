"""A call of the library without its M: what a plan has one entry for."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from .. import _core
from ..arrays.sizes import align

ROW_ALIGNMENT = _core.group_alignment()  # each group's rows start at a multiple of it in these groupings:
ALIGNED_GROUPINGS = ("contiguous", "psum")


@dataclass(frozen=True)
class Call:
    """One kind of call: the fields of a selection problem but M and the SMs, and the layers that make it.

    layers: names, for the reader. tokens_factor: rows of A for each token of a batch, 1 but for routed experts.
    """

    layers: tuple[str, ...]
    family: str
    n: int
    k: int
    grouping: str = "dense"
    layout: str = "nt"
    out_dtype: str = "bf16"
    groups: int = 1
    tokens_factor: int = 1

    def key(self) -> tuple[Any, ...]:
        """The order of a plan, and what makes two calls the same."""
        return (self.family, self.grouping, self.layout, self.out_dtype, self.groups, self.n, self.k)

    def last_m(self, tokens: int) -> int:
        """The greatest M of a batch of so many tokens: where rows of a group start at multiples, padding included."""
        if self.grouping not in ALIGNED_GROUPINGS:
            return tokens * self.tokens_factor
        return align(tokens * self.tokens_factor + (ROW_ALIGNMENT - 1) * self.groups, ROW_ALIGNMENT)


def merged(calls: Iterable[Call]) -> list[Call]:
    """Each call once, with the layers of all that are the same, in the order of a plan."""
    by_key: dict[tuple[Any, ...], Call] = {}
    for call in calls:
        known = by_key.get(call.key(), call)
        layers = tuple(sorted({*known.layers, *call.layers}))
        factor = max(known.tokens_factor, call.tokens_factor)
        by_key[call.key()] = replace(known, layers=layers, tokens_factor=factor)
    return [by_key[key] for key in sorted(by_key)]

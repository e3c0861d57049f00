"""A call of the library without its M: what a plan has one entry for."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from .. import _core
from ..arrays.sizes import align
from ..errors import PlanError

ROW_ALIGNMENT = _core.group_alignment()  # each group's rows start at a multiple of it in these groupings:
ALIGNED_GROUPINGS = ("contiguous", "psum")
MOST_ROWS = 2**20  # of a call in a plan: each M from 1 on is asked for, a second or two of work


@dataclass(frozen=True)
class Call:
    """One kind of call: the fields of a selection problem but M and the SMs, and the layers that make it.

    layers: names, for the reader. tokens_factor: rows of A for each token of a batch, 1 but for routed experts.
    most_m: the greatest M that was recorded, which the plan reaches whatever its batch; 0 for none. num_sms: the SMs
    that recorded calls used, 0 for all of the device's; empty for those that the plan is made for. missing: why no
    kernel serves the call, where that is known without asking the library.
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
    most_m: int = 0
    num_sms: tuple[int, ...] = ()
    missing: str = ""

    def key(self) -> tuple[Any, ...]:
        """The order of a plan, and what makes two calls the same."""
        return (self.family, self.grouping, self.layout, self.out_dtype, self.groups, self.n, self.k)

    def last_m(self, tokens: int) -> int:
        """The greatest M of a batch of so many tokens: where rows of a group start at multiples, padding included.

        Raises PlanError for more rows than a plan covers.
        """
        rows = tokens * self.tokens_factor
        if self.grouping in ALIGNED_GROUPINGS:
            rows = align(rows + (ROW_ALIGNMENT - 1) * self.groups, ROW_ALIGNMENT)
        if max(rows, self.most_m) > MOST_ROWS:
            raise PlanError(
                f"{self.layers[0]}: has {max(rows, self.most_m)} rows for a batch of {tokens} tokens, "
                f"allowed are at most {MOST_ROWS} rows"
            )
        return max(rows, self.most_m)


def _joined(known: Call, call: Call) -> Call:
    return replace(
        known,
        layers=tuple(sorted({*known.layers, *call.layers})),
        tokens_factor=max(known.tokens_factor, call.tokens_factor),
        most_m=max(known.most_m, call.most_m),
        num_sms=tuple(sorted({*known.num_sms, *call.num_sms})),
    )


def merged(calls: Iterable[Call]) -> list[Call]:
    """Each call once, with what is known of all that are the same, in the order of a plan."""
    by_key: dict[tuple[Any, ...], Call] = {}
    for call in calls:
        by_key[call.key()] = _joined(by_key.get(call.key(), call), call)
    return [by_key[key] for key in sorted(by_key)]

"""Where the rows of each group lie among all rows of A and D."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import _core
from ..arrays.sizes import align

SPARE_ROWS = 5  # of a masked group, beyond the longest of them


@dataclass(frozen=True)
class RowPlacement:
    """The rows of all groups in order, and what the call is told about them."""

    grouping: str
    group_of_row: np.ndarray  # -1: of none
    index: np.ndarray | None  # int32: grouped_layout or masked_m
    room: int  # rows of A for each group, 0 where all share one matrix
    span: int = 0  # where all share one matrix: each group starts at a multiple of so many rows

    @property
    def rows(self) -> int:
        return len(self.group_of_row)

    @property
    def zeroed(self) -> np.ndarray:
        """Which rows of D are padding that becomes zeros: those of a span that has a row of a group."""
        if not self.span:
            return np.zeros(self.rows, bool)
        padded = np.full(align(self.rows, self.span), -1, np.int32)
        padded[: self.rows] = self.group_of_row
        has_group = (padded.reshape(-1, self.span) >= 0).any(axis=1)
        return np.repeat(has_group, self.span)[: self.rows] & (self.group_of_row < 0)


def place_rows(grouping: str, counts: Sequence[int], room: int = 0) -> RowPlacement:
    """Rows for groups of such sizes, as the grouping lays them out. room: of a masked group, 0 for a little spare."""
    if grouping in ("masked", "batched"):
        return _place_separately(grouping, counts, room)
    alignment = _core.get_psum_alignment() if grouping == "psum" else _core.group_alignment()
    starts = [0]
    for count in counts:
        starts.append(align(starts[-1] + count, alignment))
    group_of_row = np.full(max(starts[-1], alignment), -1, np.int32)  # with no row at all: a block of padding
    for group, count in enumerate(counts):
        group_of_row[starts[group] : starts[group] + count] = group
    ends = np.array([start + count for start, count in zip(starts, counts)], np.int32)
    return RowPlacement(grouping, group_of_row, ends if grouping == "psum" else group_of_row, 0, alignment)


def _place_separately(grouping: str, counts: Sequence[int], room: int) -> RowPlacement:
    room = max(counts) if grouping == "batched" else room or max(counts) + SPARE_ROWS
    group_of_row = np.full((len(counts), room), -1, np.int32)
    for group, count in enumerate(counts):
        group_of_row[group, :count] = group
    index = np.array(counts, np.int32) if grouping == "masked" else None
    return RowPlacement(grouping, group_of_row.reshape(-1), index, room)

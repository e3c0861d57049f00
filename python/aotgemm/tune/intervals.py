"""From measured M to intervals of M."""

from collections.abc import Sequence
from math import isqrt

GRID_STEP = 2  # of the grid beyond its ends


def last_m(m: int, next_m: int, block_m: int) -> int:
    """Where the row measured at m ends, if the next was measured at next_m and the winner at m has tiles of block_m
    rows: at the geometric middle, moved down to full tiles, unless there is none from m on."""
    middle = isqrt(m * next_m)
    full = middle // block_m * block_m
    return full if full >= m else middle


def intervals(measured: Sequence[int], block_m: Sequence[int]) -> list[tuple[int, int]]:
    """First and last M of each row. `measured` rises; `block_m` is of each winner. The ends reach as far as if the
    grid went on by GRID_STEP, and never under 1."""
    following = [*measured[1:], measured[-1] * GRID_STEP]
    last = [last_m(*point) for point in zip(measured, following, block_m, strict=True)]
    first = [isqrt(measured[0] ** 2 // GRID_STEP) + 1, *(m + 1 for m in last[:-1])]
    return list(zip(first, last, strict=True))

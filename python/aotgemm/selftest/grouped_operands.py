"""Operands of grouped GEMMs and the rows of D that must, and must not, be written.

Rows of A are drawn from a pool of distinct ones, so that what each group makes of the pool is computed once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ml_dtypes
import numpy as np

from .. import _core
from ..arrays.sizes import align
from ..compat.deepgemm_settings import MK_ALIGNMENT
from .framed_output import POISON
from .operands import FP8_NAN, add_special_values, make_finite_operands

POOL = 64
SPARE_ROWS = 5  # of a masked batch, beyond its longest group

# (A [P, K], SFA, B [G, N, K], SFB) -> bits of D [G, P, N]
Reference = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Placement:
    """Where the rows of each group lie among all rows."""

    grouping: str
    group_of_row: np.ndarray  # -1: of none
    index: np.ndarray | None  # what the call is given
    room: int  # rows of A for each group, 0 where all share one matrix

    @property
    def rows(self) -> int:
        return len(self.group_of_row)


def place_groups(grouping: str, counts: Sequence[int]) -> Placement:
    """Rows for groups of such sizes, as the grouping lays them out."""
    if grouping in ("masked", "batched"):
        return _place_batch(grouping, counts)
    starts = [0]
    for count in counts:
        starts.append(align(starts[-1] + count, MK_ALIGNMENT))
    group_of_row = np.full(max(starts[-1], MK_ALIGNMENT), -1, np.int32)  # with no group at all: a block of padding
    for group, count in enumerate(counts):
        group_of_row[starts[group] : starts[group] + count] = group
    ends = np.array([start + count for start, count in zip(starts, counts)], np.int32)
    return Placement(grouping, group_of_row, ends if grouping == "psum" else group_of_row, 0)


def _place_batch(grouping: str, counts: Sequence[int]) -> Placement:
    room = max(counts) + (SPARE_ROWS if grouping == "masked" else 0)
    group_of_row = np.full((len(counts), room), -1, np.int32)
    for group, count in enumerate(counts):
        group_of_row[group, :count] = group
    index = np.array(counts, np.int32) if grouping == "masked" else None
    return Placement(grouping, group_of_row.reshape(-1), index, room)


@dataclass(frozen=True)
class GroupedOperands:
    """FP8 A [rows, K], B [G, N, K] and their FP32 scales, rows of no group NaN; `wanted` is the bits of D [rows, N]."""

    placement: Placement
    a: np.ndarray
    sfa: np.ndarray
    b: np.ndarray
    sfb: np.ndarray
    wanted: np.ndarray


def computed_by_cpu_backend(a: np.ndarray, sfa: np.ndarray, b: np.ndarray, sfb: np.ndarray) -> np.ndarray:
    """The Reference that the GPU is held against."""
    out = np.empty((len(b), len(a), b.shape[1]), ml_dtypes.bfloat16)
    for group in range(len(b)):
        _core.fp8_gemm_nt(a, sfa, b[group], sfb[group], out[group])
    return out.view(np.uint16)


def _make_weights(random: np.random.Generator, groups: int, n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    pairs = [make_finite_operands(random, 0, n, k)[2:] for _ in range(groups)]
    return np.stack([b for b, _ in pairs]), np.stack([sfb for _, sfb in pairs])


def make_grouped_operands(
    random: np.random.Generator,
    grouping: str,
    counts: Sequence[int],
    n: int,
    k: int,
    reference: Reference,
    special: bool,
) -> GroupedOperands:
    """`special` puts NaN and infinities among the operands, on which the reference must be defined."""
    placement = place_groups(grouping, counts)
    pool, pool_scales = make_finite_operands(random, POOL, 0, k)[:2]
    b, sfb = _make_weights(random, len(counts), n, k)
    if special:
        add_special_values(pool, pool_scales, b[0], sfb[0])
    source, live = random.integers(0, POOL, placement.rows), placement.group_of_row >= 0
    a, sfa = pool[source], pool_scales[source]
    a.view(np.uint8)[~live], sfa[~live] = FP8_NAN, np.nan
    wanted = np.full((placement.rows, n), POISON, np.uint16)
    wanted[live] = reference(pool, pool_scales, b, sfb)[placement.group_of_row[live], source[live]]
    return GroupedOperands(placement, a, sfa, b, sfb, wanted)

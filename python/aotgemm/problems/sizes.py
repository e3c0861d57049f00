"""Sizes of GEMM problems, and how the sizes of groups are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays.sizes import align, ceil_div
from ..errors import RequestError
from .kind import SKIP_HEAD_MID, Kind
from .rows import place_rows

DISTRIBUTIONS = "equal, uniform:SPREAD with a SPREAD from 0 to 1, or zipf"


@dataclass(frozen=True)
class Size:
    """Sizes of one problem.

    m: rows of D; where the rows fall into groups, those that the caller expects in each.
    k: of k_grouped the sum over the groups, of batch_reduced that of one batch.
    counts: rows of each group, or K of each group of k_grouped; empty where there are no groups.
    batches: of batch_reduced. head_splits: columns (left, middle, right) of each head of D, of skip_head_mid.
    room: rows of memory of a masked group; 0 is some more than the largest group has.
    """

    m: int
    n: int
    k: int
    counts: tuple[int, ...] = ()
    batches: int = 1
    head_splits: tuple[int, int, int] | None = None
    room: int = 0

    def __str__(self) -> str:
        words = [f"M={self.m} N={self.n} K={self.k}"]
        words += [f"groups={list(self.counts)}"] if self.counts else []
        words += [f"B={self.batches}"] if self.batches > 1 else []
        return " ".join(words + ([f"heads={list(self.head_splits)}"] if self.head_splits else []))

    @property
    def groups(self) -> int:
        return len(self.counts) or 1

    @property
    def columns_of_d(self) -> int:
        """N, and the unwritten columns of heads."""
        if self.head_splits is None:
            return self.n
        left, _, right = self.head_splits
        return self.n // (left + right) * sum(self.head_splits)

    def asked(self, kind: Kind) -> tuple[int, int, int, int]:
        """(M, N, K, groups) as aotgemm_problem and _core.select count them."""
        if kind.shares_rows:
            return place_rows(kind.grouping, self.counts).rows, self.n, self.k, self.groups
        return self.m, self.n, self.k, self.batches if kind.grouping == "batch_reduced" else self.groups


def row_groups(counts: Sequence[int], n: int, k: int, room: int = 0) -> Size:
    """Groups of so many rows; the rows to expect are their mean."""
    return Size(max(ceil_div(sum(counts), len(counts)), 1), n, k, tuple(counts), room=room)


def k_groups(ks: Sequence[int], m: int, n: int) -> Size:
    """Groups that have so much of K each."""
    return Size(m, n, sum(ks), tuple(ks))


def heads(splits: tuple[int, int, int], count: int, m: int, k: int) -> Size:
    """`count` heads of (left, middle, right) columns in D."""
    return Size(m, count * (splits[0] + splits[2]), k, head_splits=splits)


def draw_counts(distribution: str, m: int, groups: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Sizes of the groups around the mean m.

    distribution: "equal"; "uniform:S", each from m * (1 - S) to m * (1 + S); "zipf", m * groups tokens that a router
    sends to groups whose weights are 1, 1/2, 1/3, ... in random order. Raises RequestError for anything else.
    """
    name, _, spread = distribution.partition(":")
    if distribution == "equal":
        return (m,) * groups
    if distribution == "zipf":
        weights = rng.permutation(1 / np.arange(1, groups + 1))
        return tuple(rng.multinomial(m * groups, weights / weights.sum()).tolist())
    if name == "uniform" and _is_fraction(spread):
        low, high = round(m * (1 - float(spread))), round(m * (1 + float(spread)))
        return tuple(rng.integers(low, high + 1, groups).tolist())
    raise RequestError(f"distribution: is {distribution}, allowed is {DISTRIBUTIONS}")


def _is_fraction(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and 0 <= float(text) <= 1


@dataclass(frozen=True)
class Limits:
    """The greatest sizes that are drawn."""

    m: int
    n: int
    k: int
    groups: int
    batches: int


def log_uniform(rng: np.random.Generator, first: int, last: int) -> int:
    """From `first` to `last`, as likely in each octave."""
    return min(last, max(first, round(first * (last / first) ** rng.random())))


def random_size(rng: np.random.Generator, kind: Kind, limits: Limits) -> Size:
    """Sizes with tails in every dimension; multiples of 16, which every layout can address."""
    groups = int(rng.integers(1, limits.groups + 1)) if kind.has_groups else 1
    if groups == 1:
        counts = [log_uniform(rng, 1, limits.m)]
    else:
        counts = rng.integers(0, limits.m // groups + 2, groups).tolist()
        counts[0] = max(counts[0], 1)
    n, k = (16 * int(rng.integers(1, most // 16 + 1)) for most in (limits.n, limits.k))
    return sized(kind, counts, n, k, log_uniform(rng, 1, limits.batches))


def sized(kind: Kind, counts: Sequence[int], n: int, k: int, batches: int = 1) -> Size:
    """The size of that kind with groups of such counts; without groups, counts[0] is M.

    batched: all groups have the rows of the largest. k_grouped: a count is K of a group, rounded up to what that must
    be, and k is M. Heads are of 8, 8 and 8 columns.
    """
    if kind.grouping == "k_grouped":
        return k_groups([align(count, kind.form.k_unit) for count in counts], k, n)
    if kind.has_row_groups:
        return row_groups((max(counts),) * len(counts) if kind.grouping == "batched" else counts, n, k)
    if kind.grouping == SKIP_HEAD_MID:
        return heads((8, 8, 8), n // 16, counts[0], k)
    m = align(counts[0], 16) if kind.layout[0] == "t" else counts[0]
    return Size(m, n, k, batches=batches if kind.grouping == "batch_reduced" else 1)

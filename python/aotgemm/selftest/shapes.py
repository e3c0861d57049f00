"""Sizes that the self-tests run, and how lists of them are made; what is a family's own stands in its file.

Sizes of one list share operands: the smaller ones have the first rows and columns.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from ..arrays.sizes import align
from ..problems.form import Lists
from ..problems.sizes import Size, heads, k_groups, row_groups

Counts = Sequence[Sequence[int]]
K_GROUPS_MOST_M = 512


def dense(m: Sequence[int], n: Sequence[int], k: Sequence[int]) -> Lists:
    """Every combination; those of one K share operands."""
    return [[Size(rows, columns, depth) for rows, columns in product(m, n)] for depth in k]


@dataclass(frozen=True)
class GroupedShapes:
    """Rows of each group, N and K: every combination is run."""

    counts: Counts
    batches: Sequence[tuple[int, int]]  # groups and rows of each, of the batched calls, whose groups are equal
    n: Sequence[int]
    k: Sequence[int]

    def of(self, grouping: str) -> Lists:
        counts = [(rows,) * groups for groups, rows in self.batches] if grouping == "batched" else self.counts
        return [[row_groups(*sizes)] for sizes in product(counts, self.n, self.k)]

    def of_k(self, unit: int) -> Lists:
        """For k_grouped: a count is rounded up to a multiple of `unit`, and K is M."""
        ks = [[align(count, unit) for count in counts] for counts in self.counts if sum(counts)]
        return k_grouped(ks, [min(k, K_GROUPS_MOST_M) for k in self.k], self.n)


def k_grouped(ks: Counts, m: Sequence[int], n: Sequence[int]) -> Lists:
    return [[k_groups(*sizes)] for sizes in product(ks, m, n)]


def with_heads(
    splits: Sequence[tuple[int, int, int]], count: Sequence[int], m: Sequence[int], k: Sequence[int]
) -> Lists:
    """Every combination of columns of a head (left, middle, right), heads, M and K."""
    return [[heads(*sizes)] for sizes in product(splits, count, m, k)]


def over_batches(*sizes: tuple[int, int, int, int]) -> Lists:
    """Batches, M, N and K of each."""
    return [[Size(m, n, k, batches=batches)] for batches, m, n, k in sizes]


# Of every family with such calls. SMALL is for tools that slow a kernel a thousandfold, HOST for NumPy's definition.
SMALL = dense((1, 7, 65, 129), (64, 72, 200), (16, 144, 512))
HOST = dense((1, 2, 7, 16, 65), (64, 72, 136), (16, 128, 144, 512))
NO_ROWS = (0, 0, 0, 0)
EDGES = (1, 0, 63, 64, 65, 127, 0, 128, 129, 300, 2)
QUICK_GROUPED = GroupedShapes((NO_ROWS, EDGES), ((3, 65), (2, 300)), (72, 576), (144, 512))
SMALL_GROUPED = GroupedShapes((NO_ROWS, (65, 0, 1, 129)), ((2, 65),), (72, 200), (16, 272))
HOST_GROUPED = GroupedShapes((NO_ROWS, (1, 0, 7, 130)), ((1, 1), (3, 9)), (8, 136), (16, 272))


def by_level(full: GroupedShapes, grouping: str) -> Iterator[Lists]:
    """Full, quick and small, of a grouping of rows."""
    return (shape.of(grouping) for shape in (full, QUICK_GROUPED, SMALL_GROUPED))

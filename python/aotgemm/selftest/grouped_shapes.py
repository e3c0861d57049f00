"""Which groups and sizes a self-test of the grouped kernels runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

GROUPINGS = ("contiguous", "psum", "masked", "batched")


@dataclass(frozen=True)
class GroupedShapes:
    """Rows of each group, N and K: every combination is run, in every grouping."""

    counts: tuple[tuple[int, ...], ...]
    batches: tuple[tuple[int, int], ...]  # groups and rows in each: of the batched calls, whose groups are equal
    n: tuple[int, ...]
    k: tuple[int, ...]

    def counts_of(self, grouping: str) -> tuple[tuple[int, ...], ...]:
        if grouping == "batched":
            return tuple((rows,) * groups for groups, rows in self.batches)
        return self.counts

    def cases(self, grouping: str) -> Iterator[tuple[tuple[int, ...], int, int]]:
        """Rows of each group, N and K."""
        return product(self.counts_of(grouping), self.n, self.k)

    def count_cases(self, grouping: str) -> int:
        return len(self.counts_of(grouping)) * len(self.n) * len(self.k)


NO_ROWS = (0, 0, 0, 0)
EDGES = (1, 0, 63, 64, 65, 127, 0, 128, 129, 300, 2)
FULL_GROUPED = GroupedShapes(
    (NO_ROWS, EDGES, (700, 0, 1), (5,) * 32),
    ((1, 1), (8, 64), (5, 129), (2, 700)),
    (64, 72, 576, 2112),
    (16, 144, 512, 2064),
)
FULL_BF16_GROUPED = GroupedShapes(
    (NO_ROWS, EDGES, (5,) * 32), ((1, 1), (8, 64), (5, 129), (2, 300)), (72, 576), (24, 144, 1024)
)
QUICK_GROUPED = GroupedShapes((NO_ROWS, EDGES), ((3, 65), (2, 300)), (72, 576), (144, 512))
SMALL_GROUPED = GroupedShapes((NO_ROWS, (65, 0, 1, 129)), ((2, 65),), (72, 200), (16, 272))
HOST_GROUPED = GroupedShapes((NO_ROWS, (1, 0, 7, 130)), ((1, 1), (3, 9)), (8, 136), (16, 272))

"""Which sizes a self-test runs. Sizes of one list share operands: the smaller ones have the first rows and columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from ..arrays.sizes import align
from ..problems.kinds import K_UNIT
from ..problems.sizes import Size, heads, k_groups, row_groups

Lists = list[list[Size]]
Counts = Sequence[Sequence[int]]
BF16_K_GROUPS_MOST_M = 512


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

    def of_k(self) -> Lists:
        """For k_grouped in BF16: a count is rounded up to what K of a group must be, and K is M."""
        ks = [[align(count, K_UNIT["bf16_gemm"]) for count in counts] for counts in self.counts if sum(counts)]
        return k_grouped(ks, [min(k, BF16_K_GROUPS_MOST_M) for k in self.k], self.n)


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


# Sizes at and beside the tiles' edges, tails in every dimension, and the layers of DeepSeek-V3. SMALL is for tools that
# slow a kernel a thousandfold, HOST for the definition in NumPy.
FULL = dense(
    m=(1, 2, 7, 16, 63, 64, 65, 127, 128, 129, 300, 4096),
    n=(64, 72, 576, 2112, 4096, 7168),
    k=(16, 128, 144, 512, 7168),
)
QUICK = dense((1, 7, 64, 129, 300), (72, 576, 2112), (16, 144, 512))
SMALL = dense((1, 7, 65, 129), (64, 72, 200), (16, 144, 512))
HOST = dense((1, 2, 7, 16, 65), (64, 72, 136), (16, 128, 144, 512))

FULL_1D1D = dense((1, 7, 64, 65, 128, 129, 300), (72, 136, 576, 2112), (16, 128, 144, 512, 2064))
QUICK_1D1D = dense((7, 64, 129, 300), (72, 576), (144, 512))

# Of family bf16_gemm: K may be anything.
FULL_BF16 = dense((1, 7, 16, 63, 64, 65, 128, 129, 300), (8, 72, 200, 576, 2112), (8, 20, 64, 136, 328, 1024))
QUICK_BF16 = dense((1, 65, 300), (72, 576), (20, 64, 328))
SMALL_BF16 = dense((1, 65, 129), (72, 200), (20, 200))
HOST_BF16 = dense((1, 7, 65), (8, 72), (8, 20, 64, 272))

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

KS = ((128,), (256, 0, 384), (0, 0), (128, 1024, 512, 0, 256))
FULL_K_GROUPS = k_grouped(KS, (5, 129, 300), (24, 136, 576))
QUICK_K_GROUPS = k_grouped(KS[:3], (5, 300), (136,))
SMALL_K_GROUPS = k_grouped(KS[1:3], (65,), (72,))
HOST_K_GROUPS = k_grouped(KS[1:3], (5,), (24,))
HOST_BF16_K_GROUPS = k_grouped(((64, 0, 128), (0, 0)), (7,), (24,))

SPLITS = ((128, 64, 128), (8, 8, 0), (0, 16, 24), (136, 8, 16))
FULL_HEADS = with_heads(SPLITS, (1, 4), (1, 64, 129, 300), (144, 512))
QUICK_HEADS = with_heads(SPLITS, (4,), (129,), (144,))
SMALL_HEADS = with_heads(SPLITS[2:], (4,), (65,), (144,))
HOST_HEADS = with_heads(SPLITS, (2,), (9,), (144,))

# Ranges of one batch and of several, the last one shorter; tails in every dimension; so large a D that it is one range.
_SMALL = ((1, 5, 8, 16), (133, 30, 72, 20), (300, 7, 24, 40))
_QUICK = (*_SMALL, (37, 270, 520, 100), (129, 128, 384, 128))
SMALL_BATCHES = over_batches(*_SMALL)
QUICK_BATCHES = over_batches(*_QUICK)
FULL_BATCHES = over_batches(*_QUICK, (1, 130, 72, 200), (140, 64, 64, 328), (3, 1409, 1544, 24))
HOST_BATCHES = over_batches((1, 5, 8, 16), (3, 7, 16, 20), (133, 3, 8, 24), (300, 2, 8, 17))

"""Which sizes a self-test runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True)
class Shapes:
    """M, N and K of GEMMs: every combination is run."""

    m: tuple[int, ...]
    n: tuple[int, ...]
    k: tuple[int, ...]

    def pairs(self) -> list[tuple[int, int]]:
        return list(product(self.m, self.n))


# Sizes at and beside the tiles' edges, tails in every dimension, and the layers of DeepSeek-V3.
FULL = Shapes(
    m=(1, 2, 7, 16, 63, 64, 65, 127, 128, 129, 300, 4096),
    n=(64, 72, 576, 2112, 4096, 7168),
    k=(16, 128, 144, 512, 7168),
)
QUICK = Shapes((1, 7, 64, 129, 300), (72, 576, 2112), (16, 144, 512))
SMALL = Shapes((1, 7, 65, 129), (64, 72, 200), (16, 144, 512))  # for tools that slow a kernel a thousandfold
HOST = Shapes((1, 2, 7, 16, 65), (64, 72, 136), (16, 128, 144, 512))  # for the definition in NumPy

# Of family bf16_gemm: K may be anything.
FULL_BF16 = Shapes((1, 7, 16, 63, 64, 65, 128, 129, 300), (8, 72, 200, 576, 2112), (8, 20, 64, 136, 328, 1024))
QUICK_BF16 = Shapes((1, 65, 300), (72, 576), (20, 64, 328))
SMALL_BF16 = Shapes((1, 65, 129), (72, 200), (20, 200))
HOST_BF16 = Shapes((1, 7, 65), (8, 72), (8, 20, 64, 272))


@dataclass(frozen=True)
class BatchShapes:
    """Batches, M, N and K of sums over batches: each is run."""

    sizes: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True)
class KGroupShapes:
    """K of each group, M and N: every combination is run."""

    ks: tuple[tuple[int, ...], ...]
    m: tuple[int, ...]
    n: tuple[int, ...]

    def cases(self) -> Iterator[tuple[tuple[int, ...], int, int]]:
        return product(self.ks, self.m, self.n)


@dataclass(frozen=True)
class HeadShapes:
    """Columns of a head (left, middle, right), heads, M and K: every combination is run."""

    splits: tuple[tuple[int, int, int], ...]
    heads: tuple[int, ...]
    m: tuple[int, ...]
    k: tuple[int, ...]

    def cases(self) -> Iterator[tuple[tuple[int, int, int], int, int, int]]:
        return product(self.splits, self.heads, self.m, self.k)


FULL_1D1D = Shapes((1, 7, 64, 65, 128, 129, 300), (72, 136, 576, 2112), (16, 128, 144, 512, 2064))
QUICK_1D1D = Shapes((7, 64, 129, 300), (72, 576), (144, 512))

# Ranges of one batch and of several, the last one shorter; tails in every dimension; so large a D that it is one range.
SMALL_BATCHES = BatchShapes(((1, 5, 8, 16), (133, 30, 72, 20), (300, 7, 24, 40)))
QUICK_BATCHES = BatchShapes((*SMALL_BATCHES.sizes, (37, 270, 520, 100), (129, 128, 384, 128)))
FULL_BATCHES = BatchShapes((*QUICK_BATCHES.sizes, (1, 130, 72, 200), (140, 64, 64, 328), (3, 1409, 1544, 24)))
HOST_BATCHES = BatchShapes(((1, 5, 8, 16), (3, 7, 16, 20), (133, 3, 8, 24), (300, 2, 8, 17)))

KS = ((128,), (256, 0, 384), (0, 0), (128, 1024, 512, 0, 256))
FULL_K_GROUPS = KGroupShapes(KS, (5, 129, 300), (24, 136, 576))
QUICK_K_GROUPS = KGroupShapes(KS[:3], (5, 300), (136,))
SMALL_K_GROUPS = KGroupShapes(KS[1:3], (65,), (72,))

SPLITS = ((128, 64, 128), (8, 8, 0), (0, 16, 24), (136, 8, 16))
FULL_HEADS = HeadShapes(SPLITS, (1, 4), (1, 64, 129, 300), (144, 512))
QUICK_HEADS = HeadShapes(SPLITS, (4,), (129,), (144,))
SMALL_HEADS = HeadShapes(SPLITS[2:], (4,), (65,), (144,))

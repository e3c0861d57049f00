"""Which sizes a self-test runs."""

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

# Of family bf16: K may be anything.
FULL_BF16 = Shapes((1, 7, 16, 63, 64, 65, 128, 129, 300), (8, 72, 200, 576, 2112), (8, 20, 64, 136, 328, 1024))
QUICK_BF16 = Shapes((1, 65, 300), (72, 576), (20, 64, 328))
SMALL_BF16 = Shapes((1, 65, 129), (72, 200), (20, 200))
HOST_BF16 = Shapes((1, 7, 65), (8, 72), (8, 20, 64, 272))

FULL_1D1D = Shapes((1, 7, 64, 65, 128, 129, 300), (72, 136, 576, 2112), (16, 128, 144, 512, 2064))
QUICK_1D1D = Shapes((7, 64, 129, 300), (72, 576), (144, 512))

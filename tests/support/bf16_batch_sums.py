"""Sums over batches in BF16 on NumPy arrays, and what they must give, written anew from the definition."""

from dataclasses import dataclass

import aotgemm
import numpy as np
from aotgemm.problems.memory import in_tma_rows
from bf16_groups import draw
from bf16_problems import BF16, OUT, RAW, Bf16Problem, rounded

STEP = 16  # of K in a tensor-core step, which holds no two batches
# Batches, M, N, K: tails everywhere, ranges of one batch and of several, the last one shorter.
SHAPES = [(1, 5, 8, 16), (3, 7, 16, 20), (132, 9, 8, 8), (133, 4, 24, 40), (300, 3, 8, 17), (140, 130, 8, 33)]
ONE_RANGE = (3, 1409, 1544, 24)  # so many tiles that the batches are not cut


def ceil_div(x: int, y: int) -> int:
    return -(-x // y)


def ranges_of(batches: int, m: int, n: int) -> list[range]:
    """The batches of each range."""
    tiles = ceil_div(m, 128) * ceil_div(n, 128)
    length = ceil_div(batches, min(max(132 // tiles, 1), batches))
    return [range(first, min(first + length, batches)) for first in range(0, batches, length)]


@dataclass(frozen=True)
class BatchSum:
    """Raw bits of A [B, M, K] and B [B, N, K], and C [M, N] in FP32 (rounded to D's type when used)."""

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray

    def c_of(self, out: str) -> np.ndarray:
        return self.c.astype(OUT[out])

    def operands(self) -> tuple[np.ndarray, np.ndarray]:
        """A and B as the call takes them, in rows of the TMA."""
        return in_tma_rows(self.a.view(BF16)), in_tma_rows(self.b.view(BF16))

    def chain_of(self, batches: range) -> Bf16Problem:
        """A range as one GEMM: its batches side by side along K, each filled up with zeros."""
        padding = ((0, 0), (0, 0), (0, -self.a.shape[2] % STEP))
        parts = (np.pad(matrix[batches.start : batches.stop], padding) for matrix in (self.a, self.b))
        return Bf16Problem(*(np.concatenate(list(part), 1) for part in parts), np.zeros(0))

    def expected(self, out: str, with_c: bool = False, by_definition: bool = False) -> np.ndarray:
        """Bits of D. by_definition: with chains in Python integers, which is slow."""
        chains = map(self.chain_of, ranges_of(len(self.a), *self.c.shape))
        ends = [(chain.defined if by_definition else chain.expected)("fp32").view(np.float32) for chain in chains]
        with np.errstate(invalid="ignore", over="ignore"):
            total = ends[0]
            for end in ends[1:]:
                total = total + end
            if with_c:
                total = self.c_of(out).astype(np.float32) + total
            return rounded(total, out)

    def run(self, out: str, with_c: bool = False) -> np.ndarray:
        """Bits of D by the public call."""
        d = np.full(self.c.shape, -7, OUT[out])
        aotgemm.einsum("bmk,bnk->mn", *self.operands(), d, self.c_of(out) if with_c else None)
        return d.view(RAW[out])


def make_batch_sum(batches: int, m: int, n: int, k: int, kind: str = "moderate") -> BatchSum:
    a, b = draw([1, batches], batches, m, k, kind=kind), draw([2, batches], batches, n, k, kind=kind)
    return BatchSum(a, b, np.random.default_rng([3, m, n]).standard_normal((m, n)).astype(np.float32))

"""Random operands whose expected result is computed once and shared by every shape and kernel.

D[i, j] depends on row i of A and row j of B alone. So the operands of a smaller shape are the first rows of those of
the largest, and so are its expected outputs; and rows of A beyond DISTINCT_ROWS repeat earlier ones in another order,
which lets the largest outputs be compared in full.
"""

from dataclasses import dataclass

import ml_dtypes
import numpy as np

from .. import _core
from ..arrays.sizes import ceil_div

DISTINCT_ROWS = 300
FP8_NAN = 0x7F


@dataclass(frozen=True)
class Operands:
    """FP8 A [M, K] and B [N, K] with FP32 scales, and what D must be."""

    a: np.ndarray
    sfa: np.ndarray
    b: np.ndarray
    sfb: np.ndarray
    reference: np.ndarray  # bits of D for the distinct rows of A and all of B
    source: np.ndarray  # which distinct row each row of A is

    def expected(self, m: int, n: int) -> np.ndarray:
        """Bits of D [m, n]."""
        return self.reference[self.source[:m], :n]


def _random_fp8(random: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """All finite bit patterns, subnormals and zeros included; every fourth row keeps to small exponents."""
    bits = random.integers(0, 256, (rows, columns), np.uint8)
    bits[(bits & FP8_NAN) == FP8_NAN] ^= 0x40
    bits[3::4] &= 0x9F
    return bits.view(ml_dtypes.float8_e4m3fn)


def _random_scales(random: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    exponents = random.integers(-12, 4, (rows, columns))
    return np.ldexp(random.uniform(1, 2, (rows, columns)), exponents).astype(np.float32)


def add_special_values(a: np.ndarray, sfa: np.ndarray, b: np.ndarray, sfb: np.ndarray) -> None:
    """NaN and infinity in rows that single outputs meet, so that most outputs stay finite."""
    for row, column in ((20, 0), (21, a.shape[1] - 1)):
        a.view(np.uint8)[row : row + 1, column] = FP8_NAN
    b.view(np.uint8)[40:41, b.shape[1] // 2] = FP8_NAN | 0x80
    sfa[22:23, 0], sfa[23:24, -1], sfa[24:25], sfa[25:26] = np.inf, np.nan, 0, 3e38
    sfb[4:5, 0] = np.inf


def make_finite_operands(random: np.random.Generator, m: int, n: int, k: int) -> tuple[np.ndarray, ...]:
    """A, its scales, B, its scales."""
    columns = ceil_div(k, 128)
    a, b = _random_fp8(random, m, k), _random_fp8(random, n, k)
    return a, _random_scales(random, m, columns), b, _random_scales(random, ceil_div(n, 128), columns)


def make_operands(random: np.random.Generator, m: int, n: int, k: int) -> Operands:
    """Operands of M <= m and N <= n; the CPU backend computes what is expected."""
    rows = min(m, DISTINCT_ROWS)
    a, sfa, b, sfb = make_finite_operands(random, rows, n, k)
    add_special_values(a, sfa, b, sfb)
    reference = np.empty((rows, n), ml_dtypes.bfloat16)
    _core.fp8_gemm_nt(a, sfa, b, sfb, reference)
    beyond = np.arange(rows, m)
    source = np.concatenate([np.arange(rows), (beyond * 7 + 3) % rows])
    return Operands(a[source], sfa[source], b, sfb, reference.view(np.uint16), source)

"""Random BF16 operands, and what D must be by the CPU backend."""

from dataclasses import dataclass, field

import ml_dtypes
import numpy as np

from .. import _core

LAYOUTS = ("nt", "nn", "tn", "tt")
DTYPES = {"bf16": ml_dtypes.bfloat16, "fp32": np.float32}
RAW = {"bf16": np.uint16, "fp32": np.uint32}
NAN, INFINITY = 0x7FC0, 0x7F80
EXPONENT = 0x7F80


def random_bf16(random: np.random.Generator, *shape: int) -> np.ndarray:
    """Raw bits of finite numbers: every fourth row of every size there is, the others of a middling one, some zeros."""
    bits = random.integers(0, 1 << 16, shape, np.uint16)
    bits[(bits & EXPONENT) == EXPONENT] ^= 0x4000
    near_one = bits & 0x81FF | 0x3E00
    wide = np.arange(shape[-2]) % 4 == 3
    bits = np.where(wide[:, None], bits, near_one)
    return np.where(random.random(shape) < 0.1, bits & 0x8000, bits).astype(np.uint16)


def below_two(random: np.random.Generator, *shape: int) -> np.ndarray:
    """Numbers whose products cannot overflow, subnormals among them: the definition speaks of finite sums alone."""
    return (random_bf16(random, *shape) & 0xBFFF).view(ml_dtypes.bfloat16)


def add_special_values(a: np.ndarray, b: np.ndarray) -> None:
    """NaN and infinities in rows that single outputs meet."""
    for matrix, row, value in ((a, 20, NAN), (a, 21, INFINITY), (b, 5, INFINITY | 0x8000), (b, 6, NAN)):
        matrix[row : row + 1, matrix.shape[1] // 2] = value


@dataclass(frozen=True)
class Bf16Operands:
    """Raw bits of A [M, K] and B [N, K], and C [M, N] in FP32. Those of a smaller M and N are the first rows."""

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    known: dict[tuple[str, bool], np.ndarray] = field(default_factory=dict)

    def c_of(self, out: str) -> np.ndarray:
        return self.c.astype(DTYPES[out])

    def expected(self, out: str, with_c: bool) -> np.ndarray:
        """Bits of D [M, N]; computed once."""
        if (out, with_c) not in self.known:
            d = np.empty(self.c.shape, DTYPES[out])
            a, b = self.a.view(ml_dtypes.bfloat16), self.b.view(ml_dtypes.bfloat16)
            _core.bf16_gemm("nt", a, b, self.c_of(out) if with_c else None, d)
            self.known[out, with_c] = d.view(RAW[out])
        return self.known[out, with_c]


def make_bf16_operands(random: np.random.Generator, m: int, n: int, k: int) -> Bf16Operands:
    a, b = random_bf16(random, m, k), random_bf16(random, n, k)
    add_special_values(a, b)
    return Bf16Operands(a, b, random.standard_normal((m, n)).astype(np.float32))

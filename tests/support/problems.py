"""GEMM problems on NumPy arrays for the tests of the public API."""

import itertools
from dataclasses import dataclass, field

import aotgemm
import ml_dtypes
import numpy as np
from aotgemm.arrays.sizes import ceil_div
from aotgemm.problems.values import finite_fp8, finite_scales
from aotgemm.reference.fp8 import fp8_gemm_nt as defined

FP8, BF16 = ml_dtypes.float8_e4m3fn, ml_dtypes.bfloat16


def make_finite_operands(random: np.random.Generator, m: int, n: int, k: int) -> tuple[np.ndarray, ...]:
    """FP8 A [M, K] with a scale per row and 128 columns, B [N, K] with one per 128 x 128 block: A, SFA, B, SFB."""
    a, b, blocks = finite_fp8(random, m, k), finite_fp8(random, n, k), ceil_div(k, 128)
    return a, finite_scales(random, m, blocks), b, finite_scales(random, ceil_div(n, 128), blocks)


@dataclass(frozen=True)
class Problem:
    a: np.ndarray
    sfa: np.ndarray
    b: np.ndarray
    sfb: np.ndarray

    def empty_output(self) -> np.ndarray:
        return np.full((len(self.a), len(self.b)), -1, BF16)

    def run(self, **options: object) -> np.ndarray:
        """Bits of D."""
        d = self.empty_output()
        aotgemm.fp8_gemm_nt((self.a, self.sfa), (self.b, self.sfb), d, **options)
        return d.view(np.uint16)

    def expected(self) -> np.ndarray:
        """Bits of D by the definition."""
        return defined(self.a, self.sfa, self.b, self.sfb).astype(BF16).view(np.uint16)


def make_problem(m: int, n: int, k: int, seed: int = 0) -> Problem:
    return Problem(*make_finite_operands(np.random.default_rng(seed), m, n, k))


@dataclass(frozen=True)
class Device:
    type: str
    index: int


@dataclass(frozen=True)
class CudaLike:
    """What the attributes of a CUDA tensor look like, with no memory behind them: for checks that precede a launch."""

    shape: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()
    dtype: str = ""
    device: Device = Device("cuda", 0)
    address: int = field(default_factory=itertools.count(1 << 44, 1 << 40).__next__)  # far apart

    def stride(self) -> tuple[int, ...]:
        return self.strides

    def data_ptr(self) -> int:
        return self.address

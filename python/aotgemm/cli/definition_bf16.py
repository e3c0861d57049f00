"""The arithmetic of family bf16 in NumPy, written out from its definition: slow, and independent of the C++.

One tensor-core step adds 16 products to the accumulator: every term is truncated toward zero to 25 fraction bits below
the largest exponent among them, the terms are summed exactly, and the sum is truncated to FP32. The rule is that of
MMA-Sim (arXiv 2511.10909); that a zero product has no part in the alignment, and a zero accumulator counts as an
exponent of -133, was measured (one NVIDIA H100 80GB HBM3, 2026-11-24). Finite operands and results only.
"""

import numpy as np

STEP = 16
FRACTION_BITS, SUM_FRACTION_BITS = 25, 23
LEAST_EXPONENT = -126  # of FP32 and BF16
ZERO_PRODUCT, ZERO_ACCUMULATOR = -1000, -133


def _exponents(values: np.ndarray, of_zero: int) -> np.ndarray:
    """floor(log2), for subnormals the least exponent of their format."""
    return np.where(values == 0, of_zero, np.maximum(np.frexp(values)[1] - 1, LEAST_EXPONENT)).astype(np.int64)


def _power_of_two(exponent: np.ndarray) -> np.ndarray:
    return np.ldexp(1.0, exponent)


def _step(accumulator: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """accumulator [m, n], a [m, 16], b [n, 16]. FP64 holds every intermediate exactly."""
    products = a[:, None] * b[None]
    exponents = _exponents(a, ZERO_PRODUCT)[:, None] + _exponents(b, ZERO_PRODUCT)[None]
    largest = np.maximum(exponents.max(-1), _exponents(accumulator, ZERO_ACCUMULATOR))
    unit = _power_of_two(largest - FRACTION_BITS)
    total = (np.trunc(products / unit[..., None]).sum(-1) + np.trunc(accumulator / unit)) * unit
    unit = _power_of_two(_exponents(total, LEAST_EXPONENT) - SUM_FRACTION_BITS)
    return np.trunc(total / unit) * unit + 0.0


def bf16_gemm_nt(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The chain over all of K, FP32 [M, N], from BF16 A [M, K] and B [N, K]."""
    missing = -a.shape[1] % STEP
    a, b = (np.pad(operand.astype(np.float64), ((0, 0), (0, missing))) for operand in (a, b))
    total = np.zeros((len(a), len(b)))
    for start in range(0, a.shape[1], STEP):
        total = _step(total, a[:, start : start + STEP], b[:, start : start + STEP])
    return total.astype(np.float32)

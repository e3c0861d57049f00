"""The arithmetic of family bf16_gemm in NumPy, written out from its definition: slow, and independent of the C++.

One tensor-core step adds 16 products to the accumulator: every term is truncated toward zero to 25 fraction bits below
the largest exponent among them, the terms are summed exactly, and the sum is truncated to FP32. The rule is that of
MMA-Sim (arXiv 2511.10909); that a zero product has no part in the alignment, and a zero accumulator counts as an
exponent of -133, was measured (one NVIDIA H100 80GB HBM3, 2026-11-24). Finite operands and results only.
"""

import numpy as np

STEP = 16
RANGE_TILE, TILES_AT_ONCE = 128, 132  # by which a sum over batches is cut
FRACTION_BITS, SUM_FRACTION_BITS = 25, 23
LEAST_EXPONENT = -126  # of FP32 and BF16
ZERO_PRODUCT, ZERO_ACCUMULATOR = -1000, -133


def _exponents(values: np.ndarray, of_zero: int) -> np.ndarray:
    """floor(log2), for subnormals the least exponent of their format."""
    return np.where(values == 0, of_zero, np.maximum(np.frexp(values)[1] - 1, LEAST_EXPONENT)).astype(np.int64)


def _power_of_two(exponent: np.ndarray) -> np.ndarray:
    return np.ldexp(1.0, exponent)


def add_products(accumulator: np.ndarray, products: np.ndarray, exponents: np.ndarray) -> np.ndarray:
    """One step: accumulator [m, n] and k products of each element, [m, n, k]. FP64 holds every intermediate exactly."""
    return add_terms(accumulator, products, exponents, FRACTION_BITS)


def add_terms(accumulator: np.ndarray, terms: np.ndarray, exponents: np.ndarray, fraction_bits: int) -> np.ndarray:
    """The same with so many fraction bits."""
    largest = np.maximum(exponents.max(-1), _exponents(accumulator, ZERO_ACCUMULATOR))
    unit = _power_of_two(largest - fraction_bits)
    total = (np.trunc(terms / unit[..., None]).sum(-1) + np.trunc(accumulator / unit)) * unit
    unit = _power_of_two(_exponents(total, LEAST_EXPONENT) - SUM_FRACTION_BITS)
    return np.trunc(total / unit) * unit + 0.0


def _step(accumulator: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """accumulator [m, n], a [m, k], b [n, k], k elements of one step."""
    exponents = _exponents(a, ZERO_PRODUCT)[:, None] + _exponents(b, ZERO_PRODUCT)[None]
    return add_products(accumulator, a[:, None] * b[None], exponents)


def tensor_core_chain(a: np.ndarray, b: np.ndarray, step: int) -> np.ndarray:
    """Steps of `step` products over all of K from zero, FP32 [M, N], from A [M, K] and B [N, K] of BF16 or TF32."""
    missing = -a.shape[1] % step
    a, b = (np.pad(operand.astype(np.float64), ((0, 0), (0, missing))) for operand in (a, b))
    total = np.zeros((len(a), len(b)))
    for start in range(0, a.shape[1], step):
        total = _step(total, a[:, start : start + step], b[:, start : start + step])
    return total.astype(np.float32)


def bf16_gemm_nt(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The chain over all of K, FP32 [M, N], from BF16 A [M, K] and B [N, K]."""
    return tensor_core_chain(a, b, STEP)


def _batches_of_a_range(batches: int, m: int, n: int) -> int:
    tiles = -(-m // RANGE_TILE) * -(-n // RANGE_TILE)
    return -(-batches // min(max(TILES_AT_ONCE // tiles, 1), batches))


def bf16_gemm_nt_batch_reduced(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The sum over batches, FP32 [M, N], from BF16 A [B, M, K] and B [B, N, K].

    A chain for each range of batches, K of every one filled up to a whole step; then the chains' ends in order.
    """
    missing = -a.shape[2] % STEP
    a, b = (np.pad(operand, ((0, 0), (0, 0), (0, missing))) for operand in (a, b))
    length = _batches_of_a_range(len(a), a.shape[1], b.shape[1])
    ranges = [slice(first, first + length) for first in range(0, len(a), length)]
    ends = [bf16_gemm_nt(*(np.concatenate(list(operand[part]), 1) for operand in (a, b))) for part in ranges]
    total = ends[0]
    for end in ends[1:]:
        total = total + end
    return total

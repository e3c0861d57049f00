"""The arithmetic of family fp8_gemm_1d2d in NumPy, written out from its definition: slow, and independent of the C++.

One tensor-core step adds 32 products to the accumulator: every term is truncated toward zero to 13 fraction bits
below the largest exponent among them, the terms are summed exactly, and the sum is truncated to 13 fraction bits.
The rule is that of MMA-Sim (arXiv 2511.10909) for FP8 on Hopper. Finite operands only.
"""

import numpy as np

STEP, BLOCK = 32, 128
FRACTION_BITS = 13
ZERO_EXPONENT = -126  # counts for a zero, so that it never sets the largest exponent

Decoded = tuple[np.ndarray, np.ndarray]  # values and exponents


def _decode(operand: np.ndarray) -> Decoded:
    """FP8 E4M3 values in FP64, and their exponents (subnormals keep the format's smallest, -6)."""
    values = operand.astype(np.float64)
    exponents = np.maximum(operand.view(np.uint8) >> 3 & 15, 1).astype(np.int64) - 7
    return values, np.where(values == 0, ZERO_EXPONENT, exponents)


def _exponents(accumulator: np.ndarray) -> np.ndarray:
    return np.where(accumulator == 0, ZERO_EXPONENT, np.frexp(accumulator)[1] - 1)


def _step(accumulator: np.ndarray, a: Decoded, b: Decoded) -> np.ndarray:
    """accumulator [m, n], a [m, 32], b [n, 32]. FP64 holds every intermediate exactly."""
    products = a[0][:, None] * b[0][None]
    exponents = a[1][:, None] + b[1][None]
    largest = np.maximum(exponents.max(-1), _exponents(accumulator))
    unit = np.exp2((largest - FRACTION_BITS).astype(np.float64))
    total = (np.trunc(products / unit[..., None]).sum(-1) + np.trunc(accumulator / unit)) * unit
    fraction, exponent = np.frexp(total)
    return np.ldexp(np.trunc(np.ldexp(fraction, FRACTION_BITS + 1)), exponent - FRACTION_BITS - 1)


def fma(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """x * y + z of FP32 numbers with one rounding.

    The product is exact in FP64. The sum is made odd where it is not exact (Boldo and Melquiond, "Emulation of FMA
    and correctly rounded sums: proved algorithms using rounding to odd", 2008), so rounding it again is harmless.
    """
    product, addend = x.astype(np.float64) * y.astype(np.float64), z.astype(np.float64)
    total = product + addend
    back = total - product
    rest = (product - (total - back)) + (addend - back)
    inexact_and_even = (rest != 0) & (total.view(np.int64) & 1 == 0)
    toward = np.nextafter(total, np.copysign(np.inf, rest))
    return np.where(inexact_and_even, toward, total).astype(np.float32)


def _chain(a: Decoded, b: Decoded) -> np.ndarray:
    total = np.zeros((len(a[0]), len(b[0])))
    for start in range(0, a[0].shape[1], STEP):
        part = slice(start, start + STEP)
        total = _step(total, (a[0][:, part], a[1][:, part]), (b[0][:, part], b[1][:, part]))
    return total


def fp8_gemm_nt(
    a: np.ndarray, sfa: np.ndarray, b: np.ndarray, sfb: np.ndarray, rows_per_scale: int = BLOCK
) -> np.ndarray:
    """D FP32 [M, N] before its rounding to BF16, from FP8 E4M3 A [M, K], B [N, K] and their FP32 scales.

    rows_per_scale: of B, 128 in family fp8_gemm_1d2d and 1 in fp8_gemm_1d1d.
    """
    (a_values, a_exponents), (b_values, b_exponents) = _decode(a), _decode(b)
    columns = np.arange(len(b)) // rows_per_scale
    accumulator = np.zeros((len(a), len(b)), np.float32)
    for index in range(sfa.shape[1]):
        part = slice(index * BLOCK, (index + 1) * BLOCK)
        partial = _chain((a_values[:, part], a_exponents[:, part]), (b_values[:, part], b_exponents[:, part]))
        scale = sfa[:, index, None] * sfb[columns, index]
        accumulator = fma(partial.astype(np.float32), scale, accumulator)
    return accumulator

"""The arithmetic of family fp8_fp4_gemm in NumPy, written out from its definition: slow, and independent of the C++.

One tensor-core step adds 32 products to the accumulator as a step of bf16.py does, with the exponents of both scales
added to those of the products before the alignment. The rule is that of MMA-Sim (arXiv 2511.10909) for mxf8f6f4; that a
zero product has no part in the alignment is inferred from Hopper. Finite operands, scales and results only.
"""

import numpy as np

from .bf16 import ZERO_PRODUCT, add_products

STEP, SCALES_PER_WORD = 32, 4
E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])
E2M1_EXPONENTS = np.array([0, 0, 0, 0, 1, 1, 2, 2] * 2)  # subnormals have the least normal exponent, 0

Decoded = tuple[np.ndarray, np.ndarray]  # values in FP64 and their exponents, [rows, K]


def unpack_fp4(packed: np.ndarray) -> np.ndarray:
    """Codes [rows, K] from int8 [rows, K / 2], the first of two in the low four bits."""
    codes = packed.view(np.uint8)
    return np.stack([codes & 15, codes >> 4], -1).reshape(len(packed), -1)


def decode(operand: np.ndarray) -> Decoded:
    """FP8 E4M3, or FP4 in int8."""
    if operand.dtype == np.int8:
        codes = unpack_fp4(operand)
        return E2M1[codes], E2M1_EXPONENTS[codes]
    return operand.astype(np.float64), np.maximum(operand.view(np.uint8) >> 3 & 15, 1).astype(np.int64) - 7


def scale_exponents(words: np.ndarray, gran_k: int, k: int) -> np.ndarray:
    """[rows, steps] from packed scales [rows, words]."""
    exponents = np.ascontiguousarray(words).view(np.uint8).astype(np.int64) - 127
    return exponents.repeat(gran_k // STEP, 1)[:, : -(-k // STEP)]


def fp8_fp4_gemm_nt(
    a: np.ndarray, sfa: np.ndarray, b: np.ndarray, sfb: np.ndarray, gran_k_a: int, gran_k_b: int
) -> np.ndarray:
    """D FP32 [M, N] before C is added, from A [M, K], B [N, K] and their packed scales, int32 [M or N, words]."""
    (a_values, a_exponents), (b_values, b_exponents) = decode(a), decode(b)
    k = a_values.shape[1]
    scales_a, scales_b = scale_exponents(sfa, gran_k_a, k), scale_exponents(sfb, gran_k_b, k)
    total = np.zeros((len(a), len(b)))
    for step, start in enumerate(range(0, k, STEP)):
        part = slice(start, start + STEP)
        scale = (scales_a[:, step, None] + scales_b[None, :, step])[..., None]
        products = a_values[:, None, part] * b_values[None, :, part]
        exponents = a_exponents[:, None, part] + b_exponents[None, :, part] + scale
        exponents = np.where(products == 0, ZERO_PRODUCT, exponents)
        total = add_products(total, np.ldexp(products, scale), exponents)
    return total.astype(np.float32)

"""The arithmetic of family mqa_logits on sm_100a in NumPy, written out from its definition: slow, and independent of
the C++. Finite operands only.
"""

import numpy as np

from .bf16 import add_terms
from .fp8 import fma
from .fp8_fp4 import E2M1, fp8_fp4_gemm_nt, unpack_fp4

CHAINS = 4  # heads by their number modulo 4
UNIT_SCALES = 0x7F7F7F7F  # four of 2^0
STEP, GROUP, SCALED, FRACTION_BITS = 64, 16, 32, 35  # of kind mxf4


def _sum_heads(products: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """products FP32 [H, N], weights FP32 [H]."""
    sums = []
    for chain in range(CHAINS):
        total = np.zeros(products.shape[1], np.float32)
        for head in range(chain, len(weights), CHAINS):
            total = fma(2 * np.maximum(products[head], 0), weights[head], total)
        sums.append(total)
    return ((sums[0] + sums[2]) + (sums[1] + sums[3])) / np.float32(2)


def mqa_logits(q: np.ndarray, k: np.ndarray, k_scales: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Logits FP32 [M, N] of all keys, before any rounding, from FP8 E4M3 q [M, H, D] and k [N, D]."""
    logits = np.empty((len(q), len(k)), np.float32)
    ones = [np.full((rows, 1), UNIT_SCALES, np.int32) for rows in (q.shape[1], len(k))]
    for row, heads in enumerate(q):
        products = fp8_fp4_gemm_nt(heads, ones[0], k, ones[1], 128, 128)
        logits[row] = _sum_heads(products, weights[row]) * k_scales
    return logits


def _terms(codes: np.ndarray, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values [rows, D] and, for each group of 16, the exponent of its scale."""
    exponents = np.ascontiguousarray(words).view(np.uint8).reshape(len(codes), -1).astype(np.int64) - 127
    return E2M1[unpack_fp4(codes)], exponents.repeat(SCALED // GROUP, 1)


def mxf4_products(a: np.ndarray, a_words: np.ndarray, b: np.ndarray, b_words: np.ndarray) -> np.ndarray:
    """Dot products FP32 [M, N] of packed FP4 [M, D / 2] and [N, D / 2], with a word of scales for each row.

    A group of 16 products is one term of the alignment, with the exponent of its scales (MMA-Sim, arXiv 2511.10909).
    """
    (a_values, a_exponents), (b_values, b_exponents) = _terms(a, a_words), _terms(b, b_words)
    total = np.zeros((len(a), len(b)))
    for start in range(0, a_values.shape[1], STEP):
        sums, exponents = [], []
        for first in range(start, start + STEP, GROUP):
            part, group = slice(first, first + GROUP), first // GROUP
            exponents.append(a_exponents[:, None, group] + b_exponents[None, :, group])
            sums.append(np.ldexp(a_values[:, part] @ b_values[:, part].T, exponents[-1]))
        total = add_terms(total, np.stack(sums, -1), np.stack(exponents, -1), FRACTION_BITS)
    return total.astype(np.float32)


def fp4_mqa_logits(
    q: np.ndarray, q_words: np.ndarray, k: np.ndarray, k_words: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Logits FP32 [M, N] of all keys, from packed FP4 q [M, H, D / 2] and k [N, D / 2] and their words of scales."""
    products = (mxf4_products(heads, words, k, k_words) for heads, words in zip(q, q_words, strict=True))
    return np.stack([_sum_heads(each, weights[row]) for row, each in enumerate(products)])

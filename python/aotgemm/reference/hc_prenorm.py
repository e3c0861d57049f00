"""The arithmetic of family tf32_hc_prenorm_gemm in NumPy, written out from its definition; finite numbers only."""

import numpy as np

from .bf16 import tensor_core_chain

BLOCK_K, STEP, CHAINS = 64, 8, 8
TF32_DROPPED = 13  # bits of FP32's fraction that TF32 has not


def tf32(values: np.ndarray) -> np.ndarray:
    """FP32 rounded to nearest even in TF32."""
    unit = np.ldexp(np.float32(1), np.maximum(np.frexp(values)[1] - 24, -149) + TF32_DROPPED).astype(np.float64)
    return (np.rint(values / unit) * unit).astype(np.float32)


def split_ranges(k: int, splits: int) -> list[slice]:
    """K of each split: runs of blocks, the first ones longer by one where they are not equal."""
    least, longer = divmod(k // BLOCK_K, splits)
    ends = np.cumsum([0] + [least + (split < longer) for split in range(splits)]) * BLOCK_K
    return [slice(int(start), int(end)) for start, end in zip(ends, ends[1:], strict=False)]


def sum_of_squares(a: np.ndarray) -> np.ndarray:
    """FP32 [M]: eight chains of fma by k % 8, then a tree of neighbours.

    FP64 holds a square of BF16 exactly, and its sum with FP32 to more bits than a second rounding could confuse.
    """
    chains = np.zeros((len(a), CHAINS), np.float32)
    for start in range(0, a.shape[1], CHAINS):
        part = a[:, start : start + CHAINS].astype(np.float64)
        chains = (part * part + chains).astype(np.float32)
    while chains.shape[1] > 1:
        chains = chains[:, 0::2] + chains[:, 1::2]
    return chains[:, 0]


def tf32_hc_prenorm_gemm(a: np.ndarray, b: np.ndarray, splits: int) -> tuple[np.ndarray, np.ndarray]:
    """(d, sqr_sum), FP32 [splits, M, N] and [splits, M], from BF16 A [M, K] and FP32 B [N, K]."""
    ranges, rounded = split_ranges(a.shape[1], splits), tf32(b)
    d = [tensor_core_chain(a[:, part], rounded[:, part], STEP) for part in ranges]
    return np.stack(d), np.stack([sum_of_squares(a[:, part]) for part in ranges])

"""FP4 weights in words (cpp/kernels/common/fp4_words.hpp) as FP8, in NumPy from their definition."""

import ml_dtypes
import numpy as np

from .fp4 import VALUES

BLOCK, STEPS, THREADS, STEP = 128, 4, 4, 32
LEAST_SHIFT, MOST_SHIFT = -13, 9


def _codes(words: np.ndarray) -> np.ndarray:
    """FP4 codes [rows, K] of int32 words [rows, K / 8]."""
    u = words.view(np.uint32).reshape(len(words), -1, THREADS, STEPS)
    codes = np.zeros((*u.shape[:2], STEPS, 2, THREADS, 4), np.uint32)
    by_step = u.swapaxes(2, 3)
    for half, (magnitude, sign) in enumerate(((0, 7), (16, 3))):
        for n in range(4):
            codes[:, :, :, half, :, n] = by_step >> magnitude + 4 * n & 7 | (by_step >> sign + 8 * n & 1) << 3
    return codes.reshape(len(words), -1)


def decode(words: np.ndarray, scales: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """FP8 E4M3 [rows, k] and FP32 scales [rows, ceil(k / 128)] of int32 words and int32 words of scales."""
    codes, of_block = _codes(np.ascontiguousarray(words)), np.ascontiguousarray(scales).view(np.uint32)
    shifts = np.stack([of_block >> 3 + 5 * step & 31 for step in range(STEPS)], -1).astype(np.int64) + LEAST_SHIFT
    shift = shifts.reshape(len(words), -1).repeat(STEP, 1)
    magnitudes = np.ldexp(VALUES[codes & 7], np.minimum(shift, MOST_SHIFT)).astype(np.float32)
    fp8 = magnitudes.astype(ml_dtypes.float8_e4m3fn).view(np.uint8)
    fp8 = np.where(shift > MOST_SHIFT, 0x7F, fp8) | (codes & 8) << 4
    scale = (of_block >> 24 << 23).astype(np.uint32).view(np.float32)
    return fp8.astype(np.uint8).view(ml_dtypes.float8_e4m3fn)[:, :k], scale

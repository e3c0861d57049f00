"""The casts to FP8 in NumPy, from their definition."""

import ml_dtypes
import numpy as np

BLOCK = 128
FP8_MAX, SMALLEST_AMAX = np.float32(448), np.float32(1e-4)


def cast_to_fp8(x: np.ndarray, block_rows: int, use_ue8m0: bool) -> tuple[np.ndarray, np.ndarray]:
    """(q, sf) of a finite x [m, k], with a scale for each block of block_rows x 128."""
    m, k = x.shape
    x = x.astype(np.float32)
    padded = np.zeros((-(-m // block_rows) * block_rows, -(-k // BLOCK) * BLOCK), np.float32)
    padded[:m, :k] = np.abs(x)
    amax = padded.reshape(-1, block_rows, padded.shape[1] // BLOCK, BLOCK).max((1, 3))
    sf = np.maximum(amax, SMALLEST_AMAX) / FP8_MAX
    if use_ue8m0:
        fraction, exponent = np.frexp(sf)
        sf = np.ldexp(np.float32(1), exponent - (fraction == 0.5)).astype(np.float32)
    scaled = x * (np.float32(1) / sf).repeat(block_rows, 0)[:m].repeat(BLOCK, 1)[:, :k]
    return np.clip(scaled, -FP8_MAX, FP8_MAX).astype(ml_dtypes.float8_e4m3fn), sf

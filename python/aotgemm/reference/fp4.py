"""Packed FP4 in NumPy, from its definition."""

import ml_dtypes
import numpy as np

VALUES = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6])  # by the low three bits
GRAN, BLOCK, NAN_BYTE, LEAST_EXPONENT = 32, 128, 255, -126


def codes_of(packed: np.ndarray) -> np.ndarray:
    """One code an element, [..., 2 n] of [..., n] bytes."""
    as_bytes = packed.view(np.uint8)
    return np.stack([as_bytes & 15, as_bytes >> 4], -1).reshape(*packed.shape[:-1], -1)


def packed_codes(codes: np.ndarray) -> np.ndarray:
    """int8 [..., n / 2] of codes [..., n]."""
    return (codes[..., ::2] | codes[..., 1::2] << 4).astype(np.uint8).view(np.int8)


def values_of(codes: np.ndarray) -> np.ndarray:
    """FP64, zeros with a sign."""
    return np.copysign(VALUES[codes & 7], np.where(codes & 8, -1.0, 1.0))


def cast_back(packed: np.ndarray, sf: np.ndarray, gran_k: int) -> np.ndarray:
    """FP32 [m, k] of finite scales [m, ceil(k / gran_k)]."""
    codes = codes_of(packed)
    values = (values_of(codes) + 0.0).astype(np.float32)  # -0.0 + 0.0 is 0.0
    return values * sf.repeat(gran_k, 1)[:, : codes.shape[1]]


def transpose(packed: np.ndarray) -> np.ndarray:
    return packed_codes(np.ascontiguousarray(codes_of(packed).T))


def unpacked_bytes(words: np.ndarray, columns: int) -> np.ndarray:
    """UE8M0 bytes [..., columns] of int32 words."""
    return np.ascontiguousarray(words).view(np.uint8)[..., :columns]


def _block(values: np.ndarray, is_nan: np.ndarray) -> tuple[np.ndarray, float, int]:
    """Codes, scale and how many are inexact, of one block in FP64."""
    largest = np.abs(values[~is_nan]).max(initial=0)
    exponent = np.ceil(np.log2(largest / 448)) if largest > 0 else 0.0
    scale = 2.0 ** max(exponent, LEAST_EXPONENT)
    q = np.where(is_nan, 0, values / scale).astype(np.float32).astype(ml_dtypes.float8_e4m3fn)
    q[is_nan] = np.nan
    exact = (q.astype(np.float64) == values / scale) & ~is_nan
    return q, scale, int((~exact).sum())


def requantize(
    packed: np.ndarray, exponents: np.ndarray, rows_per_scale: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(q, sf, inexact) of packed [n, k / 2] and UE8M0 bytes [n, ceil(k / 32)]."""
    codes = codes_of(packed)
    n, k = codes.shape
    spread = exponents.astype(np.int64).repeat(GRAN, 1)[:, :k]
    is_nan = spread == NAN_BYTE
    values = values_of(codes) * 2.0 ** np.where(is_nan, 0, spread - 127)
    q = np.zeros((n, k), ml_dtypes.float8_e4m3fn)
    shape = (-(-n // rows_per_scale), -(-k // BLOCK))
    sf, inexact = np.zeros(shape, np.float32), np.zeros(shape, np.int32)
    for i, j in np.ndindex(shape):
        part = np.s_[i * rows_per_scale : (i + 1) * rows_per_scale, j * BLOCK : (j + 1) * BLOCK]
        q[part], sf[i, j], inexact[i, j] = _block(values[part], is_nan[part])
    return q, sf, inexact

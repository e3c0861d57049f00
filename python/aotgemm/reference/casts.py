"""The casts to FP8 and FP4 in NumPy, from their definition."""

import ml_dtypes
import numpy as np

from .fp8 import fma

FP8_MAX, FP4_MAX, SMALLEST_AMAX = np.float32(448), np.float32(6), np.float32(1e-4)
FP4_BOUNDS = np.array([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5], np.float32)  # between neighbouring magnitudes
SCALES_PER_WORD = 4
LOG2_E, ROUNDING = np.float32(float.fromhex("0x1.715476p+0")), np.float32(1.5 * 2**23)
EXP_2 = [
    float.fromhex(c) for c in ("0x1.5bb9e2p-10", "0x1.3cea80p-7", "0x1.c6b754p-5", "0x1.ebf9bcp-3", "0x1.62e42ap-1")
]


def _scale(amax: np.ndarray, largest: np.float32, use_ue8m0: bool) -> np.ndarray:
    sf = np.maximum(amax, SMALLEST_AMAX) / largest
    if use_ue8m0:
        fraction, exponent = np.frexp(sf)
        sf = np.ldexp(np.float32(1), exponent - (fraction == 0.5)).astype(np.float32)
    return sf


def _scaled(
    x: np.ndarray, block: tuple[int, int], largest: np.float32, use_ue8m0: bool
) -> tuple[np.ndarray, np.ndarray]:
    """(x * (1 / sf), sf) of a finite x [m, k], with a scale for each block of rows and columns."""
    (m, k), (rows, columns) = x.shape, block
    x = x.astype(np.float32)
    padded = np.zeros((-(-m // rows) * rows, -(-k // columns) * columns), np.float32)
    padded[:m, :k] = np.abs(x)
    amax = padded.reshape(-1, rows, padded.shape[1] // columns, columns).max((1, 3))
    sf = _scale(amax, largest, use_ue8m0)
    return x * (np.float32(1) / sf).repeat(rows, 0)[:m].repeat(columns, 1)[:, :k], sf


def cast_to_fp8(x: np.ndarray, block: tuple[int, int], use_ue8m0: bool) -> tuple[np.ndarray, np.ndarray]:
    """(q, sf) of a finite x [m, k], with a scale for each block of rows and columns."""
    scaled, sf = _scaled(x, block, FP8_MAX, use_ue8m0)
    return np.clip(scaled, -FP8_MAX, FP8_MAX).astype(ml_dtypes.float8_e4m3fn), sf


def cast_dims_to_fp8(x: np.ndarray, dims: tuple[int, ...], use_ue8m0: bool) -> tuple[np.ndarray, np.ndarray]:
    """(q, sf) of a finite x, with a scale for each index of `dims`; sf has the size 1 in the others."""
    x = x.astype(np.float32)
    others = tuple(dim for dim in range(x.ndim) if dim not in dims)
    sf = _scale(np.abs(x).max(others, keepdims=True), FP8_MAX, use_ue8m0)
    return np.clip(x * (np.float32(1) / sf), -FP8_MAX, FP8_MAX).astype(ml_dtypes.float8_e4m3fn), sf


def cast_to_fp4(x: np.ndarray, gran_k: int, use_ue8m0: bool) -> tuple[np.ndarray, np.ndarray]:
    """(q int8 [m, k / 2], sf) of a finite x [m, k], with a scale for each row and gran_k columns."""
    scaled, sf = _scaled(x, (1, gran_k), FP4_MAX, use_ue8m0)
    code = (np.abs(scaled)[..., None] > FP4_BOUNDS).sum(-1)
    code = code + 8 * ((scaled < 0) & (code > 0))
    return (code[:, ::2] + 16 * code[:, 1::2]).astype(np.uint8).view(np.int8), sf


def pack_scales(sf: np.ndarray, pad_exponent: int) -> np.ndarray:
    """int32 [m, ceil(k / 4)] from powers of two [m, k]: the exponent bytes, the first in the low byte."""
    m, k = sf.shape
    exponents = np.full((m, -(-k // SCALES_PER_WORD) * SCALES_PER_WORD), pad_exponent, np.uint8)
    exponents[:, :k] = np.ascontiguousarray(sf).view(np.uint32) >> 23
    return exponents.view(np.int32)


def _exp(a: np.ndarray) -> np.ndarray:
    """e^a as 2^n * 2^f, n the integer next to a * log2(e); the operations are those of the kernel."""
    a = np.clip(a, np.float32(-87.3), np.float32(88.7))
    log2_e = np.broadcast_to(LOG2_E, a.shape)
    n = fma(a, log2_e, np.broadcast_to(ROUNDING, a.shape)) - ROUNDING
    fraction = fma(a, log2_e, -n)
    power = np.full_like(a, EXP_2[0])
    for coefficient in (*EXP_2[1:], 1.0):
        power = fma(power, fraction, np.full_like(a, coefficient))
    return np.where(n > 127, np.float32(np.inf), np.ldexp(power, np.minimum(n, 127).astype(np.int32)))


def silu_mul(x: np.ndarray, limit: float) -> np.ndarray:
    """silu(gate) * up in FP32, of finite x [m, 2 * k], gate in front of up; limit 0 for none."""
    gate, up = np.split(x.astype(np.float32), 2, 1)
    if limit > 0:
        gate, up = np.minimum(gate, np.float32(limit)), np.clip(up, -np.float32(limit), np.float32(limit))
    return gate * (np.float32(1) / (np.float32(1) + _exp(-gate))) * up

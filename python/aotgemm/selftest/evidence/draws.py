"""Operands whose exponents lie far apart, and the values at which formats end."""

import ml_dtypes
import numpy as np

BF16, FP8 = np.dtype(ml_dtypes.bfloat16), np.dtype(ml_dtypes.float8_e4m3fn)
ROWS = 24  # of A and of B in a case: 576 sums


def powers(rng: np.random.Generator, shape: tuple[int, ...], least: int, most: int) -> np.ndarray:
    """FP64 of random sign and significand, with exponents drawn from least to most."""
    significand = rng.uniform(1, 2, shape) * rng.choice((-1.0, 1.0), shape)
    return np.ldexp(significand, rng.integers(least, most, shape, endpoint=True))


def bf16(rng: np.random.Generator, k: int, least: int, most: int) -> np.ndarray:
    return powers(rng, (ROWS, k), least, most).astype(BF16)


def every_fp8(rng: np.random.Generator, k: int) -> np.ndarray:
    """E4M3 of every finite pattern, each as likely."""
    codes = rng.integers(0, 127, (ROWS, k)) + 128 * rng.integers(0, 2, (ROWS, k))
    return codes.astype(np.uint8).view(FP8)


def fp8(values: np.ndarray) -> np.ndarray:
    return values.astype(FP8)


def with_some(
    rng: np.random.Generator, array: np.ndarray, values: tuple[float, ...], share: float = 0.02
) -> np.ndarray:
    """A copy in which a share of the elements are of `values`."""
    others = rng.choice(np.array(values, array.dtype), array.shape)
    return np.where(rng.random(array.shape) < share, others, array)


def cancelling(array: np.ndarray) -> np.ndarray:
    """The second half of each row is the first with the other sign, but for its last element."""
    half = array.shape[1] // 2
    array[:, half:-1] = -array[:, : half - 1]
    return array


def packed_fp4(codes: np.ndarray) -> np.ndarray:
    """E2M1 codes [rows, K], two to a byte, the first in the low four bits."""
    return (codes[:, 0::2] | codes[:, 1::2] << 4).astype(np.uint8).view(np.int8)


def packed_scales(exponents: np.ndarray) -> np.ndarray:
    """UE8M0 bytes [rows, scales] as int32 [rows, words], rows adjacent; bytes past the last scale are 0."""
    rows, count = exponents.shape
    words = np.zeros((rows, -(-count // 4) * 4), np.uint8)
    words[:, :count] = exponents
    return np.asfortranarray(words.view(np.int32))

"""Operands of fp8_fp4_gemm, and D by the definition in NumPy."""

from dataclasses import dataclass

import ml_dtypes
import numpy as np
from aotgemm.reference.fp8_fp4 import fp8_fp4_gemm_nt

FP8 = ml_dtypes.float8_e4m3fn


def mn_major(words: np.ndarray) -> np.ndarray:
    """The same scales with rows adjacent, columns 16 bytes apart; poison between them."""
    *groups, mn, count = words.shape
    memory = np.full((*groups, count, -(-mn // 4) * 4), 0x5A5A5A5A, np.int32)
    memory[..., :mn] = words.swapaxes(-1, -2)
    return memory[..., :mn].swapaxes(-1, -2)


def aligned(array: np.ndarray) -> np.ndarray:
    """A copy at a multiple of 32 bytes, which FP4 needs."""
    memory = np.empty(array.nbytes + 32, np.uint8)
    start = -memory.ctypes.data % 32
    copy = memory[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


@dataclass(frozen=True)
class Operand:
    """Rows [.., rows, K] of one operand; FP4 has half as many bytes. words: its packed scales, row-major."""

    codes: np.ndarray
    words: np.ndarray
    gran_k: int

    @property
    def pair(self) -> tuple[np.ndarray, np.ndarray]:
        return self.codes, mn_major(self.words)

    def __getitem__(self, part: object) -> "Operand":
        """Some groups or rows."""
        return Operand(self.codes[part], self.words[part], self.gran_k)


def draw(rng: np.random.Generator, shape: tuple[int, ...], fp4: bool, gran_k: int = 128, spread: int = 6) -> Operand:
    """Finite codes of every kind, zeros among them; scales from 2^-spread to 2^spread."""
    *lead, k = shape
    bits = rng.integers(0, 256, (*lead, k // 2 if fp4 else k), np.uint8)
    if not fp4:
        bits[bits & 0x7F == 0x7F] ^= 0x40
        bits[rng.random(bits.shape) < 0.1] = 0x80
    count = -(-k // gran_k)
    exponents = np.zeros((*lead, -(-count // 4) * 4), np.uint8)
    exponents[..., :count] = rng.integers(127 - spread, 128 + spread, (*lead, count), np.uint8)
    return Operand(aligned(bits.view(np.int8 if fp4 else FP8)), exponents.view(np.int32), gran_k)


def defined(a: Operand, b: Operand) -> np.ndarray:
    """FP32 [M, N] of matrices."""
    return fp8_fp4_gemm_nt(a.codes, a.words, b.codes, b.words, a.gran_k, b.gran_k)


def same_bits(d: np.ndarray, expected: np.ndarray) -> bool:
    """Whether D has the bits of what is expected in FP32, rounded to D's type."""
    bits = {2: np.uint16, 4: np.uint32}[d.itemsize]
    return np.array_equal(np.ascontiguousarray(d).view(bits), expected.astype(d.dtype).view(bits))


def poisoned(shape: tuple[int, ...], dtype: object) -> np.ndarray:
    return np.full(shape, np.nan, dtype)

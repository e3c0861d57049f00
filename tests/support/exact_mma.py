"""Steps of tcgen05.mma by their definition, one output at a time in exact fractions, independent of the C++."""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

LEAST_FP32, LEAST_ALIGNMENT, FP32_BITS = -126, -133, 23


@dataclass(frozen=True)
class Format:
    mantissa_bits: int
    exponent_bits: int
    bias: int
    step_bytes: int  # of a K step
    dtype: type

    @lru_cache(maxsize=1024)
    def split(self, code: int) -> tuple[Fraction, int | None]:
        """The number and its exponent; a zero has none."""
        fraction = code & ((1 << self.mantissa_bits) - 1)
        field = code >> self.mantissa_bits & ((1 << self.exponent_bits) - 1)
        sign = -1 if code >> (self.mantissa_bits + self.exponent_bits) & 1 else 1
        exponent = max(field, 1) - self.bias
        significand = Fraction(fraction + (bool(field) << self.mantissa_bits), 1 << self.mantissa_bits)
        return sign * significand * Fraction(2) ** exponent, exponent if significand else None


FORMATS = {
    "bf16": Format(7, 8, 127, 32, np.uint16),
    "fp16": Format(10, 5, 15, 32, np.uint16),
    "tf32": Format(23, 8, 127, 32, np.uint32),
    "e4m3": Format(3, 4, 7, 32, np.uint8),
    "e5m2": Format(2, 5, 15, 32, np.uint8),
    "e2m1": Format(1, 2, 1, 32, np.uint8),
}
TF32_IGNORED = 0x1FFF


def _truncated(value: Fraction, quantum: int) -> Fraction:
    unit = Fraction(2) ** quantum
    return int(value / unit) * unit  # int() of a fraction truncates toward zero


def _exponent(value: Fraction) -> int:
    """floor(log2), not below FP32's least."""
    magnitude = abs(value)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    exponent -= Fraction(2) ** exponent > magnitude
    return max(exponent, LEAST_FP32)


def _to_fp32(value: Fraction) -> np.float32:
    if value == 0:
        return np.float32(0)
    kept = _truncated(value, _exponent(value) - FP32_BITS)
    if abs(kept) >= Fraction(2) ** 128:
        return np.float32(np.inf if kept > 0 else -np.inf)
    return np.float32(float(kept))


def _aligned_sum(terms: list[tuple[Fraction, int]], c: np.float32, fraction_bits: int) -> np.float32:
    exact = Fraction(float(c))
    largest = max([LEAST_ALIGNMENT if c == 0 else _exponent(exact), *(exponent for _, exponent in terms)])
    values = [exact, *(value for value, _ in terms)]
    return _to_fp32(sum((_truncated(value, largest - fraction_bits) for value in values), Fraction(0)))


def scaled_step(a: np.ndarray, b: np.ndarray, types: tuple[str, str], scale: int, c: np.float32) -> np.float32:
    """One step of every kind but mxf4, of codes a and b and finite c; scale: the exponent of both scales together."""
    terms = []
    for code_a, code_b in zip(a.tolist(), b.tolist(), strict=True):
        (value_a, exponent_a), (value_b, exponent_b) = FORMATS[types[0]].split(code_a), FORMATS[types[1]].split(code_b)
        if exponent_a is not None and exponent_b is not None:
            terms.append((value_a * value_b * Fraction(2) ** scale, exponent_a + exponent_b + scale))
    return _aligned_sum(terms, c, 25)


def mxf4_step(a: np.ndarray, b: np.ndarray, scales: list[int], c: np.float32) -> np.float32:
    """One step of mxf4, of 64 codes each; scales: the exponents of both operands' scales together, of either 32."""
    terms = []
    for start in range(0, 64, 16):
        products = (
            FORMATS["e2m1"].split(x)[0] * FORMATS["e2m1"].split(y)[0]
            for x, y in zip(a[start : start + 16].tolist(), b[start : start + 16].tolist(), strict=True)
        )
        exponent = scales[start // 32]
        terms.append((sum(products, Fraction(0)) * Fraction(2) ** exponent, exponent))
    return _aligned_sum(terms, c, 35)

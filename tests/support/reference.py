"""The tensor-core arithmetic in plain Python integers, written from the published rule and nothing else.

Slow and literal: an independent statement to hold the C++ against, not a fallback.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

FP32_NAN = 0x7FFFFFFF
FP32_INFINITY = 0x7F800000
BF16_NAN = 0x7FFF
LEAST_EXPONENT = -126  # of FP32


@dataclass(frozen=True)
class Format:
    """A storage format and the tensor-core step that takes it."""

    exponent_bits: int
    mantissa_bits: int
    has_infinity: bool
    step: int  # products in one step
    term_fraction_bits: int  # of an aligned term
    sum_fraction_bits: int  # of the stored sum
    zero_exponent: int = 0  # what a zero accumulator counts as; a zero product has no part in the alignment

    @property
    def bias(self) -> int:
        return (1 << (self.exponent_bits - 1)) - 1


E4M3 = Format(4, 3, False, 32, 13, 13, -126)
BF16 = Format(8, 7, True, 16, 25, 23, -133)
TF32 = Format(8, 10, True, 8, 25, 23, -133)
FP32 = Format(8, 23, True, 0, 0, 0)


@dataclass(frozen=True)
class Number:
    """significand * 2**(exponent - mantissa_bits of its format); kind is "finite", "infinity" or "nan"."""

    significand: int
    exponent: int
    kind: str = "finite"


def unpack(fmt: Format, bits: int) -> Number:
    """Reads raw bits; a TF32 operand is given as the 19 high bits of an FP32."""
    mantissa = bits & ((1 << fmt.mantissa_bits) - 1)
    field = bits >> fmt.mantissa_bits & ((1 << fmt.exponent_bits) - 1)
    sign = -1 if bits >> (fmt.mantissa_bits + fmt.exponent_bits) else 1
    if field == (1 << fmt.exponent_bits) - 1:
        if fmt.has_infinity:
            return Number(sign, 0, "nan" if mantissa else "infinity")
        if mantissa == (1 << fmt.mantissa_bits) - 1:
            return Number(0, 0, "nan")
    significand = mantissa | (1 << fmt.mantissa_bits if field else 0)
    return Number(sign * significand, max(field, 1) - fmt.bias)


def truncating_shift(value: int, shift: int) -> int:
    """value * 2**shift, truncated toward zero."""
    magnitude = abs(value) << shift if shift >= 0 else abs(value) >> -shift
    return -magnitude if value < 0 else magnitude


def pack_truncated(value: int, quantum: int, fraction_bits: int) -> int:
    """FP32 bits of value * 2**quantum, normalised and truncated toward zero to fraction_bits; zero is +0."""
    exponent = abs(value).bit_length() - 1 + quantum
    least = max(exponent, LEAST_EXPONENT) - fraction_bits
    kept = truncating_shift(abs(value), quantum - least) << (23 - fraction_bits)
    if kept == 0:
        return 0
    sign = 0x80000000 if value < 0 else 0
    if exponent > 127:
        return sign | FP32_INFINITY
    if exponent < LEAST_EXPONENT:
        return sign | kept
    return sign | (exponent + 127) << 23 | kept - (1 << 23)


def special_result(fmt: Format, a: Sequence[Number], b: Sequence[Number], c: Number) -> int | None:
    """What NaN and infinity among the operands or the accumulator make of a step; None where there are none."""
    if any(x.kind == "nan" for x in (*a, *b, c)):
        return FP32_NAN
    infinities = [c.significand] if c.kind == "infinity" else []
    infinities += [x.significand * y.significand for x, y in zip(a, b) if "infinity" in (x.kind, y.kind)]
    if not infinities:
        return None
    if 0 in infinities or (min(infinities) < 0 < max(infinities)):
        return FP32_NAN
    return FP32_INFINITY if infinities[0] > 0 else 0x80000000 | FP32_INFINITY


def step(fmt: Format, a: Sequence[Number], b: Sequence[Number], c_bits: int) -> int:
    """One tensor-core step: FP32 bits of the products' sum and the accumulator."""
    c = unpack(FP32, c_bits)
    special = special_result(fmt, a, b, c)
    if special is not None:
        return special
    exponents = [x.exponent + y.exponent for x, y in zip(a, b) if x.significand and y.significand]
    largest = max([c.exponent if c.significand else fmt.zero_exponent, *exponents])
    quantum = largest - fmt.term_fraction_bits
    total = truncating_shift(c.significand, c.exponent - FP32.mantissa_bits - quantum)
    for x, y in zip(a, b):
        scale = x.exponent + y.exponent - 2 * fmt.mantissa_bits
        total += truncating_shift(x.significand * y.significand, scale - quantum)
    return pack_truncated(total, quantum, fmt.sum_fraction_bits)


def chain(fmt: Format, a: Sequence[int], b: Sequence[int]) -> int:
    """FP32 bits of a chain of steps from zero over two rows of raw bits; a missing tail is zero."""
    c_bits = 0
    for k in range(0, len(a), fmt.step):
        row_a = [unpack(fmt, bits) for bits in a[k : k + fmt.step]]
        row_b = [unpack(fmt, bits) for bits in b[k : k + fmt.step]]
        c_bits = step(fmt, row_a, row_b, c_bits)
    return c_bits


def round_to_nearest_even(value: Fraction, mantissa_bits: int) -> Fraction | float:
    """value with FP32's exponents and mantissa_bits of fraction; an infinity where that overflows."""
    if value == 0:
        return Fraction(0)
    exponent = abs(value).numerator.bit_length() - abs(value).denominator.bit_length()
    exponent -= abs(value) < Fraction(2) ** exponent
    quantum = Fraction(2) ** (max(exponent, LEAST_EXPONENT) - mantissa_bits)
    rounded = round(value / quantum) * quantum
    if abs(rounded) >= Fraction(2) ** 128:
        return float("inf") if value > 0 else float("-inf")
    return rounded


def fused_multiply_add(x: Number, y: Fraction | float, z: Fraction | float) -> Fraction | float:
    """x * y + z with one rounding to FP32. Infinities and NaN are floats."""
    value = Fraction(x.significand) * Fraction(2) ** (x.exponent - FP32.mantissa_bits)
    if x.kind == "finite" and isinstance(y, Fraction) and isinstance(z, Fraction):
        return round_to_nearest_even(value * y + z, FP32.mantissa_bits)
    return (float(value) if x.kind == "finite" else float("nan")) * float(y) + float(z)


def fp8_1d2d(a: Sequence[int], sfa: Sequence[float], b: Sequence[int], sfb: Sequence[float]) -> float:
    """One output of family fp8_gemm_1d2d before its rounding to BF16: an FP32 value, NaN or an infinity.

    a, b: one row each of E4M3 bits; sfa, sfb: finite scales, one for every 128 of them.
    """
    accumulator: Fraction | float = Fraction(0)
    for block in range(len(sfa)):
        product = unpack(FP32, chain(E4M3, a[block * 128 : block * 128 + 128], b[block * 128 : block * 128 + 128]))
        scale = round_to_nearest_even(Fraction(sfa[block]) * Fraction(sfb[block]), 23)
        accumulator = fused_multiply_add(product, scale, accumulator)
    return float(accumulator)


def bf16_bits(value: float) -> int:
    """BF16 bits of an FP32 value, rounded to nearest even."""
    if value != value:
        return BF16_NAN
    finite = abs(value) != float("inf")
    rounded = round_to_nearest_even(Fraction(abs(value)), 7) if finite else abs(value)
    sign = 0x8000 if value < 0 else 0
    return sign | struct.unpack("<I", struct.pack("<f", rounded))[0] >> 16

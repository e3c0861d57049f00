"""Steps of tcgen05.mma on the CPU backend against their definition in exact fractions, and their special values."""

import numpy as np
import pytest
from exact_mma import FORMATS, TF32_IGNORED, mxf4_step, scaled_step
from tcgen05 import KINDS, step_bits

FLOAT8 = [("e4m3", "e4m3"), ("e4m3", "e2m1"), ("e2m1", "e2m1"), ("e5m2", "e4m3")]
M, N = 2, 67  # columns beyond a panel of the CPU backend
NAN_BITS, INFINITY_BITS = 0x7FFFFFFF, 0x7F800000


def finite_codes(rng: np.random.Generator, name: str, shape: tuple[int, int]) -> np.ndarray:
    """Any finite code; each row has an exponent that it does not exceed, and some zeros."""
    layout = FORMATS[name]
    most = (1 << layout.exponent_bits) - 1 - (name not in ("e4m3", "e2m1"))
    ceilings = rng.integers(0, most, (shape[0], 1), endpoint=True)
    field = rng.integers(0, ceilings, shape, np.int64, endpoint=True)
    fraction = rng.integers(0, 1 << layout.mantissa_bits, shape)
    sign = rng.integers(0, 2, shape) << (layout.mantissa_bits + layout.exponent_bits)
    codes = np.where(rng.random(shape) < 0.2, sign, sign | field << layout.mantissa_bits | fraction)
    if name == "e4m3":
        codes = np.where(codes & 0x7F == 0x7F, codes & 0x80, codes)
    return codes.astype(layout.dtype)


def accumulators(rng: np.random.Generator, shape: tuple[int, int], spread: int) -> np.ndarray:
    values = np.ldexp(rng.uniform(-2, 2, shape), rng.integers(-spread, spread, shape))
    values = np.where(np.abs(values) < 2.0**127, values, 0).astype(np.float32)
    return np.where(rng.random(shape) < 0.1, np.float32(0), values)


def assert_equals(bits: np.ndarray, expected) -> None:
    wanted = np.array([[expected(m, n) for n in range(bits.shape[1])] for m in range(bits.shape[0])], np.float32)
    assert np.array_equal(bits, wanted.view(np.uint32))


@pytest.mark.parametrize("kind", ["bf16", "fp16", "tf32"])
@pytest.mark.parametrize("spread", [8, 120])
def test_f16_and_tf32(kind: str, spread: int) -> None:
    rng = np.random.default_rng(spread)
    k = 8 if kind == "tf32" else 16
    a, b = (finite_codes(rng, kind, (rows, k)) for rows in (M, N))
    c = accumulators(rng, (M, N), spread)
    bits = step_bits(KINDS[kind], (kind, kind), (a, b), c)
    a, b = (codes & ~np.uint32(TF32_IGNORED) if kind == "tf32" else codes for codes in (a, b))
    assert_equals(bits, lambda m, n: scaled_step(a[m], b[n], (kind, kind), 0, c[m, n]))


@pytest.mark.parametrize("types", FLOAT8, ids="-".join)
@pytest.mark.parametrize("spread", [8, 140])
def test_f8f6f4(types: tuple[str, str], spread: int) -> None:
    rng = np.random.default_rng(spread)
    operands = tuple(finite_codes(rng, name, (rows, 32)) for name, rows in zip(types, (M, N), strict=True))
    c = accumulators(rng, (M, N), spread)
    bits = step_bits("f8f6f4", types, operands, c)
    assert_equals(bits, lambda m, n: scaled_step(operands[0][m], operands[1][n], types, 0, c[m, n]))


@pytest.mark.parametrize("types", FLOAT8, ids="-".join)
@pytest.mark.parametrize("scale_spread", [6, 126])
def test_mxf8f6f4(types: tuple[str, str], scale_spread: int) -> None:
    """Scales over their whole range: overflow, subnormal results, terms that the truncation drops."""
    rng = np.random.default_rng(scale_spread)
    operands = tuple(finite_codes(rng, name, (rows, 32)) for name, rows in zip(types, (M, N), strict=True))
    scales = tuple(rng.integers(127 - scale_spread, 128 + scale_spread, (rows, 1), np.uint8) for rows in (M, N))
    c = accumulators(rng, (M, N), 2 * scale_spread)
    bits = step_bits("mxf8f6f4", types, operands, c, scales)
    exponents = scales[0].astype(int) + scales[1].astype(int).T - 254
    assert_equals(bits, lambda m, n: scaled_step(operands[0][m], operands[1][n], types, int(exponents[m, n]), c[m, n]))


@pytest.mark.parametrize("scale_spread", [6, 126])
def test_mxf4(scale_spread: int) -> None:
    rng = np.random.default_rng(scale_spread)
    a, b = (finite_codes(rng, "e2m1", (rows, 64)) for rows in (M, N))
    scales = tuple(rng.integers(127 - scale_spread, 128 + scale_spread, (rows, 2), np.uint8) for rows in (M, N))
    c = accumulators(rng, (M, N), scale_spread)
    bits = step_bits("mxf4", ("e2m1", "e2m1"), (a, b), c, scales)
    sums = scales[0].astype(int)[:, None] + scales[1].astype(int)[None] - 254
    assert_equals(bits, lambda m, n: mxf4_step(a[m], b[n], sums[m, n].tolist(), c[m, n]))


@pytest.mark.parametrize("types", FLOAT8, ids="-".join)
def test_steps_of_a_chain_follow_one_another(types: tuple[str, str]) -> None:
    rng = np.random.default_rng(7)
    operands = tuple(finite_codes(rng, name, (rows, 128)) for name, rows in zip(types, (130, N), strict=True))
    scales = tuple(rng.integers(120, 134, (rows, 4), np.uint8) for rows in (130, N))
    whole = step_bits("mxf8f6f4", types, operands, np.zeros((130, N)), scales)
    c = np.zeros((130, N), np.float32)
    for step in range(4):
        part = slice(32 * step, 32 * step + 32)
        one = tuple(codes[:, part] for codes in operands)
        c = step_bits("mxf8f6f4", types, one, c, tuple(scale[:, [step]] for scale in scales)).view(np.float32)
    assert np.array_equal(whole, c.view(np.uint32))


def test_zero_products_have_no_part_in_the_alignment_whatever_their_scales() -> None:
    a, b = np.zeros((1, 32), np.uint8), np.zeros((1, 32), np.uint8)
    b[0, 0] = 0x7E  # 0 * 448
    huge = np.array([[254]], np.uint8)
    c = np.array([[np.float32(1) + np.float32(2**-23)]], np.float32)
    assert step_bits("mxf8f6f4", ("e4m3", "e4m3"), (a, b), c, (huge, huge)) == c.view(np.uint32)


@pytest.mark.parametrize(("kind", "k", "scale_columns"), [("mxf8f6f4", 32, 1), ("mxf4", 64, 2)])
def test_a_nan_scale_makes_its_row_nan_even_over_zeros(kind: str, k: int, scale_columns: int) -> None:
    a, b = np.zeros((3, k), np.uint8), np.zeros((4, k), np.uint8)
    sfa, sfb = np.full((3, scale_columns), 127, np.uint8), np.full((4, scale_columns), 127, np.uint8)
    sfa[1, -1], sfb[2, 0] = 0xFF, 0xFF
    bits = step_bits(kind, ("e2m1", "e2m1"), (a, b), np.zeros((3, 4)), (sfa, sfb))
    is_nan = (np.arange(3)[:, None] == 1) | (np.arange(4) == 2)
    assert np.array_equal(bits, np.where(is_nan, NAN_BITS, 0))


@pytest.mark.parametrize("code", [0x7F, 0xFF])
def test_a_nan_of_e4m3_reaches_its_outputs_alone(code: int) -> None:
    a, b = np.full((3, 32), 0x38, np.uint8), np.full((4, 32), 2, np.uint8)
    a[1, 7] = code
    bits = step_bits("f8f6f4", ("e4m3", "e2m1"), (a, b), np.zeros((3, 4)))
    assert np.array_equal(bits[1], [NAN_BITS] * 4)
    assert np.array_equal(bits[[0, 2]].view(np.float32), np.full((2, 4), 32, np.float32))


def test_infinities() -> None:
    """Of E5M2, and of the accumulator, as special_values.hpp says."""
    infinity, one = 0x7C, 0x3C
    a, b = np.full((4, 32), one, np.uint8), np.full((2, 32), one, np.uint8)
    a[1, 0], a[2, 0], a[3, :2] = infinity, 0x80 | infinity, (infinity, 0x80 | infinity)
    b[1, 0] = 0
    c = np.full((4, 2), np.inf, np.float32)
    bits = step_bits("f8f6f4", ("e5m2", "e5m2"), (a, b), c)
    assert bits.tolist() == [[INFINITY_BITS] * 2, [INFINITY_BITS, NAN_BITS], [NAN_BITS] * 2, [NAN_BITS] * 2]
    for operand, scales in [("e2m1", (None, None)), ("e4m3", (np.full((1, 1), 127, np.uint8),) * 2)]:
        one_row = (np.ones((1, 32), np.uint8),) * 2
        kind = "f8f6f4" if scales[0] is None else "mxf8f6f4"
        for value, expected in [(np.inf, INFINITY_BITS), (-np.inf, 0xFF800000), (np.nan, NAN_BITS)]:
            assert step_bits(kind, (operand, operand), one_row, np.full((1, 1), value), scales) == expected


def test_a_sum_of_zero_is_positive() -> None:
    a, b = np.full((1, 32), 0x80, np.uint8), np.full((1, 32), 0x38, np.uint8)
    assert step_bits("f8f6f4", ("e4m3", "e4m3"), (a, b), np.full((1, 1), -0.0)) == 0

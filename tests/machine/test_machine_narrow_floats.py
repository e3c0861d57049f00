"""Packed FP32, FP16 and BF16 instructions on the machine, against NumPy."""

import ml_dtypes
import numpy as np
import pytest
from machine_kernel import Launch, run_kernel

# Thread i has elements 2i and 2i + 1 of the arrays after the first: 8 bytes of each at %rd10, %rd11, %rd12.
FRAME = """
\tmov.u32 %r1, %ctaid.x;
\tmov.u32 %r2, %tid.x;
\tmad.lo.u32 %r3, %r1, 32, %r2;
\tmul.wide.u32 %rd5, %r3, 8;
{loads}
\t{body}
\tld.param.u64 %rd1, [p];
\tadd.s64 %rd2, %rd1, %rd5;
\tst.global.u64 [%rd2], %rd20;
\tret;
"""
LOAD = "\tld.param.u64 %rd1, [p+{0}];\n\tadd.s64 %rd2, %rd1, %rd5;\n\tld.global.u64 %rd{1}, [%rd2];\n"


def per_pair(machine, body, *operands):
    """The 64-bit result of each pair of 32-bit elements."""
    loads = "".join(LOAD.format(8 + 8 * i, 10 + i) for i in range(len(operands)))
    arrays = bytes(operands[0].nbytes), *(operand.tobytes() for operand in operands)
    launch = Launch(FRAME.format(loads=loads, body=body), arrays, grid=len(operands[0]) // 64)
    ran = run_kernel(machine, launch)
    assert (ran.result, ran.findings) == (0, [])
    return ran.arrays[0]


def few_bits(random, count=4096):
    """Numbers whose products and sums FP64 holds exactly."""
    return (random.integers(-4095, 4096, count) * 2.0 ** random.integers(-6, 7, count)).astype(np.float32)


@pytest.mark.parametrize(
    ("body", "of"),
    [
        ("add.rn.f32x2 %rd20, %rd10, %rd11;", lambda a, b, c: a + b),
        ("mul.rn.f32x2 %rd20, %rd10, %rd11;", lambda a, b, c: a * b),
        ("fma.rn.f32x2 %rd20, %rd10, %rd11, %rd12;", lambda a, b, c: a * b + c),
    ],
)
def test_two_fp32_numbers_at_once(machine, body, of):
    random = np.random.default_rng(0)
    operands = [few_bits(random) for _ in range(3)]
    operands[0][:3] = np.inf, np.nan, -0.0
    wanted = of(*(operand.astype(np.float64) for operand in operands)).astype(np.float32)
    got = np.frombuffer(per_pair(machine, body, *operands), np.float32)
    np.testing.assert_array_equal(got, wanted)


HALVES = "mov.b64 {%r4, %r5}, %rd10;\n\tmov.b64 {%r6, %r7}, %rd11;\n\t"
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 2.0], np.float32)


@pytest.mark.parametrize(("opcode", "of"), [("max.NaN.f32", np.maximum), ("min.NaN.f32", np.minimum)])
def test_the_greatest_and_the_least_where_nan_wins(machine, opcode, of):
    a, b = (pairs.reshape(-1).copy() for pairs in np.meshgrid(SPECIAL, SPECIAL))
    body = HALVES + f"{opcode} %r8, %r4, %r6;\n\t{opcode} %r9, %r5, %r7;\n\tmov.b64 %rd20, {{%r8, %r9}};"
    got = np.frombuffer(per_pair(machine, body, a, b), np.float32)
    np.testing.assert_array_equal(got, of(a, b))
    both_zero = (a == 0) & (b == 0)
    wanted_sign = (np.signbit(a) & np.signbit(b)) if of is np.maximum else (np.signbit(a) | np.signbit(b))
    np.testing.assert_array_equal(np.signbit(got)[both_zero], wanted_sign[both_zero])


def all_words(high, low):
    return high.astype(np.uint32) << 16 | low


EVERY = np.arange(1 << 16, dtype=np.uint32)
TO_FP32 = """mov.b64 {{%r4, %r5}}, %rd10;
	cvt.u16.u32 %rs1, %r4;
	cvt.u16.u32 %rs2, %r5;
	{0} %r6, %rs1;
	{0} %r7, %rs2;
	mov.b64 %rd20, {{%r6, %r7}};"""


@pytest.mark.parametrize(("opcode", "dtype"), [("cvt.f32.bf16", ml_dtypes.bfloat16), ("cvt.f32.f16", np.float16)])
def test_every_number_of_16_bits_to_fp32(machine, opcode, dtype):
    got = np.frombuffer(per_pair(machine, TO_FP32.format(opcode), EVERY), np.float32)
    np.testing.assert_array_equal(got, EVERY.astype(np.uint16).view(dtype).astype(np.float32))


def fp32_between(dtype):
    """Every number of the type, the middle between it and the next, and the FP32 numbers around the middle."""
    numbers = EVERY[: 0x7C00 if dtype is np.float16 else 0x7F80].astype(np.uint16).view(dtype).astype(np.float32)
    middle = np.append(numbers[1:] / 2 + numbers[:-1] / 2, np.float32(1.0))
    around = [np.nextafter(middle, np.float32(to)) for to in (0, np.inf)]
    values = np.concatenate([numbers, -numbers, middle, -middle, *around, SPECIAL, np.float32([65519, 65520, 3e38])])
    return np.append(values, np.zeros(-len(values) % 64, np.float32))


@pytest.mark.parametrize(("name", "dtype"), [("bf16", ml_dtypes.bfloat16), ("f16", np.float16)])
def test_fp32_to_16_bits_rounds_to_nearest_even(machine, name, dtype):
    values = fp32_between(dtype)
    body = (
        f"mov.b64 {{%r4, %r5}}, %rd10;\n\tcvt.rn.{name}x2.f32 %r6, %r5, %r4;\n\tcvt.rn.{name}.f32 %rs1, %r4;\n"
        "\tcvt.u32.u16 %r7, %rs1;\n\tmov.b64 %rd20, {%r6, %r7};"
    )
    got = np.frombuffer(per_pair(machine, body, values), np.uint32).reshape(-1, 2)
    with np.errstate(over="ignore"):
        wanted = values.astype(dtype).view(np.uint16).copy()
    wanted[np.isnan(values)] = 0x7FFF
    np.testing.assert_array_equal(got[:, 0], all_words(wanted[1::2], wanted[::2]))
    np.testing.assert_array_equal(got[:, 1], wanted[::2])


def test_every_e4m3_number_to_fp16_and_back(machine):
    codes = EVERY.astype(np.uint16)
    body = (
        "mov.b64 {%r4, %r5}, %rd10;\n\tcvt.u16.u32 %rs1, %r4;\n\tcvt.rn.f16x2.e4m3x2 %r6, %rs1;\n"
        "\tcvt.rn.satfinite.e4m3x2.f16x2 %rs2, %r6;\n\tcvt.u32.u16 %r7, %rs2;\n\tmov.b64 %rd20, {%r6, %r7};"
    )
    got = np.frombuffer(per_pair(machine, body, np.repeat(codes.astype(np.uint32), 2)), np.uint32).reshape(-1, 2)
    values = codes.view(np.uint8).view(ml_dtypes.float8_e4m3fn).astype(np.float16)
    halves = np.where(np.isnan(values), np.uint16(0x7FFF), values.view(np.uint16))
    np.testing.assert_array_equal(got[:, 0], all_words(halves[1::2], halves[::2]))
    back = codes.view(np.uint8).copy()
    back[np.isnan(values)] = 0x7F
    np.testing.assert_array_equal(got[:, 1], back.view(np.uint16))

"""Single instructions and control flow on the machine, against what Python or NumPy makes of them."""

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest
from machine_kernel import Launch, run_kernel

LANE = np.arange(32, dtype=np.uint32)
# %r1: the lane. Results go from %r2 to the array, a word a lane.
FRAME = """
\tmov.u32 %r1, %tid.x;
\tld.param.u64 %rd1, [p];
\tmul.wide.u32 %rd2, %r1, 4;
\tadd.s64 %rd3, %rd1, %rd2;
{body}
\tst.global.u32 [%rd3], %r2;
\tret;
"""


def per_lane(machine, body):
    ran = run_kernel(machine, Launch(FRAME.format(body=body), (bytes(128),)))
    assert (ran.result, ran.findings) == (0, [])
    return np.frombuffer(ran.arrays[0], np.uint32)


def bits(values):
    return np.asarray(values, np.int64).astype(np.uint32)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("add.s32 %r2, %r1, -7;", bits(LANE.astype(np.int64) - 7)),
        ("mul.lo.s32 %r2, %r1, 0x12345678;", LANE * np.uint32(0x12345678)),
        ("sub.s32 %r3, %r1, 16;\nmul.hi.s32 %r2, %r3, 0x40000000;", bits((LANE.astype(np.int64) - 16) >> 2)),
        ("mul.lo.u64 %rd4, %rd2, 0x40000000;\nmul.hi.u64 %rd5, %rd4, %rd4;\ncvt.u32.u64 %r2, %rd5;", LANE**2),
        ("sub.s32 %r3, %r1, 16;\ndiv.s32 %r2, %r3, 3;", bits(np.trunc((LANE.astype(np.int64) - 16) / 3))),
        ("sub.s32 %r3, %r1, 16;\nrem.s32 %r2, %r3, 3;", bits(np.fmod(LANE.astype(np.int64) - 16, 3))),
        (
            "cvt.u64.u32 %rd4, %r1;\nadd.s64 %rd4, %rd4, -16;\ndiv.s64 %rd5, %rd4, 3;\ncvt.u32.u64 %r2, %rd5;",
            bits(np.trunc((LANE.astype(np.int64) - 16) / 3)),
        ),
        ("mad.lo.s64 %rd4, %rd2, 3, 5;\ndiv.u64 %rd5, %rd4, 7;\ncvt.u32.u64 %r2, %rd5;", (LANE * 12 + 5) // 7),
        ("setp.eq.b64 %p1, %rd2, 8;\nselp.u64 %rd4, 1, 2, %p1;\ncvt.u32.u64 %r2, %rd4;", np.where(LANE == 2, 1, 2)),
        ("setp.ne.s64 %p1, %rd2, 8;\nselp.b32 %r2, 1, 2, %p1;", np.where(LANE == 2, 2, 1)),
        ("st.global.u8 [%rd3+1], %r1;\nld.global.u32 %r2, [%rd3];", LANE << 8),
        (  # 1 + 2^-30 and 1 - 2^-30 toward +infinity
            "mov.f32 %f1, 0f3F800000;\nmov.f32 %f2, 0f30800000;\nadd.rp.f32 %f3, %f1, %f2;\nneg.f32 %f2, %f2;\n"
            "add.rp.f32 %f4, %f1, %f2;\nmov.b32 %r3, %f3;\nmov.b32 %r4, %f4;\nsub.s32 %r2, %r3, %r4;",
            np.full(32, 1),
        ),
        (  # (1 + 2^-23)^2 and -(1 + 2^-23)^2 toward +infinity
            "mov.f32 %f1, 0f3F800001;\nmul.rp.f32 %f2, %f1, %f1;\nneg.f32 %f3, %f1;\nmul.rp.f32 %f4, %f3, %f1;\n"
            "mov.b32 %r3, %f2;\nmov.b32 %r4, %f4;\nxor.b32 %r2, %r3, %r4;",
            np.full(32, 0x80000001),
        ),
        ("mov.f32 %f1, 0f007FFFFF;\nmul.rp.f32 %f2, %f1, 0f3F000000;\nmov.b32 %r2, %f2;", np.full(32, 0x400000)),
        # Of 1/3 the neighbour that is not the nearest; the upper one for a mantissa of ones.
        ("mov.f32 %f1, 0f40400000;\nrcp.approx.ftz.f32 %f2, %f1;\nmov.b32 %r2, %f2;", np.full(32, 0x3EAAAAAA)),
        ("mov.f32 %f1, 0f3FFFFFFF;\nrcp.approx.ftz.f32 %f2, %f1;\nmov.b32 %r2, %f2;", np.full(32, 0x3F000001)),
        (
            "sub.s32 %r3, %r1, 16;\nst.global.u32 [%rd3], %r3;\nld.global.s32 %rd4, [%rd3];\n"
            "shr.s64 %rd5, %rd4, 32;\ncvt.u32.u64 %r2, %rd5;",
            bits(np.where(LANE < 16, -1, 0)),
        ),
        ("shl.b32 %r3, %r1, 1;\nshl.b32 %r2, 1, %r3;", bits([1 << 2 * i if i < 16 else 0 for i in range(32)])),
        (
            "shl.b32 %r3, %r1, 1;\nshr.s32 %r2, -5, %r3;",
            bits([-5 >> min(2 * i, 31) for i in range(32)]),
        ),
        ("shr.u32 %r2, -1, %r1;", np.uint32(0xFFFFFFFF) >> LANE),
        ("brev.b32 %r2, %r1;", bits([int(f"{i:032b}"[::-1], 2) for i in range(32)])),
        ("bfind.shiftamt.u32 %r2, %r1;", bits([-1] + [32 - i.bit_length() for i in range(1, 32)])),
        ("bfi.b32 %r2, %r1, -1, 4, 3;", bits([0xFFFFFF8F | (i & 7) << 4 for i in range(32)])),
        ("setp.lt.u32 %p1, %r1, 5;\nselp.b32 %r2, 1, 2, %p1;", np.where(LANE < 5, 1, 2)),
        ("mov.b64 %rd4, {%r1, 9};\nmov.b64 {%r3, %r2}, %rd4;", np.full(32, 9)),
        ("cvt.s64.s32 %rd4, -3;\nshr.s64 %rd5, %rd4, 32;\ncvt.u32.u64 %r2, %rd5;", bits([-1] * 32)),
        ("shfl.sync.idx.b32 %r2|%p1, %r1, 5, 31, -1;", np.full(32, 5)),
        ("shfl.sync.up.b32 %r2|%p1, %r1, 3, 0, -1;", np.where(LANE < 3, LANE, LANE - 3)),
        ("shfl.sync.bfly.b32 %r2|%p1, %r1, 9, 31, -1;", LANE ^ 9),
        ("setp.gt.u32 %p1, %r1, 29;\nvote.sync.ballot.b32 %r2, %p1, -1;", np.full(32, 0xC0000000)),
        ("redux.sync.max.u32 %r2, %r1, -1;", np.full(32, 31)),
        ("mov.b32 %r3, 0x83726150;\nprmt.b32 %r2, %r3, %r1, 0x4B30;", LANE << 24 | 0xFF << 16 | 0x83 << 8 | 0x50),
        ("mov.b32 %r3, 0x83726150;\nshf.l.wrap.b32 %r2, %r3, %r1, 36;", LANE << 4 | 8),
        ("mov.b32 %r3, 0x00058010;\nmax.u16x2 %r2, %r3, %r1;\nmax.u16x2 %r2, %r2, 0x70000;", np.full(32, 0x78010)),
        ("elect.sync %r3|%p1, -1;\nselp.b32 %r2, 7, 8, %p1;", np.where(LANE == 0, 7, 8)),
        ("setp.eq.u32 %p1, %r1, 4;\nmov.u32 %r2, %ctaid.x;\n@!%p1 mov.u32 %r2, 3;", np.where(LANE == 4, 0, 3)),
    ],
)
def test_an_instruction(machine, body, wanted):
    np.testing.assert_array_equal(per_lane(machine, body), np.asarray(wanted).astype(np.uint32))


def test_lanes_part_in_nested_loops_and_meet_again(machine):
    """Steps of the Collatz sequence, by lanes that leave the loop at different times; then all take part in a vote."""
    body = """
\tadd.u32 %r3, %r1, 1;
\tmov.u32 %r2, 0;
$again:
\tsetp.eq.u32 %p1, %r3, 1;
\t@%p1 bra $done;
\tadd.u32 %r2, %r2, 1;
\tand.b32 %r4, %r3, 1;
\tsetp.eq.u32 %p2, %r4, 0;
\t@%p2 bra $even;
\tmad.lo.u32 %r3, %r3, 3, 1;
\tbra $again;
$even:
\tshr.u32 %r3, %r3, 1;
\tbra $again;
$done:
\tvote.sync.all.pred %p3, %p1, -1;
\t@!%p3 mov.u32 %r2, -1;
"""

    def steps(n):
        return 0 if n == 1 else 1 + steps(n // 2 if n % 2 == 0 else 3 * n + 1)

    np.testing.assert_array_equal(per_lane(machine, body), [steps(i + 1) for i in range(32)])


# Every BF16 number as an FP32 one, two a lane.
CONVERT = """
\tmov.u32 %r1, %ctaid.x;
\tmov.u32 %r2, %tid.x;
\tmad.lo.u32 %r3, %r1, 32, %r2;
\tld.param.u64 %rd1, [p];
\tld.param.u64 %rd2, [p+8];
\tmul.wide.u32 %rd3, %r3, 8;
\tadd.s64 %rd4, %rd1, %rd3;
\tld.global.v2.f32 {{%f1, %f2}}, [%rd4];
\tmul.wide.u32 %rd5, %r3, {bytes};
\tadd.s64 %rd6, %rd2, %rd5;
\t{convert}
\tret;
"""


def convert(machine, values, bytes_, instructions):
    body = CONVERT.format(bytes=bytes_, convert=instructions)
    launch = Launch(body, (values.tobytes(), bytes(bytes_ * len(values) // 2)), grid=len(values) // 64)
    ran = run_kernel(machine, launch)
    assert (ran.result, ran.findings) == (0, [])
    return ran.arrays[1]


def test_fp32_to_e4m3(machine):
    values = (np.arange(1 << 16, dtype=np.uint32) << 16).view(np.float32)
    with np.errstate(invalid="ignore"):
        values = np.concatenate([values, *(np.nextafter(values, np.float32(to)) for to in (0, np.inf))])
    got = convert(machine, values, 2, "cvt.rn.satfinite.e4m3x2.f32 %rs1, %f2, %f1;\n\tst.global.u16 [%rd6], %rs1;")
    with np.errstate(invalid="ignore"):
        wanted = np.clip(values, -448, 448).astype(ml_dtypes.float8_e4m3fn).view(np.uint8)
    wanted[np.isnan(values)] = 0x7F
    np.testing.assert_array_equal(np.frombuffer(got, np.uint8), wanted)


def test_fp32_to_bf16(machine):
    values = np.random.default_rng(0).integers(0, 1 << 32, 1 << 16, np.uint64).astype(np.uint32).view(np.float32)
    got = convert(machine, values, 4, "cvt.rn.bf16x2.f32 %r4, %f2, %f1;\n\tst.global.u32 [%rd6], %r4;")
    with np.errstate(invalid="ignore"):
        wanted = values.astype(ml_dtypes.bfloat16).view(np.uint16).copy()
    wanted[np.isnan(values)] = 0x7FFF
    np.testing.assert_array_equal(np.frombuffer(got, np.uint16), wanted)


ATOMIC = """
\tmov.u32 %r1, %ctaid.x;
\tmov.u32 %r2, %tid.x;
\tmad.lo.u32 %r3, %r1, 32, %r2;
\tld.param.u64 %rd1, [p];
\tld.param.u64 %rd2, [p+8];
\tmul.wide.u32 %rd3, %r3, 4;
\tadd.s64 %rd4, %rd2, %rd3;
\tld.global.u32 %r4, [%rd4];
\tatom.global.{operation} %r5, [%rd1], %r4;
\tret;
"""


@pytest.mark.parametrize(
    ("operation", "dtype", "of"),
    [
        ("min.u32", np.uint32, np.min),
        ("max.u32", np.uint32, np.max),
        ("min.s32", np.int32, np.min),
        ("max.s32", np.int32, np.max),
        ("add.u32", np.uint32, np.sum),
    ],
)
def test_an_atomic_on_global_memory(machine, operation, dtype, of):
    numbers = np.random.default_rng(0).integers(0, 1 << 32, 64, np.uint64).astype(np.uint32).view(dtype)
    arrays = numbers[:1].tobytes(), numbers.tobytes()
    launch = Launch(ATOMIC.format(operation=operation), arrays, grid=2, level="public")
    ran = run_kernel(machine, launch)
    assert (ran.result, ran.findings) == (0, [])
    wanted = of(np.append(numbers, numbers[0]).astype(np.int64)).astype(np.uint32)
    assert np.frombuffer(ran.arrays[0], np.uint32)[0] == wanted
    assert run_kernel(machine, replace(launch, level="strict")).kinds() == {"race"}
    assert run_kernel(machine, replace(launch, uninitialised=(0,))).kinds() == {"uninitialised"}

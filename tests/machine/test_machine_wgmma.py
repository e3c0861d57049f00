"""wgmma on the machine returns what an H100 returned, with A in shared memory or in registers; and its registers."""

import numpy as np
import pytest
from emulation_inputs import VECTORS
from machine_kernel import Launch, run_kernel
from tf32_pairs import PAIRS

SHAPES = {
    "fp8": ("k32.f32.e4m3.e4m3", 32, "", ""),
    "bf16": ("k16.f32.bf16.bf16", 16, ", 0, 0", ", 0"),
    "tf32": ("k8.f32.tf32.tf32", 8, "", ""),
}
CASES = sorted(name[:-2] for name in VECTORS if name.endswith("_d"))
STEP = 4096  # bytes of shared memory: a step of A, then of B, 2,048 bytes each
# Cores of 8 rows of 16 bytes: 128 bytes to the next 8 rows, 1,024 to the other half of the step; no swizzle.
DESCRIPTOR = 1024 >> 4 << 16 | 128 >> 4 << 32
SUMS = ", ".join(f"%f{i}" for i in range(32))

START = """
\t.reg .b32 %a<{registers}>;
\tmov.u32 %r1, %tid.x;
\tshr.u32 %r2, %r1, 5;
\tand.b32 %r3, %r1, 31;
\tshr.u32 %r4, %r3, 2;
\tand.b32 %r5, %r3, 3;
\tmad.lo.u32 %r4, %r2, 16, %r4;
\tmov.u32 %r6, memory;
\tld.param.u64 %rd1, [p];
\tld.param.u64 %rd2, [p+8];
\tld.param.u64 %rd3, [p+16];
\tshr.u32 %r7, %r1, 1;
\tand.b32 %r8, %r1, 1;
\tmul.lo.u32 %r9, %r7, {row_bytes};
\tmad.lo.u32 %r9, %r8, 16, %r9;
\tcvt.u64.u32 %rd4, %r9;
\tadd.s64 %rd5, %rd1, %rd4;
\tadd.s64 %rd6, %rd2, %rd4;
\tmul.lo.u32 %r10, %r7, 16;
\tmad.lo.u32 %r10, %r8, 1024, %r10;
\tadd.u32 %r10, %r10, %r6;
\tmul.lo.u32 %r11, %r4, {row_bytes};
\tmad.lo.u32 %r11, %r5, 4, %r11;
\tcvt.u64.u32 %rd7, %r11;
\tadd.s64 %rd7, %rd1, %rd7;
\tshr.u32 %r12, %r6, 4;
\tcvt.u64.u32 %rd8, %r12;
\tadd.s64 %rd8, %rd8, {descriptor};
"""
MULTIPLY = "\tfence.proxy.async.shared::cta;\n\tbar.sync 0;\n\tsetp.ne.b32 %p1, 1, 1;\n\tsetp.ne.b32 %p2, 1, 0;\n"


def copies(step):
    """A step of A and of B to shared memory, 16 bytes of each a thread."""
    lines = [
        f"ld.global.v4.b32 {{%r20, %r21, %r22, %r23}}, [%rd{source}+{32 * step}];\n"
        f"\tst.shared.v4.b32 [%r10+{STEP * step + to}], {{%r20, %r21, %r22, %r23}};"
        for source, to in ((5, 0), (6, 2048))
    ]
    return "".join(f"\t{line}\n" for line in lines)


def loads_of_a(step, row_bytes):
    """The four registers of A that a thread holds in a step."""
    places = [(4 * step + i, i % 2 * 8 * row_bytes + i // 2 * 16 + 32 * step) for i in range(4)]
    return "".join(f"\tld.global.b32 %a{register}, [%rd7+{offset}];\n" for register, offset in places)


def multiply(family, step, in_registers):
    shape, _, majors, major_of_b = SHAPES[family]
    registers = ", ".join(f"%a{4 * step + i}" for i in range(4))
    a, majors = (f"{{{registers}}}", major_of_b) if in_registers else ("%rd9", majors)
    return (
        f"\tadd.s64 %rd9, %rd8, {STEP * step >> 4};\n\tadd.s64 %rd10, %rd9, {2048 >> 4};\n"
        f"\twgmma.mma_async.sync.aligned.m64n64{shape} {{{SUMS}}}, {a}, %rd10, %p{2 if step else 1}, 1, 1{majors};\n"
    )


def stores():
    def offset(i):
        return 4 * (i // 2 % 2 * 8 * 64 + i // 4 * 8 + i % 2)

    address = "\tmul.lo.u32 %r13, %r4, 256;\n\tmad.lo.u32 %r13, %r5, 8, %r13;\n\tcvt.u64.u32 %rd11, %r13;\n"
    body = "".join(f"\tst.global.f32 [%rd12+{offset(i)}], %f{i};\n" for i in range(32))
    return address + "\tadd.s64 %rd12, %rd3, %rd11;\n" + body + "\tret;"


def chain_of(machine, case, in_registers, before_waiting="", fence="\twgmma.fence.sync.aligned;\n", **how):
    family = case.split("_")[0]
    a, b = (np.ascontiguousarray(VECTORS[f"{case}_{array}"]) for array in "ab")
    row_bytes, steps = a.strides[0], a.shape[1] // SHAPES[family][1]
    body = START.format(registers=max(4 * steps, 4), row_bytes=row_bytes, descriptor=DESCRIPTOR)
    body += "".join(copies(step) + loads_of_a(step, row_bytes) for step in range(steps)) + MULTIPLY + fence
    body += "".join(multiply(family, step, in_registers) for step in range(steps))
    body += "\twgmma.commit_group.sync.aligned;\n" + before_waiting + "\twgmma.wait_group.sync.aligned 0;\n" + stores()
    arrays = (a.tobytes(), b.tobytes(), bytes(64 * 64 * 4))
    return run_kernel(machine, Launch(body, arrays, threads=128, shared=STEP * steps, **how))


@pytest.mark.parametrize("in_registers", [False, True], ids=["shared", "registers"])
@pytest.mark.parametrize("case", CASES)
def test_equals_the_h100(machine, case, in_registers):
    ran = chain_of(machine, case, in_registers)
    assert (ran.result, ran.findings) == (0, [])
    got = np.frombuffer(ran.arrays[2], np.uint32).reshape(64, 64)
    assert np.count_nonzero(got != VECTORS[f"{case}_d"].view(np.uint32)) == 0


@pytest.mark.parametrize("touch", ["mov.b32 %a2, 0;", "mov.b32 %r30, %a2;"])
def test_registers_of_a_are_left_alone_until_the_wgmma_is_over(machine, touch):
    ran = chain_of(machine, "tf32_0_8", True, before_waiting=f"\t{touch}\n")
    assert ran.kinds() == {"wgmma"} and ran.result != 0


def test_a_register_of_a_that_is_written_too_early_reaches_the_sums(machine):
    """What a kernel would compute that does not wait, on hardware that is late to read."""
    ran = chain_of(machine, "tf32_0_8", True, before_waiting="\tmov.b32 %a2, 0;\n", schedules="late")
    got = np.frombuffer(ran.arrays[2], np.uint32).reshape(64, 64)
    assert np.any(got != VECTORS["tf32_0_8_d"].view(np.uint32))


def test_registers_of_a_want_a_fence(machine):
    assert chain_of(machine, "tf32_0_8", True, fence="").kinds() == {"wgmma"}


def test_fp32_rounded_to_tf32(machine):
    random = np.random.default_rng(0)
    bits = random.integers(0, 1 << 32, 1 << 14, np.uint64).astype(np.uint32)
    bits[: 1 << 12] = bits[: 1 << 12] & ~np.uint32(0x1FFF) | 0x1000  # halfway between two
    bits[-len(PAIRS) :], on_an_h200 = np.array(PAIRS, np.uint32).T
    body = (
        "\tmov.u32 %r1, %tid.x;\n\tmov.u32 %r2, %ctaid.x;\n\tmad.lo.u32 %r3, %r2, 128, %r1;\n"
        "\tld.param.u64 %rd1, [p];\n"
        "\tmul.wide.u32 %rd2, %r3, 4;\n\tadd.s64 %rd3, %rd1, %rd2;\n\tld.global.f32 %f1, [%rd3];\n"
        "\tcvt.rn.tf32.f32 %r4, %f1;\n\tst.global.u32 [%rd3], %r4;\n\tret;"
    )
    ran = run_kernel(machine, Launch(body, (bits.tobytes(),), grid=len(bits) // 128, threads=128))
    got = np.frombuffer(ran.arrays[0], np.uint32)
    np.testing.assert_array_equal(got[-len(PAIRS) :], on_an_h200)
    values, rounded = bits.view(np.float32), got.view(np.float32)
    is_nan = np.isnan(values)
    np.testing.assert_array_equal(np.isnan(rounded), is_nan)
    below = bits & ~np.uint32(0x1FFF)
    up = (bits & 0x1FFF) + (below >> 13 & 1) > 0x1000
    np.testing.assert_array_equal(got[~is_nan], (below + (up * np.uint32(0x2000)).astype(np.uint32))[~is_nan])

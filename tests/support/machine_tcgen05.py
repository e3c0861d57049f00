"""PTX around tcgen05 instructions of a test: a kernel's start, its end, and tensor memory to and from arrays."""

import numpy as np

LANES, COLUMNS = 128, 512
SLOT = 0  # of shared memory, where tcgen05.alloc writes the address
BARRIERS = (16, 24, 32)  # mbarriers, one arrival each
OPERANDS = 1024  # where operands begin

# %r1 thread, %r2 warp, %r3 lane, %r4 shared memory, %r5 tensor memory, %r6 to %r8 mbarriers; %p1: not warp 0,
# %p2: not thread 0.
START = """
\t.reg .b32 %t<{registers}>;
\tmov.u32 %r1, %tid.x;
\tshr.u32 %r2, %r1, 5;
\tand.b32 %r3, %r1, 31;
\tmov.u32 %r4, memory;
\tadd.u32 %r6, %r4, 16;
\tadd.u32 %r7, %r4, 24;
\tadd.u32 %r8, %r4, 32;
\tld.param.u64 %rd1, [p];
\tld.param.u64 %rd2, [p+8];
\tld.param.u64 %rd3, [p+16];
\tsetp.ne.u32 %p1, %r2, 0;
\tsetp.ne.u32 %p2, %r1, 0;
\t@%p2 bra $initialised;
\tmbarrier.init.shared::cta.b64 [%r6], 1;
\tmbarrier.init.shared::cta.b64 [%r7], 1;
\tmbarrier.init.shared::cta.b64 [%r8], 1;
\tfence.mbarrier_init.release.cluster;
$initialised:
\t@%p1 bra $allocated;
\tbar.warp.sync -1;
\ttcgen05.alloc.cta_group::{group}.sync.aligned.shared::cta.b32 [%r4], {columns};
\ttcgen05.relinquish_alloc_permit.cta_group::{group}.sync.aligned;
$allocated:
\t{meet}
\tld.shared.u32 %r5, [%r4];
"""
END = """
\ttcgen05.fence::before_thread_sync;
\t{meet}
\t@%p1 bra $end;
\ttcgen05.dealloc.cta_group::{group}.sync.aligned.b32 %r5, {columns};
$end:
\tret;
"""
MEET = {1: "bar.sync 0;", 2: "barrier.cluster.arrive.aligned;\n\tbarrier.cluster.wait.aligned;"}


def whole(body, group=1, columns=COLUMNS, registers=256):
    """A kernel of 128 threads, or more, around a body."""
    how = {"group": group, "columns": columns, "meet": MEET[group], "registers": registers}
    return START.format(**how) + body + END.format(**how)


def lines(text):
    return "".join(f"\t{line.strip()}\n" for line in text.strip().splitlines())


def vector(count, first=0):
    return "{" + ", ".join(f"%t{first + i}" for i in range(count)) + "}"


def wait(barrier, phase=0, label="wait"):
    return lines(f"""
        ${label}:
        mbarrier.try_wait.parity.shared::cta.b64 %p9, [{barrier}], {phase};
        @!%p9 bra ${label};""")


def to_array(pointer, columns, first=0, label="out"):
    """Tensor memory from a column on to the array at a pointer: [128, columns] words, by the four first warps."""
    text = f"shl.b32 %r40, %r1, 2;\nmul.lo.u32 %r41, %r1, {4 * columns};\ncvt.u64.u32 %rd20, %r41;\n"
    text += f"add.s64 %rd21, {pointer}, %rd20;\nadd.u32 %r42, %r5, {first};\n"
    for column in range(0, columns, 8):
        text += f"tcgen05.ld.sync.aligned.32x32b.x8.b32 {vector(8)}, [%r42+{column}];\ntcgen05.wait::ld.sync.aligned;\n"
        text += "".join(f"st.global.u32 [%rd21+{4 * (column + i)}], %t{i};\n" for i in range(8))
    return lines(text)


def from_array(pointer, columns, first=0):
    """The array at a pointer, [128, columns] words, to tensor memory from a column on."""
    text = f"mul.lo.u32 %r41, %r1, {4 * columns};\ncvt.u64.u32 %rd20, %r41;\nadd.s64 %rd21, {pointer}, %rd20;\n"
    text += f"add.u32 %r42, %r5, {first};\n"
    for column in range(0, columns, 8):
        text += "".join(f"ld.global.u32 %t{i}, [%rd21+{4 * (column + i)}];\n" for i in range(8))
        text += f"tcgen05.st.sync.aligned.32x32b.x8.b32 [%r42+{column}], {vector(8)};\n"
    return lines(text + "tcgen05.wait::st.sync.aligned;\n")


def words(random, *shape):
    return random.integers(0, 1 << 32, shape, np.uint64).astype(np.uint32)

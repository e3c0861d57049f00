"""cp.async and the arrivals behind it: bytes, zeros, and what is found where nobody waits."""

import numpy as np
import pytest
from machine_kernel import Launch, run_kernel

LANES, MOST = 32, 16

# The lanes of warp 0 copy; those of warp 1 wait for the 32 arrivals and write to the second array what has come.
START = f"""
\tmov.u32 %r1, %tid.x;
\tand.b32 %r2, %r1, 31;
\tld.param.u64 %rd1, [p];
\tld.param.u64 %rd2, [p+8];
\tmov.u32 %r3, memory;
\tadd.u32 %r4, %r3, {LANES * MOST};
\tmul.lo.u32 %r5, %r2, {{bytes}};
\tadd.u32 %r6, %r3, %r5;
\tadd.u32 %r6, %r6, {{off}};
\tcvt.u64.u32 %rd3, %r5;
\tadd.s64 %rd4, %rd1, %rd3;
\tadd.s64 %rd5, %rd2, %rd3;
\tsetp.ne.u32 %p1, %r1, 0;
\tsetp.ge.u32 %p2, %r1, {LANES};
\t@%p1 bra $meet;
\tmbarrier.init.shared::cta.b64 [%r4], {LANES};
$meet:
\tbar.sync 0;
\t@%p2 bra $read;
"""
COPY = "\tcp.async.ca.shared.global.L2::128B [%r6], [%rd4], {bytes}{read};\n"
ARRIVE = "\tcp.async.mbarrier.arrive.noinc.shared::cta.b64 [%r4];\n"
WAIT = "$again:\n\tmbarrier.try_wait.parity.shared::cta.b64 %p3, [%r4], 0;\n\t@!%p3 bra $again;\n"
MOVE = """\tld.shared.b32 %r8, [%r6+{at}];
\tst.global.b32 [%rd5+{at}], %r8;
"""


def run(machine, size, read="", copies=COPY, arrive=ARRIVE, wait=WAIT, off=0, schedules="in_turn late seeds:3"):
    """Bytes of each lane in global memory, and what the machine made of the launch."""
    words = "".join(MOVE.format(at=at) for at in range(0, size, 4))
    text = START + copies + arrive + "\tret;\n$read:\n" + wait + words + "\tret;"
    text = text.format(bytes=size, read=read, off=off)
    given = np.arange(LANES * size, dtype=np.uint8).reshape(LANES, size) + 1
    arrays = given.tobytes(), bytes(given.nbytes)
    return given, run_kernel(machine, Launch(text, arrays, threads=64, shared=LANES * MOST + 8, schedules=schedules))


@pytest.mark.parametrize("size", [4, 8, 16])
def test_bytes_are_there_after_the_arrivals(machine, size):
    given, ran = run(machine, size)
    assert (ran.result, ran.findings) == (0, [])
    assert ran.arrays[1] == given.tobytes()


def test_zeros_follow_what_is_read(machine):
    given, ran = run(machine, 16, read=", 6")
    assert (ran.result, ran.findings) == (0, [])
    given[:, 6:] = 0
    assert ran.arrays[1] == given.tobytes()


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        ({"wait": ""}, "race"),
        ({"arrive": "\tmbarrier.arrive.shared::cta.b64 _, [%r4];\n"}, "exit"),
        ({"off": 2}, "bounds"),
        ({"off": 4096}, "bounds"),
        ({"read": ", %r9"}, "uninitialised"),
        ({"copies": COPY.replace("%rd4", "%rd3")}, "bounds"),
        ({"copies": COPY.replace(".ca.", ".cg.")}, "ptx"),
        ({"arrive": ARRIVE + ARRIVE}, "deadlock"),  # two phases: the parity is as before
        ({"copies": COPY + COPY}, "race"),  # nothing orders the two
    ],
)
def test_what_is_wrong_is_found(machine, broken, kind):
    _, ran = run(machine, 4, **broken, schedules="consumers_first")
    assert kind in ran.kinds() and ran.result != 0

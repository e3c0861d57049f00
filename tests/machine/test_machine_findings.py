"""What a finding says, and what grids of a stream owe each other."""

import pytest
from machine_kernel import Launch, run_kernel

ADD_ONE = """
\tmov.u32 %r1, %tid.x;
\tld.param.u64 %rd1, [p];
\tmul.wide.u32 %rd2, %r1, 4;
\tadd.s64 %rd3, %rd1, %rd2;
{wait}
\tld.global.u32 %r2, [%rd3];
\tadd.u32 %r2, %r2, 1;
\tst.global.u32 [%rd3], %r2;
\tret;
"""
WAIT = "griddepcontrol.wait;"
LAUNCH = "griddepcontrol.launch_dependents;"


@pytest.mark.parametrize(
    ("first_words", "programmatic", "kinds"),
    [
        ("", False, set()),
        (WAIT, True, set()),
        ("", True, {"pdl"}),
        (WAIT + LAUNCH, True, set()),
        (LAUNCH + WAIT, True, set()),
    ],
)
def test_a_grid_that_starts_early_waits_before_it_touches_what_the_one_before_does(
    machine, first_words, programmatic, kinds
):
    text = ADD_ONE.format(wait=first_words)
    ran = run_kernel(machine, Launch(text, (bytes(128),), launches=3, programmatic=programmatic))
    assert ran.kinds() == kinds
    assert ran.arrays[0] == b"\x03\0\0\0" * 32


SHARED_RACE = """
\tmov.u32 %r1, %tid.x;
\tmov.u32 %r2, memory;
\tsetp.ne.u32 %p1, %r1, 0;
\tsetp.eq.u32 %p2, %r1, 32;
\t@%p1 bra $read;
\t.loc 1 41 5
\tst.shared.u32 [%r2], %r1;
$read:
\t.loc 1 42 9, function_name $L__info_string0, inlined_at 1 12 5
\t@%p2 ld.shared.u32 %r3, [%r2];
\tret;
"""


def test_a_finding_names_kernel_line_instruction_source_and_what_to_do(machine):
    launch = Launch(SHARED_RACE, (bytes(128),), threads=64, shared=16, schedules="consumers_first")
    finding = next(f for f in run_kernel(machine, launch).findings if f["text"] == "ld.shared.u32")
    line = 1 + launch.ptx().splitlines().index("\t@%p2 ld.shared.u32 %r3, [%r2];")
    assert (finding["kind"], finding["kernel"], finding["line"]) == ("race", "test", line)
    assert finding["source"] == "kernel.cuh:42"
    assert finding["where"] == "block (0, 0, 0), warp 1"
    writer = 1 + launch.ptx().splitlines().index("\tst.shared.u32 [%r2], %r1;")
    assert finding["message"].endswith(
        f"which warp 0 at line {writer} (st.shared.u32) wrote with nothing between the two"
    )
    assert finding["advice"] == "Wait for the barrier that says the write is over."


DEADLOCK = """
\tmov.u32 %r1, %tid.x;
\tmov.u32 %r2, memory;
\tsetp.ne.u32 %p1, %r1, 0;
\t@%p1 bra $start;
\tmbarrier.init.shared::cta.b64 [%r2], 3;
$start:
\tbar.sync 0;
\tsetp.lt.u32 %p1, %r1, 62;
\t@%p1 bra $wait;
\tmbarrier.arrive.shared::cta.b64 _, [%r2];
$wait:
\tmbarrier.try_wait.parity.shared::cta.b64 %p2, [%r2], 0;
\t@!%p2 bra $wait;
\tret;
"""


def test_a_deadlock_names_each_warp_its_line_and_what_is_missing(machine):
    launch = Launch(DEADLOCK, (bytes(128),), threads=64, shared=16)
    (finding,) = run_kernel(machine, launch).findings
    line = 1 + next(i for i, text in enumerate(launch.ptx().splitlines()) if "try_wait" in text)
    assert finding["kind"] == "deadlock"
    for warp in (0, 1):
        words = "waits for the mbarrier at 1024, in phase 0 of which 1 arrivals and 0 bytes are missing"
        assert f"block 0, warp {warp}, line {line}: {words}" in finding["message"]


REGISTERS = """
\tmov.u32 %r1, %tid.x;
\tsetp.lt.u32 %p1, %r1, 128;
\t@%p1 bra $more;
\tsetmaxnreg.dec.sync.aligned.u32 {rest};
\tbra $end;
$more:
\tsetmaxnreg.inc.sync.aligned.u32 200;
$end:
\tret;
"""


@pytest.mark.parametrize(("rest", "kinds"), [(104, set()), (112, {"setmaxnreg"})])
def test_a_block_has_the_registers_that_it_is_launched_with(machine, rest, kinds):
    """128 for each of 512 threads: a warpgroup takes 72 more, the three others give 24 or 16 each."""
    ran = run_kernel(machine, Launch(REGISTERS.format(rest=rest), (bytes(128),), threads=512))
    assert ran.kinds() == kinds


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("ld.param.u64 %rd1, [p];\nld.global.u32 %r1, [%rd1+4096];", "bounds"),
        ("mov.u32 %r1, memory;\nld.shared.u32 %r2, [%r1+16];", "bounds"),
        ("mov.u32 %r1, memory;\nld.shared.u32 %r2, [%r1+2];", "bounds"),
        ("setp.eq.u32 %p1, %r9, 0;\n@%p1 bra $end;\n$end:", "uninitialised"),
        ("mov.u32 %r1, memory;\nmbarrier.arrive.shared::cta.b64 _, [%r1];", "mbarrier"),
        ("mov.u32 %r1, %tid.x;\nsetp.lt.u32 %p1, %r1, 9;\n@%p1 bar.sync 0;", "partial-mask"),
        ("mov.u32 %r1, %tid.x;\nsetp.lt.u32 %p1, %r1, 9;\n@%p1 bar.warp.sync -1;", "partial-mask"),
        ("bar.sync 0, 48;", "barrier"),
        ("ld.param.u64 %rd1, [p];\nprefetch.tensormap [%rd1];", "tma"),
        ("$again:\nbra $again;", "deadlock"),
        ("trap;", "trap"),
        ("barrier.cluster.wait.aligned;", "barrier"),
    ],
)
def test_what_a_kernel_may_not_do(machine, body, kind):
    ran = run_kernel(machine, Launch(f"{body}\nret;", (bytes(128),), shared=16))
    assert ran.kinds() == {kind}
    assert ran.result != 0


# Lane 0 initialises; then the other warp arrives, or announces bytes that never come.
CLUSTER_START = """
\tmov.u32 %r1, %tid.x;
\tmov.u32 %r2, memory;
\tsetp.ne.u32 %p1, %r1, 0;
\t@%p1 bra $start;
\tmbarrier.init.shared::cta.b64 [%r2], 1;
\t{fence}
$start:
\tbarrier.cluster.arrive{semantics}.aligned;
\tbarrier.cluster.wait.aligned;
\tsetp.ne.u32 %p1, %r1, 32;
\t@%p1 bra $end;
\t{then}
$end:
\tret;
"""
FENCE = "fence.mbarrier_init.release.cluster;"
ARRIVE = "mbarrier.arrive.shared::cta.b64 _, [%r2];"


@pytest.mark.parametrize(
    ("fence", "semantics", "then", "kinds"),
    [
        (FENCE, "", ARRIVE, set()),
        (FENCE, ".release", ARRIVE, set()),
        (FENCE, ".relaxed", ARRIVE, set()),  # the fence publishes what it follows
        ("", ".release", ARRIVE, set()),
        ("", ".relaxed", ARRIVE, {"race"}),
        (FENCE, "", "mbarrier.expect_tx.shared::cta.b64 [%r2], 16;", {"exit"}),
    ],
)
def test_what_a_cluster_barrier_passes_on(machine, fence, semantics, then, kinds):
    body = CLUSTER_START.format(fence=fence, semantics=semantics, then=then)
    assert run_kernel(machine, Launch(body, (bytes(128),), threads=64, shared=16)).kinds() == kinds


# Each lane stores two words through a 64-bit address, and takes one of them to the array.
TWO_WORDS = """
\tmov.u32 %r1, %tid.x;
\tmov.u32 %r2, memory;
\tmad.lo.u32 %r3, %r1, 8, %r2;
\tcvt.u64.u32 %rd1, %r3;
\tst.shared.v2.u32 [%rd1], {{%r1, {second}}};
\tld.shared.u32 %r4, [%rd1+{offset}];
\tld.param.u64 %rd2, [p];
\tmul.wide.u32 %rd3, %r1, 4;
\tadd.s64 %rd4, %rd2, %rd3;
\tst.global.u32 [%rd4], %r4;
\tret;
"""


@pytest.mark.parametrize(
    ("second", "offset", "kinds"),
    [("%r1", 4, set()), ("%r50", 0, set()), ("%r50", 4, {"uninitialised"})],
)
def test_each_element_of_a_vector_has_a_value_or_has_none(machine, second, offset, kinds):
    text = TWO_WORDS.format(second=second, offset=offset)
    ran = run_kernel(machine, Launch(text, (bytes(128),), shared=256))
    assert ran.kinds() == kinds
    if not kinds:
        assert ran.arrays[0] == b"".join(lane.to_bytes(4, "little") for lane in range(32))


ASSERTION = """
\tmov.u32 %r1, %tid.x;
\tsetp.lt.u32 %p1, %r1, {least};
\t@!%p1 bra $fine;
\tmov.u64 %rd1, message;
\tcvta.global.u64 %rd2, %rd1;
\t{{ // callseq 0, 0
\t.param .b64 param0;
\tst.param.b64 [param0], %rd2;
\t.param .b32 param1;
\tst.param.b32 [param1], 112;
\tcall.uni
\t{function},
\t(
\tparam0,
\tparam1
\t);
\t}} // callseq 0
$fine:
\tret;
"""
GLOBALS = """\
.extern .func __assertfail
(
\t.param .b64 __assertfail_param_0,
\t.param .b32 __assertfail_param_1
)
;
.global .align 1 .b8 message[3] = {97, 59, 0};
"""


@pytest.mark.parametrize(
    ("least", "function", "kinds"), [(0, "__assertfail", set()), (1, "__assertfail", {"trap"}), (0, "other", {"ptx"})]
)
def test_an_assertion_of_a_kernel(machine, least, function, kinds):
    launch = Launch(ASSERTION.format(least=least, function=function), (bytes(8),), globals=GLOBALS)
    ran = run_kernel(machine, launch)
    assert ran.kinds() == kinds
    if "ptx" in kinds:
        assert "the machine knows no function 'other' in 'call.uni'" in ran.findings[0]["message"]

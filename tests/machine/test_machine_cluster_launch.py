"""clusterlaunchcontrol: running clusters take over those that have not been launched. And barriers of other kinds."""

import numpy as np
import pytest
from machine_kernel import Launch, init_and_meet, run_kernel

# Every block notes in the array who does the work of which block, then asks for another cluster's work, until none is
# left. The first block of a cluster asks for all.
BODY = (
    """
\t.reg .b128 %answer;
\tmov.u32 %r1, %tid.x;
\tmov.u32 %r2, %ctaid.x;
\tmov.u32 %r3, %cluster_ctarank;
\tmov.u32 %r4, memory;
\tadd.u32 %r5, %r4, 16;
\tld.param.u64 %rd1, [p];
\tmov.u32 %r6, %r2;
\tmov.u32 %r7, 0;
\tsetp.ne.u32 %p1, %r1, 0;
\tsetp.ne.u32 %p2, %r3, 0;
\tor.pred %p3, %p1, %p2;
"""
    + init_and_meet("%p1", "%r5")
    + """\
$again:
\tmul.wide.u32 %rd2, %r6, 4;
\tadd.s64 %rd3, %rd1, %rd2;
\tadd.u32 %r8, %r2, 1;
\t@!%p1 st.global.u32 [%rd3], %r8;
\t@!%p1 mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r5], {bytes};
\t@!%p3 clusterlaunchcontrol.try_cancel.async.shared::cta.mbarrier::complete_tx::bytes{multicast}.b128 [%r4], [%r5];
$wait:
\tmbarrier.try_wait.parity.shared::cta.b64 %p4, [%r5], %r7;
\t@!%p4 bra $wait;
\tld.shared.b128 %answer, [%r4];
\tclusterlaunchcontrol.query_cancel.is_canceled.pred.b128 %p5, %answer;
\t{guard} clusterlaunchcontrol.query_cancel.get_first_ctaid.v4.b32.b128 {{%r9, %r10, %r11, _}}, %answer;
\tbarrier.cluster.arrive.aligned;
\tbarrier.cluster.wait.aligned;
\t@!%p5 bra $end;
\tadd.u32 %r6, %r9, %r3;
\txor.b32 %r7, %r7, 1;
\tbra $again;
$end:
\tret;
"""
)
ALL = ".multicast::cluster::all"


def launch(cluster, multicast=ALL, blocks=8, bytes_=16, guard="@%p5"):
    body = BODY.format(multicast=multicast, bytes=bytes_, guard=guard)
    return Launch(body, (bytes(4 * blocks),), grid=blocks, cluster=cluster, shared=24)


@pytest.mark.parametrize(("cluster", "multicast"), [(1, ""), (1, ALL), (2, ALL), (4, ALL)])
def test_the_first_cluster_does_the_work_of_all(machine, cluster, multicast):
    ran = run_kernel(machine, launch(cluster, multicast))
    assert (ran.result, ran.findings) == (0, [])
    np.testing.assert_array_equal(np.frombuffer(ran.arrays[0], np.uint32), np.arange(8) % cluster + 1)


def test_every_block_of_a_cluster_wants_the_answer(machine):
    assert run_kernel(machine, launch(2, multicast="")).kinds() == {"deadlock"}


def test_an_answer_has_16_bytes(machine):
    assert run_kernel(machine, launch(1, bytes_=32)).kinds() == {"deadlock"}


def test_only_a_canceled_cluster_has_a_first_block(machine):
    assert run_kernel(machine, launch(1, guard="")).kinds() == {"uninitialised"}


# One warp arrives and goes on, the other waits and reads what it wrote.
HAND_OVER = """
\tmov.u32 %r1, %tid.x;
\tmov.u32 %r2, memory;
\tshl.b32 %r3, %r1, 2;
\tld.param.u64 %rd1, [p];
\tsetp.ge.u32 %p1, %r1, 32;
\t@%p1 bra $read;
\tadd.u32 %r4, %r2, %r3;
\tst.shared.u32 [%r4], %r1;
\t{arrive}
\tbra $end;
$read:
\tbar.sync 1, 64;
\tadd.u32 %r5, %r2, %r3;
\tld.shared.u32 %r6, [%r5+-128];
\tcvt.u64.u32 %rd2, %r3;
\tadd.s64 %rd3, %rd1, %rd2;
\tst.global.u32 [%rd3+-128], %r6;
$end:
\tret;
"""


@pytest.mark.parametrize("schedule", ["consumers_first", "producers_first"])
def test_who_arrives_at_a_barrier_goes_on(machine, schedule):
    body = HAND_OVER.format(arrive="bar.arrive 1, 64;")
    ran = run_kernel(machine, Launch(body, (bytes(128),), threads=64, shared=128, schedules=schedule))
    assert (ran.result, ran.findings) == (0, [])
    np.testing.assert_array_equal(np.frombuffer(ran.arrays[0], np.uint32), np.arange(32))


def test_nobody_arrives(machine):
    ran = run_kernel(machine, Launch(HAND_OVER.format(arrive=""), (bytes(128),), threads=64, shared=128))
    assert ran.kinds() == {"deadlock"}


# A barrier is used, invalidated, and used again as memory and as a barrier of another number of arrivals.
REUSE = """
\tmov.u32 %r1, memory;
\tmbarrier.init.shared::cta.b64 [%r1], 1;
\tmbarrier.arrive.shared::cta.b64 _, [%r1];
\t{end}
\tst.shared.u32 [%r1], 7;
\tmbarrier.init.shared::cta.b64 [%r1], 2;
\tmbarrier.arrive.shared::cta.b64 _, [%r1];
\tmbarrier.arrive.shared::cta.b64 _, [%r1];
$wait:
\tmbarrier.try_wait.parity.shared::cta.b64 %p1, [%r1], 0;
\t@!%p1 bra $wait;
\tret;
"""


@pytest.mark.parametrize(("end", "kinds"), [("mbarrier.inval.shared::cta.b64 [%r1];", set()), ("", {"mbarrier"})])
def test_memory_of_an_mbarrier_is_free_once_it_is_invalid(machine, end, kinds):
    ran = run_kernel(machine, Launch(REUSE.format(end=end), (bytes(8),), threads=1, shared=8))
    assert ran.kinds() == kinds


# Block 1 arrives at block 0's mbarrier and announces bytes there; block 0 brings them, and waits.
REMOTE = (
    """
\tmov.u32 %r6, %tid.x;
\tsetp.ne.u32 %p3, %r6, 0;
\tmov.u32 %r1, %cluster_ctarank;
\tmov.u32 %r2, memory;
\tadd.u32 %r3, %r2, 16;
\tmov.u32 %r4, 0;
\tsetp.ne.u32 %p1, %r1, 0;
\tor.pred %p4, %p1, %p3;
"""
    + init_and_meet("%p4", "%r3")
    + """\
\t@!%p1 bra $bring;
\tmapa.shared::cluster.u32 %r5, %r3, %r4;
\t@!%p3 mbarrier.arrive.expect_tx.shared::cluster.b64 _, [%r5], {bytes};
\tbra $end;
$bring:
\t@!%p3 clusterlaunchcontrol.try_cancel.async.shared::cta.mbarrier::complete_tx::bytes.b128 [%r2], [%r3];
$wait:
\tmbarrier.try_wait.parity.shared::cta.b64 %p2, [%r3], 0;
\t@!%p2 bra $wait;
$end:
\tbarrier.cluster.arrive.aligned;
\tbarrier.cluster.wait.aligned;
\tret;
"""
)


@pytest.mark.parametrize(("bytes_", "kinds"), [(16, set()), (8, {"deadlock"})])
def test_bytes_are_announced_at_another_blocks_mbarrier(machine, bytes_, kinds):
    launch = Launch(REMOTE.format(bytes=bytes_), (bytes(8),), grid=2, cluster=2, threads=32, shared=24)
    assert run_kernel(machine, launch).kinds() == kinds

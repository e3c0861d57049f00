"""Loads of a pair of blocks (.cta_group::2), whose bytes count at the barrier of one of the two."""

from dataclasses import replace

import numpy as np
import pytest
from machine_kernel import Launch, Map, init_and_meet, run_kernel

INT32 = 3  # CUtensorMapDataType
LEADERS = "0xFEFFFFFF"  # clears the lowest bit of the block's rank in an address of shared memory

# Each block loads its box; the leader of each pair announces both and waits. Then every block writes out its own.
BODY = (
    """
\tmov.u32 %r1, %tid.x;
\tmov.u32 %r2, %cluster_ctarank;
\tld.param.u64 %rd1, [p];
\tmov.b64 %rd9, p;
\tadd.s64 %rd9, %rd9, 128;
\tcvta.param.u64 %rd2, %rd9;
\tmov.u32 %r3, memory;
\tadd.u32 %r4, %r3, {bytes};
\tand.b32 %r5, %r4, {mask};
\tand.b32 %r6, %r2, 1;
\tsetp.ne.u32 %p1, %r1, 0;
\tsetp.ne.u32 %p2, %r6, 0;
\tor.pred %p3, %p1, %p2;
"""
    + init_and_meet("%p1", "%r4")
    + """\
\t@%p3 bra $load;
\tmbarrier.arrive.expect_tx.shared::cta.b64 _, [%r4], {expected};
$load:
\t@%p1 bra $wait;
\tshl.b32 %r7, %r2, 5;
\t{load} [%r3], [%rd2, {{%r7{rest}}}], [%r5]{operands};
$wait:
\t@%p2 bra $meet;
$again:
\tmbarrier.try_wait.parity.shared::cta.b64 %p4, [%r4], 0;
\t@!%p4 bra $again;
$meet:
\tbarrier.cluster.arrive.aligned;
\tbarrier.cluster.wait.aligned;
\tmov.u32 %r8, %r1;
$copy:
\tshl.b32 %r9, %r8, 2;
\tadd.u32 %r10, %r3, %r9;
\tld.shared.u32 %r11, [%r10];
\tmad.lo.u32 %r12, %r2, {bytes}, %r9;
\tcvt.u64.u32 %rd3, %r12;
\tadd.s64 %rd4, %rd1, %rd3;
\tst.global.u32 [%rd4], %r11;
\tadd.u32 %r8, %r8, 32;
\tsetp.lt.u32 %p5, %r8, {words};
\t@%p5 bra $copy;
\tret;
"""
)
LOAD = "cp.async.bulk.tensor.{}d.cta_group::2.shared::cluster.global.mbarrier::complete_tx::bytes"
ISA_LOAD = "cp.async.bulk.tensor.{}d.shared::cluster.global.mbarrier::complete_tx::bytes{}.cta_group::2{}"


def launch(rank, blocks=2, load=LOAD, operands="", mask=LEADERS, expected=2, **how):
    sizes, box = (32 * blocks, 4, 3, 3, 2)[:rank], (32, 4, 2, 1, 2)[:rank]
    tensor = np.arange(1, 1 + np.prod(sizes), dtype=np.int32)
    words = int(np.prod(box))
    strides = tuple(4 * int(np.prod(sizes[: i + 1])) for i in range(rank - 1))
    fill = {"bytes": 4 * words, "words": words, "rest": ", 0" * (rank - 1), "mask": mask, "operands": operands}
    body = BODY.format(load=load.format(rank), expected=expected * 4 * words, **fill)
    arrays = bytes(blocks * 4 * words), tensor.tobytes()
    maps = (Map(1, INT32, sizes, strides, box),)
    return tensor.reshape(sizes, order="F"), Launch(
        body, arrays, maps, grid=blocks, cluster=blocks, shared=4 * words + 8, **how
    )


def box_of(tensor, block):
    return tensor[(slice(32 * block, 32 * block + 32), *map(slice, (4, 2, 1, 2)))[: tensor.ndim]].reshape(-1, order="F")


@pytest.mark.parametrize("schedule", ["in_turn", "late", "seed:1"])
@pytest.mark.parametrize(("rank", "blocks"), [(1, 2), (2, 2), (3, 4), (4, 2), (5, 2)])
def test_the_bytes_of_both_blocks_count_at_the_leaders_barrier(machine, rank, blocks, schedule):
    tensor, kernel = launch(rank, blocks, schedules=schedule)
    ran = run_kernel(machine, kernel)
    assert (ran.result, ran.findings) == (0, [])
    wanted = np.concatenate([box_of(tensor, block) for block in range(blocks)])
    np.testing.assert_array_equal(np.frombuffer(ran.arrays[0], np.int32), wanted)


@pytest.mark.parametrize(
    ("load", "operands"),
    [
        (LOAD + ".L2::cache_hint", ", 0"),
        (LOAD + ".multicast::cluster.L2::cache_hint", ", %rs1, 0"),
        (ISA_LOAD.format("{}", ".multicast::cluster", ".L2::cache_hint"), ", %rs1, 0"),
        (ISA_LOAD.format("{}", "", ""), ""),
    ],
)
def test_forms_of_the_load(machine, load, operands):
    tensor, kernel = launch(2, load=load, operands=operands)
    one_block = "\tmov.u32 %r20, %cluster_ctarank;\n\tshl.b32 %r20, 1, %r20;\n\tcvt.u16.u32 %rs1, %r20;\n"
    ran = run_kernel(machine, replace(kernel, body=one_block + kernel.body))
    assert (ran.result, ran.findings) == (0, [])
    wanted = np.concatenate([box_of(tensor, block) for block in range(2)])
    np.testing.assert_array_equal(np.frombuffer(ran.arrays[0], np.int32), wanted)


def test_a_barrier_of_the_own_block_does_not_help_the_leader(machine):
    """Without the mask the other block's bytes come to its own barrier, where nobody waits."""
    assert run_kernel(machine, launch(2, mask="0xFFFFFFFF")[1]).kinds() == {"deadlock"}


def test_the_leader_announces_the_bytes_of_both(machine):
    kinds = run_kernel(machine, launch(2, expected=1, schedules="late")[1]).kinds()
    assert kinds and kinds <= {"race", "exit", "mbarrier", "uninitialised"}


def test_a_block_alone_is_no_pair(machine):
    assert run_kernel(machine, launch(2, blocks=1)[1]).kinds() == {"tma"}


def test_only_cluster_forms_reach_another_block(machine):
    address = "mov.u32 %r1, 1;\nmov.u32 %r2, memory;\nmapa.shared::cluster.u32 %r3, %r2, %r1;\n"
    body = address + "st.shared.u32 [%r3], %r1;\nret;"
    ran = run_kernel(machine, Launch(body, (bytes(8),), grid=2, cluster=2, threads=1, shared=16))
    assert ran.kinds() == {"bounds"}

"""What the PTX ISA asks of tcgen05 instructions: a kernel that does it, and the same kernel with one thing wrong."""

import pytest
from machine_kernel import Launch, run_kernel
from machine_tcgen05 import OPERANDS, lines, wait, whole
from tcgen05_kernel import SCALE_COLUMNS, Case, products_launch

PLAIN = Case("f16", "bf16", "bf16", 128, 16)
PAIR = Case("f16", "bf16", "bf16", 256, 16, group=2)
SCALED = Case("mxf8f6f4", "e4m3", "e4m3", 128, 16)
AFTER = "\ttcgen05.fence::after_thread_sync;\n"
BEFORE = "\ttcgen05.fence::before_thread_sync;\n"
FIRST_WAIT = "\tmbarrier.try_wait.parity.shared::cta.b64 %p9, [%r6], 0;\n\t@!%p9 bra $wait;\n"


def without(part, count=1):
    def change(text):
        assert part in text
        return text.replace(part, "", count)

    return change


def instead(old, new, count=1):
    def change(text):
        assert old in text
        return text.replace(old, new, count)

    return change


def last(old, new):
    def change(text):
        assert old in text
        return new.join(text.rsplit(old, 1))

    return change


def kinds(machine, case, change=lambda text: text, **how):
    return run_kernel(machine, products_launch(case, change, **how)).kinds()


@pytest.mark.parametrize("case", [PLAIN, PAIR, SCALED], ids=str)
def test_nothing_is_found_where_nothing_is_wrong(machine, case):
    schedules = "in_turn late consumers_first producers_first starve:0 seed:5"
    assert kinds(machine, case, schedules=schedules) == set()


COMMIT = "\ttcgen05.commit.cta_group::1.mbarrier::arrive::one.shared::cluster.b64 [%r6];\n"
ALLOC = "tcgen05.alloc.cta_group::1.sync.aligned.shared::cta.b32 [%r4], 512;"
DEALLOC = "tcgen05.dealloc.cta_group::1.sync.aligned.b32 %r5, 512;"
RELINQUISH = "tcgen05.relinquish_alloc_permit.cta_group::1.sync.aligned;"
WAIT_LD, WAIT_ST = "tcgen05.wait::ld.sync.aligned;", "tcgen05.wait::st.sync.aligned;"
LD = "tcgen05.ld.sync.aligned.32x32b.x1.b32 {%t200}, [%r5];"
SUMS, COLUMN = "add.u32 %r34, %r5, 0;", "add.u32 %r42, %r5, 0;"
OTHER_COMMIT = f"$issued:\n\tsetp.ne.u32 %p7, %r1, 1;\n\t@%p7 bra $other;\n{COMMIT}$other:\n"
PEER_DOES_NOT_WAIT = f"\tsetp.eq.u32 %p8, %r20, 1;\n\t@%p8 bra $over;\n{FIRST_WAIT}$over:\n"
TWO_ALLOCATIONS = f"{ALLOC.replace('512', '32')}\n\t{ALLOC.replace('512', '64')}"
B_IMAGE, FURTHER = (f"add.u32 %r33, %r4, {OPERANDS + offset};" for offset in (16384, 18000))
TWO_WARPS = "\tsetp.gt.u32 %p13, %r2, 1;\n\t@%p13 bra $allocated;\n"
OTHER_WARP = "mov.u32 %r24, %cluster_ctarank;\n\tsetp.ne.u32 %p1, %r2, %r24;"
# What is wrong with a kernel, and kinds of findings that fit.
WRONG = {
    "no commit": (PLAIN, without(COMMIT), {"deadlock"}),
    "sums are read before the commit": (PLAIN, without(FIRST_WAIT), {"race", "exit"}),
    "no fence after the wait for the commit": (PLAIN, last(AFTER, ""), {"tcgen05-fence"}),
    "no fence after the wait for who stored": (PLAIN, without(AFTER), {"tcgen05-fence"}),
    "no fence before the barrier, after stores": (PLAIN, without(BEFORE), {"race"}),
    "stores are not waited for": (PLAIN, without(f"\t{WAIT_ST}\n"), {"race", "exit"}),
    "loads are not waited for": (PLAIN, without(f"\t{WAIT_LD}\n"), {"tcgen05"}),
    "a warp exits with a load under way": (PLAIN, last(BEFORE, f"\t{LD}\n{BEFORE}"), {"exit", "race"}),
    "no proxy fence": (PLAIN, without("\tfence.proxy.async.shared::cta;\n"), {"proxy-fence"}),
    "columns are not deallocated": (PLAIN, without(DEALLOC), {"exit"}),
    "columns are deallocated twice": (PLAIN, instead(DEALLOC, f"{DEALLOC}\n\t{DEALLOC}"), {"tcgen05"}),
    "other columns are deallocated": (PLAIN, instead(DEALLOC, DEALLOC.replace("512", "256")), {"tcgen05"}),
    "columns are deallocated while others load": (PLAIN, last(BEFORE, ""), {"race"}),
    "48 columns are allocated": (PLAIN, instead(ALLOC, ALLOC.replace("512", "48")), {"tcgen05"}),
    "1,024 columns are allocated": (PLAIN, instead(ALLOC, ALLOC.replace("512", "1024")), {"tcgen05"}),
    "too few columns are allocated": (PLAIN, lambda text: text.replace(", 512;", ", 32;"), {"bounds"}),
    "more are allocated than there are": (PLAIN, instead(ALLOC, f"{ALLOC}\n\t{ALLOC}"), {"deadlock"}),
    "a later allocation is larger": (PLAIN, instead(ALLOC, TWO_ALLOCATIONS), {"tcgen05", "bounds"}),
    "the permit was given up": (PLAIN, instead(ALLOC, f"{RELINQUISH}\n\t{ALLOC}"), {"tcgen05"}),
    "one lane allocates": (PLAIN, instead("\tbar.warp.sync -1;\n", "\t@%p2 bra $allocated;\n"), {"partial-mask"}),
    "two warps allocate": (PLAIN, instead("\t@%p1 bra $allocated;\n", TWO_WARPS), {"tcgen05", "race", "deadlock"}),
    "warp 0 of one block, warp 1 of its pair": (PAIR, instead("setp.ne.u32 %p1, %r2, 0;", OTHER_WARP), {"tcgen05"}),
    "all lanes issue": (
        PLAIN,
        instead("setp.ne.u32 %p6, %r21, 0;", "setp.gt.u32 %p6, %r1, 31;"),
        {"tcgen05", "deadlock"},
    ),
    "another lane commits": (PLAIN, instead(f"{COMMIT}$issued:\n", OTHER_COMMIT), {"tcgen05"}),
    "a commit for a block that is not there": (PAIR, instead("mov.b16 %rs1, 3;", "mov.b16 %rs1, 7;"), {"tcgen05"}),
    "a commit for one block of a pair": (PAIR, instead("mov.b16 %rs1, 3;", "mov.b16 %rs1, 1;"), {"deadlock"}),
    "a block does not wait for its pair": (PAIR, instead(FIRST_WAIT, PEER_DOES_NOT_WAIT), {"race", "exit"}),
    "single blocks and pairs": (PAIR, last("dealloc.cta_group::2", "dealloc.cta_group::1"), {"tcgen05"}),
    "scales lie where sums are": (SCALED, instead("[%r36], [%r37], %p", "[%r34], [%r37], %p"), {"tcgen05", "race"}),
    "copies of scales differ": (SCALED, instead("32x128b.warpx4 [%r38]", "128x128b [%r38]"), {"tcgen05"}),
    "a warp loads another's lanes": (PLAIN, last(COLUMN, f"add.u32 %r42, %r5, {64 << 16};"), {"tcgen05"}),
    "lanes load from different columns": (PLAIN, last(COLUMN, "add.u32 %r42, %r5, %r3;"), {"tcgen05"}),
    "sums end outside the allocation": (PLAIN, instead(SUMS, "add.u32 %r34, %r5, 500;"), {"bounds"}),
    "sums start inside a quarter": (PLAIN, instead(SUMS, f"add.u32 %r34, %r5, {16 << 16};"), {"tcgen05"}),
    "operands end outside shared memory": (PLAIN, last(B_IMAGE, FURTHER), {"bounds"}),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_found(machine, what):
    case, change, expected = WRONG[what]
    found = kinds(machine, case, change)
    assert found and found <= expected, found


def test_a_pair_needs_a_cluster(machine):
    launch = products_launch(PAIR)
    alone = Launch(launch.body, launch.arrays, threads=128, shared=launch.shared)
    assert run_kernel(machine, alone).kinds() == {"tcgen05"}


@pytest.mark.parametrize("bit", [0, 2, 3, 6, 13, 14, 29, 31])
def test_bits_that_must_be_zero_or_that_the_machine_does_not_know(machine, bit):
    good = f"%rd15, {PLAIN.descriptor}, "
    assert kinds(machine, PLAIN, instead(good, f"%rd15, {PLAIN.descriptor | 1 << bit}, ")) == {"tcgen05"}


SIZES = [
    ("f16", "bf16", 1, 96, 16), ("f16", "bf16", 1, 128, 8), ("f16", "bf16", 1, 256, 16), ("f16", "bf16", 2, 64, 16),
    ("f16", "bf16", 2, 256, 8), ("mxf8f6f4", "e4m3", 1, 256, 16), ("f8f6f4", "e4m3", 1, 64, 0),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "group", "m", "n"), SIZES)
def test_sizes_that_there_are_not(machine, kind, name, group, m, n):
    case = Case(kind, name, name, 128 * group, 16, group=group)
    wrong = Case(kind, name, name, m, n, group=group)
    change = instead(f"%rd15, {case.descriptor}", f"%rd15, {wrong.descriptor}")
    assert kinds(machine, case, change) == {"tcgen05"}


@pytest.mark.parametrize(
    ("first", "count", "value"), [(14, 2, 1), (46, 3, 0), (49, 3, 1), (52, 1, 1), (61, 3, 3), (61, 3, 1)]
)
def test_fields_of_an_operands_descriptor(machine, first, count, value):
    good = PLAIN.layout(True).descriptor(0)
    bad = good & ~((1 << count) - 1 << first) | value << first
    assert kinds(machine, PLAIN, instead(f"%rd11, {good};", f"%rd11, {bad - (bad >> 63 << 64)};")) == {"tcgen05"}


def test_nothing_is_added_to_what_nobody_has_written(machine):
    def change(text):
        return text.replace("add.u32 %r34, %r5, 0;", f"add.u32 %r34, %r5, {SCALE_COLUMNS};")

    assert kinds(machine, PLAIN, change) == {"uninitialised"}
    assert kinds(machine, PLAIN, change, accumulates=False) == set()


ST = "tcgen05.st.sync.aligned.32x32b.x1.b32 [%r5], {%r1};"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ST}\n{WAIT_ST}\n{LD}\n{WAIT_LD}", set()),
        (f"{ST}\n{LD}\n{WAIT_LD}\n{WAIT_ST}", {"race"}),
        (f"{ST}\n{ST}\n{WAIT_ST}", {"race"}),
        (f"{ST}\n{WAIT_ST}\n{LD}\n{ST}\n{WAIT_ST}\n{WAIT_LD}", {"race"}),
        (f"{ST}\n{WAIT_ST}\n{LD}\nmov.b32 %t200, 1;\n{WAIT_LD}", {"tcgen05"}),
        (f"{ST}\n{WAIT_ST}\n{LD}\n{WAIT_LD}\n{ST}\n{WAIT_ST}", set()),
    ],
)
def test_loads_and_stores_of_one_warp(machine, text, expected):
    launch = Launch(whole(lines(text)), (bytes(4), bytes(4), bytes(4)), threads=128, shared=64)
    assert run_kernel(machine, launch).kinds() == expected


def test_what_nobody_wrote_may_be_copied_but_not_kept(machine):
    text = lines(f"{LD}\n{WAIT_LD}\nadd.u32 %t1, %t200, 1;")
    arrays = (bytes(512), bytes(4), bytes(4))
    assert run_kernel(machine, Launch(whole(text), arrays, threads=128, shared=64)).kinds() == set()
    text += lines("mul.wide.u32 %rd9, %r1, 4;\nadd.s64 %rd9, %rd1, %rd9;\nst.global.u32 [%rd9], %t1;")
    assert run_kernel(machine, Launch(whole(text), arrays, threads=128, shared=64)).kinds() == {"uninitialised"}


def test_rows_that_nobody_wrote_stay_in_their_rows(machine):
    """128 rows of A of which 64 are in memory: sums of the others may not leave, these may."""
    half = PLAIN.m // 2 * PLAIN.layout(True).row_bytes
    skip = f"sub.u32 %r22, %r30, {half};\n\tsetp.lt.u32 %p10, %r22, {half};"

    def change(text):
        return text.replace("$copy:", f"$copy:\n\t{skip}").replace("\tst.shared.v4", "\t@!%p10 st.shared.v4")

    def keep(text):
        text = change(text).replace("$copy:", "setp.ge.u32 %p11, %r1, 64;\n$copy:")
        return text.replace("\tst.global.u32", "\t@!%p11 st.global.u32")

    assert kinds(machine, PLAIN, change) == {"uninitialised"}
    assert kinds(machine, PLAIN, keep) == set()


def test_level_public_wants_no_fences(machine):
    def change(text):
        return text.replace(AFTER, "").replace(BEFORE, "")

    assert "tcgen05-fence" in kinds(machine, PLAIN, lambda text: text.replace(AFTER, ""))
    for case in (PLAIN, PAIR, SCALED):
        assert kinds(machine, case, change, level="public") == set()
    assert "race" in kinds(machine, PLAIN, without(FIRST_WAIT), level="public")


def test_operations_take_effect_when_the_schedule_says(machine, monkeypatch):
    """Without a wait hardware may be early or late; without the checker the machine shows both."""
    monkeypatch.setenv("AOTGEMM_PTX_CHECKS", "0")
    launches = [products_launch(PLAIN, without(FIRST_WAIT), schedules=schedules) for schedules in ("in_turn", "late")]
    own = slice(0, 32 * SCALE_COLUMNS * 4)  # lanes of the warp that issues
    right, early, late = (run_kernel(machine, launch).arrays[2][own] for launch in (products_launch(PLAIN), *launches))
    assert early == right
    assert late == launches[0].arrays[1][own] != right


# After the sums have left: thread 0 multiplies once more, or another warp copies scales for it.
AGAIN = lines(f"""
    @%p6 bra $again;
    tcgen05.mma.cta_group::1.kind::f16 [%r34], %rd14, %rd15, {PLAIN.descriptor}, %p4;
    tcgen05.commit.cta_group::1.mbarrier::arrive::one.shared::cluster.b64 [%r7];
    $again:""")
MEETING = lines("tcgen05.fence::before_thread_sync;\nbar.sync 0;\ntcgen05.fence::after_thread_sync;")
WAIT_AGAIN = wait("%r7", label="wait_again") + AFTER


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (MEETING + AGAIN + WAIT_AGAIN, set()),
        (AGAIN + WAIT_AGAIN, {"race"}),  # others may still load
        (MEETING.replace(AFTER, "") + AGAIN + WAIT_AGAIN, {"tcgen05-fence"}),
        (MEETING.replace(BEFORE, "") + AGAIN + WAIT_AGAIN, {"race"}),
        (MEETING + AGAIN, {"race", "exit"}),  # deallocated while the mma is under way
    ],
)
def test_sums_are_handed_back_before_the_next_product(machine, more, expected):
    found = kinds(machine, PLAIN, last(BEFORE, more + BEFORE), schedules="consumers_first")
    assert found <= expected and bool(found) == bool(expected), found


COPY = "tcgen05.cp.cta_group::1.32x128b.warpx4"
BY_ANOTHER_WARP = "setp.ne.u32 %p12, %r1, 32;\n\t@%p12 bra $copied_scales;\n\t"


@pytest.mark.parametrize(
    ("meeting", "expected"),
    [(MEETING, set()), (MEETING.replace(AFTER, ""), {"tcgen05-fence"}), (MEETING.replace(BEFORE, ""), {"race"})],
)
def test_scales_that_another_warp_copies(machine, meeting, expected):
    def change(text):
        head, rest = text.split("\t@%p6 bra $issued;\n")
        copies = rest[: rest.index("\tsetp.ne.b32 %p4, 1, 1;")]
        commit = "\ttcgen05.commit.cta_group::1.mbarrier::arrive::one.shared::cluster.b64 [%r8];\n"
        issue = "".join(line for line in rest.splitlines(keepends=True) if COPY not in line).replace(AFTER, "", 1)
        by_other = f"\t{BY_ANOTHER_WARP}{copies}{commit}$copied_scales:\n"
        over = wait("%r8", label="wait_copied")
        return head + by_other + meeting + "\t@%p6 bra $issued;\n" + issue.replace("$issued:\n", "$issued:\n" + over, 1)

    found = kinds(machine, SCALED, change)
    assert found == expected, found


def test_a_pair_ends_when_both_are_done(machine):
    """The even block goes on alone: the odd one leaves without waiting for anything."""
    leave = "\tsetp.eq.u32 %p8, %r20, 1;\n\t@%p8 bra $end;\n"
    change = instead("\t@%p6 bra $issued;\n", leave + "\t@%p6 bra $issued;\n")
    assert "exit" in kinds(machine, PAIR, change, schedules="producers_first")


def test_a_deadlock_for_tensor_memory_says_so(machine):
    _, change, _ = WRONG["more are allocated than there are"]
    (finding,) = run_kernel(machine, products_launch(PLAIN, change)).findings
    assert "waits for columns of tensor memory" in finding["message"]

"""Bulk tensor copies of 1 to 5 dimensions, with every swizzle and at every edge, against NumPy."""

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest
from machine_kernel import Launch, Map, run_kernel
from tf32_pairs import PAIRS

INT32, FLOAT32, BFLOAT16, TFLOAT32 = 3, 7, 9, 11  # CUtensorMapDataType
SPAN = {0: 0, 1: 32, 2: 64, 3: 128}  # bytes of a row that a swizzle permutes

# 32 threads; the box lies at the start of dynamic shared memory, which is 1,024 bytes aligned, its mbarrier after it.
START = """
\tmov.u32 %r1, %tid.x;
\tld.param.u64 %rd1, [p];
\tmov.b64 %rd9, p;
\tadd.s64 %rd9, %rd9, 128;
\tcvta.param.u64 %rd2, %rd9;
\tmov.u32 %r2, memory;
\tadd.u32 %r3, %r2, {bytes};
\tsetp.ne.u32 %p1, %r1, 0;
"""
# Word i of shared memory to or from word i of the array.
COPY = """
\tmov.u32 %r5, %r1;
$copy:
\tshl.b32 %r6, %r5, 2;
\tadd.u32 %r7, %r2, %r6;
\tcvt.u64.u32 %rd3, %r6;
\tadd.s64 %rd4, %rd1, %rd3;
{move}
\tadd.u32 %r5, %r5, 32;
\tsetp.lt.u32 %p2, %r5, {words};
\t@%p2 bra $copy;
"""
LOAD = (
    START
    + """
\t@%p1 bra $wait;
\tmbarrier.init.shared::cta.b64 [%r3], 1;
\tfence.mbarrier_init.release.cluster;
\tmbarrier.arrive.expect_tx.shared::cta.b64 _, [%r3], {bytes};
\tcp.async.bulk.tensor.{rank}d.shared::cluster.global.mbarrier::complete_tx::bytes [%r2], [%rd2, {{{at}}}], [%r3];
$wait:
\tbar.sync 0;
$again:
\tmbarrier.try_wait.parity.shared::cta.b64 %p3, [%r3], 0;
\t@!%p3 bra $again;
"""
    + COPY
    + "\tret;"
)
STORE = (
    START
    + COPY
    + """
\tfence.proxy.async.shared::cta;
\tbar.sync 0;
\t@%p1 bra $end;
\tcp.async.bulk.tensor.{rank}d.global.shared::cta.bulk_group [%rd2, {{{at}}}], [%r2];
\tcp.async.bulk.commit_group;
\tcp.async.bulk.wait_group.read 0;
$end:
\tret;"""
)
READ = "\tld.shared.u32 %r8, [%r7];\n\tst.global.u32 [%rd4], %r8;"
WRITE = "\tld.global.u32 %r8, [%rd4];\n\tst.shared.u32 [%r7], %r8;"

# Sizes and box, the innermost dimension first, and where the box starts.
CASES = [
    ((80,), (32,), (8,), 0),
    ((80,), (32,), (-4,), 0),
    ((80,), (32,), (60,), 0),
    ((40, 12), (8, 8), (4, 2), 1),
    ((40, 12), (16, 8), (-16, 9), 2),
    ((40, 12), (32, 8), (16, 7), 3),
    ((40, 12), (32, 16), (-4, -2), 3),
    ((36, 7, 5), (16, 3, 2), (28, 5, 4), 2),
    ((36, 7, 5), (32, 4, 2), (4, -1, 1), 3),
    ((12, 5, 4, 3), (8, 2, 3, 2), (8, 4, 2, 2), 1),
    ((12, 5, 4, 3, 3), (4, 2, 3, 2, 2), (8, 3, -1, 1, 2), 0),
    ((12, 5, 4, 3, 3), (8, 4, 1, 2, 2), (4, 0, 3, 2, -1), 1),
]


def place_in_memory(box, swizzle):
    """Of each element of the box, in its order: its word in shared memory. The swizzle moves pieces of 16 bytes."""
    address = 4 * np.arange(np.prod(box))
    rows_apart = address // 128 % (SPAN[swizzle] // 16) if swizzle else 0
    return (address ^ 16 * rows_apart) // 4


def indices(box, at):
    """Of each element of the box, in its order: its coordinates in the tensor, the innermost first."""
    return [index.reshape(-1, order="F") + at[i] for i, index in enumerate(np.indices(box))]


def launch(text, case, words, contents, move):
    sizes, box, at, swizzle = case
    strides = tuple(4 * int(np.prod(sizes[: i + 1])) for i in range(len(sizes) - 1))
    tensor = Map(1, INT32, sizes, strides, box, swizzle)
    fill = {"bytes": 4 * words, "words": words, "rank": len(box), "at": ", ".join(map(str, at)), "move": move}
    return Launch(text.format(**fill), contents, (tensor,), shared=4 * words + 8)


def tensor_of(sizes):
    return np.arange(1, 1 + np.prod(sizes), dtype=np.int32).reshape(sizes, order="F")


@pytest.mark.parametrize("schedule", ["in_turn", "late"])
@pytest.mark.parametrize("case", CASES)
def test_a_load_brings_the_box_and_zeros_beyond_the_tensor(machine, case, schedule):
    sizes, box, at, swizzle = case
    tensor, words = tensor_of(sizes), int(np.prod(box))
    where = indices(box, at)
    inside = np.all([(0 <= index) & (index < size) for index, size in zip(where, sizes, strict=True)], axis=0)
    wanted = np.zeros(words, np.int32)
    values = tensor[tuple(index.clip(0, size - 1) for index, size in zip(where, sizes, strict=True))]
    wanted[place_in_memory(box, swizzle)] = np.where(inside, values, 0)
    ran = run_kernel(machine, launch(LOAD, case, words, (bytes(4 * words), tensor.tobytes(order="F")), READ))
    assert (ran.result, ran.findings) == (0, [])
    np.testing.assert_array_equal(np.frombuffer(ran.arrays[0], np.int32), wanted)


@pytest.mark.parametrize(("text", "move"), [(LOAD, READ), (STORE, WRITE)])
def test_a_box_starts_at_a_multiple_of_16_bytes(machine, text, move):
    case = ((80,), (32,), (6,), 0)
    ran = run_kernel(machine, launch(text, case, 32, (bytes(128), bytes(320)), move))
    assert ran.kinds() == {"tma"}


@pytest.mark.parametrize("case", [case for case in CASES if min(case[2]) >= 0])
def test_a_store_writes_what_lies_inside_the_tensor(machine, case):
    sizes, box, at, swizzle = case
    words = int(np.prod(box))
    memory = np.arange(1000, 1000 + words, dtype=np.int32)
    wanted = tensor_of(sizes)
    where = indices(box, at)
    inside = np.all([index < size for index, size in zip(where, sizes, strict=True)], axis=0)
    wanted[tuple(index[inside] for index in where)] = memory[place_in_memory(box, swizzle)][inside]
    contents = memory.tobytes(), tensor_of(sizes).tobytes(order="F")
    ran = run_kernel(machine, launch(STORE, case, words, contents, WRITE))
    assert (ran.result, ran.findings) == (0, [])
    np.testing.assert_array_equal(np.frombuffer(ran.arrays[1], np.int32).reshape(sizes, order="F"), wanted)


def test_a_load_through_tfloat32_rounds_as_an_h200_did(machine):
    numbers, rounded = np.array(PAIRS, np.uint32).T
    load = launch(LOAD, ((40,), (40,), (0,), 0), 40, (bytes(160), numbers.tobytes()), READ)
    ran = run_kernel(machine, replace(load, maps=(replace(load.maps[0], type=TFLOAT32),)))
    assert (ran.result, ran.findings) == (0, [])
    np.testing.assert_array_equal(np.frombuffer(ran.arrays[0], np.uint32), rounded)


def test_a_store_that_starts_outside_is_told(machine):
    case = ((40, 12), (8, 8), (4, -2), 1)
    ran = run_kernel(machine, launch(STORE, case, 64, (bytes(256), bytes(4 * 480)), WRITE))
    assert ran.kinds() == {"tma"} and ran.result != 0


ADD = STORE.replace(
    "cp.async.bulk.tensor.{rank}d.global.shared::cta.", "cp.reduce.async.bulk.tensor.{rank}d.global.shared::cta.add."
)


def add_to(type_, dtype, level="public"):
    """A box at the end of a row of 40 words is added; what hangs over is cut off."""
    random = np.random.default_rng(0)
    words_of = 4 // np.dtype(dtype).itemsize
    here, there = (random.standard_normal(n * words_of).astype(np.float32) * 100 for n in (32, 40))
    here, there = here.astype(dtype), there.astype(dtype)
    tensor = Map(1, type_, (40 * words_of,), (), (32 * words_of,))
    body = ADD.format(bytes=128, words=32, rank=1, at=16 * words_of, move=WRITE)
    wanted = there.copy()
    wanted[16 * words_of :] = (
        there[16 * words_of :].astype(np.float32) + here[: 24 * words_of].astype(np.float32)
    ).astype(dtype)
    return wanted, Launch(body, (here.tobytes(), there.tobytes()), (tensor,), shared=128, level=level)


@pytest.mark.parametrize(("type_", "dtype"), [(FLOAT32, np.float32), (BFLOAT16, ml_dtypes.bfloat16), (INT32, np.int32)])
def test_an_addition_rounds_once(machine, type_, dtype):
    wanted, kernel = add_to(type_, dtype)
    ran = run_kernel(machine, kernel)
    assert (ran.result, ran.findings) == (0, [])
    assert ran.arrays[1] == wanted.tobytes()


def test_an_addition_is_for_kernels_of_others(machine):
    assert run_kernel(machine, add_to(FLOAT32, np.float32, "strict")[1]).kinds() == {"tma"}


def test_what_was_never_written_may_be_copied_but_not_consumed(machine):
    case = ((40, 12), (8, 8), (4, 2), 1)
    load = launch(LOAD, case, 64, (bytes(256), bytes(4 * 480)), READ)
    assert run_kernel(machine, load).kinds() == set()
    unknown = Launch(load.body, load.arrays, load.maps, shared=load.shared, uninitialised=(1,))
    assert run_kernel(machine, unknown).kinds() == {"uninitialised"}  # by the store to the array, not by the copies
    only_loaded = launch(LOAD, case, 64, (bytes(256), bytes(4 * 480)), "\tld.shared.u32 %r8, [%r7];")
    assert (
        run_kernel(
            machine, Launch(only_loaded.body, load.arrays, load.maps, shared=load.shared, uninitialised=(1,))
        ).kinds()
        == set()
    )

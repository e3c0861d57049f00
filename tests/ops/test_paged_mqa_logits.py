"""Paged indexer logits on the CPU: those of the prefill call on the gathered keys; schedules of every kind."""

import aotgemm
import numpy as np
import pytest
from aotgemm.problems.backends import speaking_for
from hypothesis import given, settings
from hypothesis import strategies as st
from indexer_problems import BF16, bits, draw_paged

SPLIT = 256


@settings(max_examples=60, deadline=None)
@given(
    format=st.sampled_from((("sm_90a", False), ("sm_100a", False), ("sm_100a", True))),
    lengths=st.lists(st.integers(-2, 700), min_size=1, max_size=5),
    rows=st.integers(1, 5),
    heads=st.sampled_from((8, 16, 32, 64)),
    head_dim=st.sampled_from((32, 64, 128)),
    block=st.sampled_from((32, 64)),
    slots=st.integers(1, 9),
    width=st.integers(1, 720),
    dtype=st.sampled_from((np.float32, BF16)),
    seed=st.integers(0, 1000),
)
def test_logits_of_gathered_keys_and_nothing_else(
    format, lengths, rows, heads, head_dim, block, slots, width, dtype, seed
):
    arch, is_fp4 = format
    heads = heads if arch == "sm_100a" else max(heads, 16)
    problem = draw_paged(
        np.random.default_rng(seed), lengths, rows, heads, max(head_dim, 64) if is_fp4 else head_dim, block, is_fp4
    )
    schedule = aotgemm.get_paged_mqa_logits_metadata(problem.lengths, block, slots)
    with speaking_for(arch):
        np.testing.assert_array_equal(bits(problem.run(schedule, width, dtype)), bits(problem.expected(width, dtype)))


@settings(max_examples=60, deadline=None)
@given(lengths=st.lists(st.integers(0, 3000), min_size=1, max_size=40), slots=st.integers(1, 140))
def test_schedule(lengths, slots):
    lens = np.zeros((len(lengths), 2), np.int32)
    lens[:, 1] = lengths
    got = aotgemm.get_paged_mqa_logits_metadata(lens, 64, slots)
    splits = [-(-length // SPLIT) for length in lengths]
    where = [(sequence, split) for sequence, count in enumerate(splits) for split in range(count)]
    where.append((len(lengths), 0))
    each, more = divmod(sum(splits), slots)
    starts = [slot * each + max(0, slot - (slots - more)) for slot in range(slots + 1)]
    assert got.dtype == np.int32 and got.tolist() == [list(where[start]) for start in starts]


def test_schedules_of_others():
    """Any partition gives the same logits; what lies outside of sequences and keys is left out."""
    problem = draw_paged(np.random.default_rng(1), [600, 0, 300], 2, 64, 128, 64)
    wanted = problem.expected(640, np.float32)
    whole = [[0, 0], [0, 1], [0, 2], [2, 0], [2, 1], [3, 0]]
    beyond = [[0, 0], [0, 9], [1, 5], [2, 0], [2, 99], [2**31 - 1, 2**31 - 1]]
    for schedule in (whole, [[0, 0], [3, 0]], [[0, 0], [2, 2]], beyond):
        np.testing.assert_array_equal(bits(problem.run(np.array(schedule, np.int32), 640, np.float32)), bits(wanted))
    nothing = problem.expected(0, np.float32, room=640)
    for schedule in (
        [[-5, 0], [3, 0]],
        [[0, -1], [3, 0]],
        [[3, 0], [3, 0]],
        [[2**31 - 1, 0], [0, 0]],
        [[0, 2**31 - 1]] * 2,
    ):
        np.testing.assert_array_equal(bits(problem.run(np.array(schedule, np.int32), 640, np.float32)), bits(nothing))


def test_blocks_that_are_not_there_are_zeros():
    problem = draw_paged(np.random.default_rng(2), [200, 200], 1, 64, 128, 64)
    problem.table[0, 1], problem.table[1, 2] = -1, 2**30
    schedule = aotgemm.get_paged_mqa_logits_metadata(problem.lengths, 64, 3)
    logits = problem.run(schedule, 200, np.float32)
    assert (logits[0, 64:128] == 0).all() and (logits[1, 128:192] == 0).all()
    assert (logits[0, :64] != 0).any() and (logits[0, 128:200] != 0).any()


@pytest.mark.parametrize("block", [32, 64])
def test_public_form_in_fp4(block):
    """The cache is bytes, as elsewhere."""
    problem = draw_paged(np.random.default_rng(3), [100, 333], 2, 32, 64, block, fp4=True)
    schedule = aotgemm.get_paged_mqa_logits_metadata(problem.lengths, block, 4)
    operands = problem.cache, problem.weights, problem.lengths, problem.table, schedule, 400
    with pytest.raises(aotgemm.DtypeError, match="q_sf: is given, allowed is none: .* FP4 is for sm_100a"):
        aotgemm.fp8_fp4_paged_mqa_logits((problem.q, problem.q_scales), *operands)
    with speaking_for("sm_100a"):
        logits = aotgemm.fp8_fp4_paged_mqa_logits((problem.q, problem.q_scales), *operands)
        wanted = problem.expected(400, np.float32)
        with pytest.raises(aotgemm.DtypeError, match="q: dtype is int8, allowed is float8_e4m3fn"):
            aotgemm.fp8_fp4_paged_mqa_logits(problem.q, *operands)
    for row, length in enumerate((100, 100, 333, 333)):
        np.testing.assert_array_equal(bits(logits[row, :length]), bits(wanted[row, :length]))


@pytest.mark.parametrize("dtype", [np.float32, BF16], ids=str)
def test_public_form(dtype):
    problem = draw_paged(np.random.default_rng(3), [100, 333], 2, 32, 64, 32)
    schedule = aotgemm.get_paged_mqa_logits_metadata(problem.lengths, 32, 4)
    operands = problem.q, problem.cache, problem.weights, problem.lengths, problem.table, schedule
    logits = aotgemm.fp8_fp4_paged_mqa_logits(*operands, 400, logits_dtype=dtype)
    assert logits.shape == (4, 400) and logits.strides[0] == aotgemm.align(512 * logits.itemsize, 1024)
    wanted = problem.expected(400, dtype)
    for row, length in enumerate((100, 100, 333, 333)):
        np.testing.assert_array_equal(bits(logits[row, :length]), bits(wanted[row, :length]))
    if dtype == np.float32:
        plain = aotgemm.fp8_paged_mqa_logits(*operands, 400)
        np.testing.assert_array_equal(bits(plain[2, :333]), bits(logits[2, :333]))


def test_blocks_that_lie_apart():
    problem = draw_paged(np.random.default_rng(4), [300], 1, 64, 128, 64)
    apart = np.zeros((len(problem.cache), 64 * 132 + 48), np.uint8)
    apart[:, : 64 * 132] = problem.cache.reshape(len(problem.cache), -1)
    strides = apart.strides[0], 132, 132, 1
    wide = np.lib.stride_tricks.as_strided(apart, problem.cache.shape, strides)
    schedule = aotgemm.get_paged_mqa_logits_metadata(problem.lengths, 64, 2)
    operands = problem.weights, problem.lengths, problem.table, schedule, 300
    one, two = (aotgemm.fp8_paged_mqa_logits(problem.q, cache, *operands) for cache in (problem.cache, wide))
    np.testing.assert_array_equal(bits(one), bits(two))


@pytest.mark.parametrize("sequences", [0, 2])
def test_nothing_to_do(sequences):
    problem = draw_paged(np.random.default_rng(5), [0] * sequences, 1, 64, 128, 64)
    schedule = aotgemm.get_paged_mqa_logits_metadata(problem.lengths, 64, 3)
    assert schedule.tolist() == [[sequences, 0]] * 4
    operands = problem.q, problem.cache, problem.weights, problem.lengths, problem.table, schedule
    assert aotgemm.fp8_paged_mqa_logits(*operands, 8).shape == (sequences, 8)


def refused(error, message, **changes):
    problem = draw_paged(np.random.default_rng(6), [100, 90], 2, 32, 64, 64)
    arguments = {
        "q": problem.q,
        "kv_cache": problem.cache,
        "weights": problem.weights,
        "context_lens": problem.lengths,
        "block_table": problem.table,
        "schedule_meta": np.zeros((4, 2), np.int32),
        "max_context_len": 128,
    }
    with pytest.raises(error, match=message):
        aotgemm.fp8_fp4_paged_mqa_logits(**(arguments | changes))


def test_errors_name_the_argument():
    ints, cache = np.zeros((2, 2), np.int32), np.zeros((3, 64, 1, 68), np.uint8)
    refused(aotgemm.ShapeError, "q: has 3 dimensions", q=np.zeros((2, 32, 64), np.uint8))
    refused(aotgemm.DtypeError, "kv_cache: dtype is int32, allowed is uint8", kv_cache=cache.astype(np.int32))
    refused(aotgemm.ShapeError, "block_kv: is 16, allowed is 32 or 64", kv_cache=cache[:, :16])
    refused(aotgemm.ShapeError, "kv_cache: shape is .*size 3 must be 68", kv_cache=np.zeros((3, 64, 1, 132), np.uint8))
    odd = np.lib.stride_tricks.as_strided(np.zeros(99999, np.uint8), cache.shape, (64 * 68 + 4, 68, 68, 1))
    stride = "kv_cache: stride of dimension 0 is 4356 bytes, must be a multiple of 16 .*as it is without padding"
    refused(aotgemm.LayoutError, stride, kv_cache=odd)
    refused(
        aotgemm.LayoutError,
        "kv_cache: strides of dimensions 1 and 3",
        kv_cache=np.zeros((3, 64, 1, 99), np.uint8)[..., :68],
    )
    refused(aotgemm.ShapeError, "weights: shape is .*size 0 must be 4", weights=np.zeros((2, 32), np.float32))
    refused(aotgemm.ShapeError, "context_lens: has 1 dimensions", context_lens=ints[0])
    refused(aotgemm.ShapeError, "context_lens: shape is .*size 1 must be 2", context_lens=ints[:, :1].copy())
    refused(aotgemm.DtypeError, "block_table: dtype is float32", block_table=np.zeros((2, 2), np.float32))
    refused(
        aotgemm.LayoutError, "block_table: stride of dimension 1 is 2", block_table=np.zeros((2, 4), np.int32)[:, ::2]
    )
    refused(aotgemm.ShapeError, "schedule_meta: shape is .*size 1 must be 2", schedule_meta=np.zeros((4, 3), np.int32))
    refused(aotgemm.ShapeError, "max_context_len: is 0, allowed is 1 to 2147483135", max_context_len=0)
    refused(aotgemm.LayoutError, "clean_logits: is True, allowed is False", clean_logits=True)
    refused(aotgemm.DtypeError, "indices: is a ndarray, allowed is None", indices=ints)
    with pytest.raises(aotgemm.ShapeError, match="num_sms: is 0, allowed is 1 to 2147483134"):
        aotgemm.get_paged_mqa_logits_metadata(ints, 64, 0)
    with pytest.raises(aotgemm.ShapeError, match="block_kv: is 128, allowed is 32 or 64"):
        aotgemm.get_paged_mqa_logits_metadata(ints, 128, 4)
    with pytest.raises(aotgemm.ShapeError, match="context_lens: has 1 dimensions"):
        aotgemm.get_paged_mqa_logits_metadata(ints[0], 64, 4)


def test_threads_change_no_bit():
    problem = draw_paged(np.random.default_rng(7), [900, 5, 1100], 3, 64, 128, 64)
    schedule = aotgemm.get_paged_mqa_logits_metadata(problem.lengths, 64, 7)
    results = [bits(problem.run(schedule, 1100, np.float32, threads=threads)) for threads in (1, 3)]
    np.testing.assert_array_equal(*results)

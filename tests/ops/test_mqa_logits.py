"""Indexer logits on the CPU: the definition's bits, key ranges of every kind, and what lies outside them."""

import aotgemm
import numpy as np
import pytest
from aotgemm import _core
from aotgemm.problems.backends import ARCHS, speaking_for
from hypothesis import given, settings
from hypothesis import strategies as st
from indexer_problems import BF16, FP8, bits, draw_fp4_indexer, draw_indexer, poisoned


def run(problem, start, end, compressed, clean, dtype, width=None):
    """Logits in poisoned memory, with a guard behind each row."""
    rows, keys = len(problem.q), len(problem.k)
    width = keys if width is None else width
    memory = poisoned((rows, aotgemm.align(width, 8) + 8), dtype)
    start, end = np.asarray(start, np.int32), np.asarray(end, np.int32)
    operands = problem.q, problem.k, problem.scales, problem.weights, start, end
    _core.mqa_logits(*operands, memory[:, :width], compressed, clean, threads=1, q_sf=problem.q_scales)
    return memory


def expected(problem, start, end, compressed, clean, dtype, width=None):
    keys = len(problem.k)
    width = keys if width is None else width
    memory, logits = poisoned((len(problem.q), aotgemm.align(width, 8) + 8), dtype), problem.logits().astype(dtype)
    if clean:
        memory[:, :width] = -np.inf
    for row, (first, last) in enumerate(zip(start, end, strict=True)):
        shift = first if compressed else 0
        for key in range(max(first, 0), min(last, keys, width + shift)):
            memory[row, key - shift] = logits[row, key]
    return memory


# Architecture and draw: of FP8 everywhere, of FP4 on Blackwell.
FORMATS = ("sm_90a", draw_indexer), ("sm_100a", draw_indexer), ("sm_100a", draw_fp4_indexer)
RANGE = st.tuples(st.integers(-3, 90), st.integers(-3, 90))


@settings(max_examples=90, deadline=None)
@given(
    format=st.sampled_from(FORMATS),
    ranges=st.lists(RANGE, min_size=1, max_size=9),
    heads=st.sampled_from((8, 16, 32, 64)),
    head_dim=st.sampled_from((32, 64, 128)),
    keys=st.integers(1, 80),
    form=st.sampled_from(("full", "clean", "compressed")),
    dtype=st.sampled_from((np.float32, BF16)),
    seed=st.integers(0, 1000),
)
def test_the_definition_s_bits_and_nothing_else(format, ranges, heads, head_dim, keys, form, dtype, seed):
    random, (arch, draw) = np.random.default_rng(seed), format
    heads = heads if arch == "sm_100a" else max(heads, 16)
    problem = draw(random, len(ranges), heads, max(head_dim, 64 if draw is draw_fp4_indexer else 32), keys)
    width = int(random.integers(1, 90)) if form == "compressed" else None
    start, end = zip(*ranges, strict=True)
    arguments = problem, start, end, form == "compressed", form == "clean", dtype, width
    with speaking_for(arch):
        np.testing.assert_array_equal(bits(run(*arguments)), bits(expected(*arguments)))


def test_threads_and_panels_change_no_bit():
    problem = draw_indexer(np.random.default_rng(1), 37, 64, 128, 700)
    start, end = np.zeros(37, np.int32), np.arange(664, 701, dtype=np.int32)
    results = []
    for threads in (1, 3):
        logits = poisoned((37, 700), np.float32)
        _core.mqa_logits(
            *(problem.q, problem.k, problem.scales, problem.weights, start, end, logits, False, True), threads=threads
        )
        results.append(bits(logits))
    np.testing.assert_array_equal(*results)
    rows = [0, 1, 17, 36]
    part = draw_indexer(np.random.default_rng(1), 37, 64, 128, 700)
    reference = type(part)(part.q[rows], part.k, part.scales, part.weights[rows]).logits()
    for row, wanted in zip(rows, reference, strict=True):
        np.testing.assert_array_equal(results[0][row, : end[row]], bits(wanted[: end[row]]))


@pytest.mark.parametrize("arch", ARCHS)
def test_a_nan_makes_the_logits_nan_that_it_enters(arch):
    problem = draw_indexer(np.random.default_rng(2), 3, 64, 128, 6)
    problem.q.view(np.uint8)[0, 7, 9], problem.k.view(np.uint8)[5, 0] = 0x7F, 0xFF
    problem.weights[1, 3], problem.scales[2] = np.nan, np.nan
    with speaking_for(arch):
        logits = problem.call(aotgemm.fp8_mqa_logits, [0] * 3, [6] * 3, False)
    assert np.isnan(logits[:2]).all() and np.isnan(logits[:, [2, 5]]).all()
    assert set(bits(logits[np.isnan(logits)]).tolist()) == {0x7FFFFFFF}
    assert not np.isnan(logits[2, [0, 1, 3, 4]]).any()


def test_a_scale_that_is_nan_makes_logits_nan_in_fp4():
    problem = draw_fp4_indexer(np.random.default_rng(3), 3, 16, 64, 6)
    problem.q_scales.view(np.uint8)[1, 4 * 5] = problem.scales.view(np.uint8)[4 * 2 + 1] = 0xFF
    with speaking_for("sm_100a"):
        logits = problem.call(aotgemm.fp8_fp4_mqa_logits, [0] * 3, [6] * 3, False)
    assert np.isnan(logits[1]).all() and np.isnan(logits[:, 2]).all()
    assert not np.isnan(logits[:, [0, 1, 3, 4, 5]][[0, 2]]).any()


def test_the_upper_scales_of_a_narrow_head_are_not_used():
    problem = draw_fp4_indexer(np.random.default_rng(4), 3, 16, 64, 6)
    with speaking_for("sm_100a"):
        wanted = problem.call(aotgemm.fp8_fp4_mqa_logits, [0] * 3, [6] * 3)
        for words in (problem.q_scales, problem.scales):
            words.view(np.uint8).reshape(*words.shape, 4)[..., 2:] = 0xFF
        np.testing.assert_array_equal(bits(problem.call(aotgemm.fp8_fp4_mqa_logits, [0] * 3, [6] * 3)), bits(wanted))


def test_a_weight_that_has_no_half_loses_its_last_bit():
    """Half of a weight is multiplied by twice the positive part."""
    problem = draw_indexer(np.random.default_rng(9), 2, 16, 32, 50)
    problem.weights[:], problem.scales[:] = np.float32(3 * 2.0**-149), 1
    rounded = type(problem)(problem.q, problem.k, problem.scales, np.full((2, 16), 4 * 2.0**-149, np.float32))
    one, two = (each.call(aotgemm.fp8_mqa_logits, [0] * 2, [50] * 2) for each in (problem, rounded))
    np.testing.assert_array_equal(bits(one), bits(two))
    assert (one > 0).any()


@pytest.mark.parametrize("dtype", [np.float32, BF16], ids=str)
def test_public_forms(dtype):
    problem = draw_indexer(np.random.default_rng(3), 4, 32, 64, 100)
    start, end, size = [0, 3, 7, 60], [40, 100, 7, 90], np.dtype(dtype).itemsize
    function = aotgemm.fp8_fp4_mqa_logits
    clean = problem.call(function, start, end, logits_dtype=dtype)
    np.testing.assert_array_equal(bits(clean), bits(expected(problem, start, end, False, True, dtype)[:, :100]))
    assert clean.strides == (aotgemm.align(356 * size, 1024), size) and clean.dtype == dtype
    compressed = problem.call(function, start, end, False, 97, dtype)
    assert compressed.shape == (4, 97) and compressed.strides[0] == aotgemm.align(256 * size, 1024)
    for row in range(4):
        count = end[row] - start[row]
        np.testing.assert_array_equal(bits(compressed[row, :count]), bits(clean[row, start[row] : end[row]]))
    short = problem.call(function, start, end, 97, logits_dtype=dtype)
    np.testing.assert_array_equal(bits(short[1, :97]), bits(compressed[1, :97]))
    start, end = (np.asarray(each, np.int32) for each in (start, end))
    named = function(
        q=(problem.q, None),
        kv=(problem.k, problem.scales),
        weights=problem.weights,
        ks=start,
        ke=end,
        clean_logits=True,
        logits_dtype=dtype,
    )
    np.testing.assert_array_equal(bits(named), bits(clean))


@pytest.mark.parametrize("clean", [False, True])
def test_no_rows_and_no_keys(clean):
    for rows, keys in ((0, 5), (3, 0), (0, 0)):
        problem = draw_indexer(np.random.default_rng(4), rows, 64, 128, keys)
        assert problem.call(aotgemm.fp8_mqa_logits, [0] * rows, [9] * rows, clean).shape == (rows, keys)


def test_weights_with_a_row_stride_of_their_own():
    problem = draw_indexer(np.random.default_rng(5), 6, 32, 32, 20)
    wide = np.random.default_rng(6).standard_normal((6, 77)).astype(np.float32)
    wide[:, 5:37] = problem.weights
    strided = type(problem)(problem.q, problem.k, problem.scales, wide[:, 5:37])
    got = strided.call(aotgemm.fp8_mqa_logits, [0] * 6, [20] * 6)
    np.testing.assert_array_equal(bits(got), bits(problem.logits()))


def refused(error, message, draw=draw_indexer, **changes):
    problem = draw(np.random.default_rng(7), 4, 32, 64, 48)
    start, end = np.zeros(4, np.int32), np.full(4, 48, np.int32)
    q = problem.q if problem.q_scales is None else (problem.q, problem.q_scales)
    arguments = {"q": q, "kv": (problem.k, problem.scales), "weights": problem.weights, "ks": start, "ke": end}
    with pytest.raises(error, match=message):
        aotgemm.fp8_fp4_mqa_logits(**(arguments | changes))


def test_errors_name_the_argument():
    random = np.random.default_rng(8)
    k, scales = draw_indexer(random, 1, 16, 64, 48).k, np.ones(48, np.float32)
    ints = np.zeros(4, np.int32)
    refused(aotgemm.ShapeError, r"q: size 1 \(heads\) is 24, allowed is 16, 32 or 64", q=np.zeros((4, 24, 64), FP8))
    refused(aotgemm.ShapeError, r"q: size 1 \(heads\) is 8, allowed is 16, 32 or 64", q=np.zeros((4, 8, 64), FP8))
    refused(aotgemm.ShapeError, r"q: size 2 \(head_dim\) is 96, allowed", q=np.zeros((4, 32, 96), FP8))
    refused(aotgemm.ShapeError, "q: has 2 dimensions", q=np.zeros((4, 64), FP8))
    refused(aotgemm.DtypeError, "q: dtype is float32, allowed is float8_e4m3fn", q=np.zeros((4, 32, 64), np.float32))
    refused(aotgemm.LayoutError, r"q: stride of dimension 1 is 128", q=np.zeros((4, 32, 128), FP8)[:, :, :64])
    refused(aotgemm.DtypeError, "kv: is a ndarray, allowed is a pair", kv=k)
    refused(aotgemm.ShapeError, "kv: shape is .*size 1 must be 64", kv=(np.zeros((48, 32), FP8), scales))
    refused(aotgemm.ShapeError, "kv_sf: shape is .*size 0 must be 48", kv=(k, scales[:-1]))
    refused(aotgemm.LayoutError, "kv_sf: data starts 4 bytes past", kv=(k, np.ones(49, np.float32)[1:]))
    refused(aotgemm.LayoutError, "kv_sf: stride of dimension 0 is 2", kv=(k, np.ones(96, np.float32)[::2]))
    refused(aotgemm.ShapeError, "weights: shape is .*size 1 must be 32", weights=np.zeros((4, 31), np.float32))
    refused(aotgemm.LayoutError, "weights: stride of dimension 1", weights=np.zeros((4, 64), np.float32)[:, ::2])
    refused(aotgemm.DtypeError, "weights: dtype is bfloat16", weights=np.zeros((4, 32), BF16))
    refused(aotgemm.ShapeError, "cu_seq_len_k_start: shape is .*must be 4", ks=ints[:3])
    refused(aotgemm.DtypeError, "cu_seq_len_k_end: dtype is float32", ke=np.zeros(4, np.float32))
    refused(aotgemm.DtypeError, "cu_seq_len_k_end: both of", cu_seq_len_k_end=ints)
    refused(aotgemm.DtypeError, "cu_seq_len_k_start: neither of", ks=None)
    refused(aotgemm.LayoutError, "clean_logits: is True, allowed is False", max_seqlen_k=10)
    refused(aotgemm.ShapeError, "max_seqlen_k: is -1", clean_logits=False, max_seqlen_k=-1)
    refused(aotgemm.DtypeError, "logits_dtype: is .*float64.*allowed is float32 or bfloat16", logits_dtype=np.float64)
    refused(aotgemm.DtypeError, "schedule_meta: is a ndarray, allowed is None", schedule_meta=ints)
    refused(aotgemm.DtypeError, "clean_logits: is a str", clean_logits="yes")


def test_errors_of_fp4_name_the_argument():
    given = draw_fp4_indexer(np.random.default_rng(7), 4, 32, 64, 48)
    q, words = given.q, given.q_scales
    refused(aotgemm.DtypeError, "q_sf: is given, allowed is none: .* FP4 is for sm_100a", draw_fp4_indexer)
    with speaking_for("sm_100a"):
        for error, message, changes in (
            (aotgemm.DtypeError, "q: dtype is int8, allowed is float8_e4m3fn", {"q": q}),
            (aotgemm.DtypeError, "q: dtype is float8_e4m3fn, allowed is int8", {"q": (q.view(FP8), words)}),
            (
                aotgemm.ShapeError,
                r"q: size 2 \(half of head_dim, .*\) is 16, allowed is 32 or 64",
                {"q": (q[..., :16], words)},
            ),
            (aotgemm.DtypeError, "q_sf: dtype is float32, allowed is int32", {"q": (q, words.view(np.float32))}),
            (aotgemm.ShapeError, "q_sf: shape is .*size 1 must be 32", {"q": (q, words[:, :31])}),
            (aotgemm.LayoutError, "q_sf: stride of dimension 0 is 64", {"q": (q, words.repeat(2, 1)[:, :32])}),
            (
                aotgemm.DtypeError,
                "kv: dtype is float8_e4m3fn, allowed is int8",
                {"kv": (given.k.view(FP8), given.scales)},
            ),
            (
                aotgemm.DtypeError,
                "kv_sf: dtype is float32, allowed is int32",
                {"kv": (given.k, given.scales.view(np.float32))},
            ),
            (aotgemm.ShapeError, "kv: shape is .*size 1 must be 32", {"kv": (given.k[:, :16], given.scales)}),
        ):
            refused(error, message, draw_fp4_indexer, **changes)

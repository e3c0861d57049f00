"""The grouped and batched calls on NumPy arrays: the definition's bits, and nothing written beside them."""

import aotgemm
import numpy as np
import pytest
import reference
from aotgemm import _core
from grouped_problems import POISON, GroupedProblem, make_batch, make_grouped, make_weights
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import BF16, make_finite_operands

COUNTS = [(5,), (0, 3, 0), (128, 1), (1, 127, 130, 0, 64), (0, 0)]
LAYOUTS = pytest.mark.parametrize("use_psum_layout", [False, True], ids=["contiguous", "psum"])


@LAYOUTS
@pytest.mark.parametrize("counts", COUNTS, ids=str)
@pytest.mark.parametrize("n, k", [(8, 16), (72, 144), (136, 272), (24, 0)])
def test_contiguous_equals_its_definition(counts, n, k, use_psum_layout):
    problem = make_grouped(counts, n, k)
    np.testing.assert_array_equal(problem.run(use_psum_layout), problem.expected())


@LAYOUTS
@given(
    counts=st.lists(st.integers(0, 9) | st.integers(120, 140), min_size=1, max_size=5),
    n=st.integers(1, 10),
    k=st.integers(1, 10),
    seed=st.integers(0, 99),
)
@settings(max_examples=15)
def test_contiguous_for_any_sizes(counts, n, k, seed, use_psum_layout):
    problem = make_grouped(counts, 8 * n, 16 * k, seed)
    np.testing.assert_array_equal(problem.run(use_psum_layout), problem.expected())


@pytest.mark.parametrize("counts, room", [((5,), 5), ((0, 0, 0), 64), ((3, 0, 65, 130), 130), ((1, 2), 7)], ids=str)
@pytest.mark.parametrize("n, k", [(8, 16), (72, 144), (136, 272), (24, 0)])
def test_masked_equals_its_definition(counts, room, n, k):
    problem = make_batch(counts, room, n, k)
    np.testing.assert_array_equal(problem.run(), problem.expected())


@given(
    counts=st.lists(st.integers(0, 20), min_size=1, max_size=6),
    room=st.integers(20, 30),
    n=st.integers(1, 10),
    k=st.integers(1, 10),
    seed=st.integers(0, 99),
)
@settings(max_examples=15)
def test_masked_for_any_sizes(counts, room, n, k, seed):
    problem = make_batch(counts, room, 8 * n, 16 * k, seed)
    np.testing.assert_array_equal(problem.run(), problem.expected())


def test_the_arithmetic_is_that_of_the_tensor_core():
    problem = make_grouped((2, 0, 1), 16, 144, 3)
    wanted = np.zeros((256, 16), np.uint16)
    for row, group in ((0, 0), (1, 0), (128, 2)):
        for column in range(16):
            operands = problem.a[row], problem.sfa[row], problem.b[group, column], problem.sfb[group, 0]
            a, sfa, b, sfb = (x.view(np.uint8).tolist() if x.itemsize == 1 else x.tolist() for x in operands)
            wanted[row, column] = reference.bf16_bits(reference.fp8_1d2d(a, sfa, b, sfb))
    np.testing.assert_array_equal(problem.run(), wanted)


def test_rows_beyond_the_last_group_are_left_alone():
    problem = make_grouped((3, 4), 24, 48)
    more = GroupedProblem(
        np.concatenate([problem.a, problem.a]), np.concatenate([problem.sfa] * 2), problem.b, problem.sfb, problem.rows
    )
    for use_psum_layout in (False, True):
        d = more.run(use_psum_layout)
        np.testing.assert_array_equal(d[:256], problem.expected())
        assert (d[256:] == POISON).all()


def test_padding_may_lie_anywhere_in_a_group():
    problem = make_grouped((130, 3), 24, 48)
    index, wanted = problem.index, problem.expected()
    index[[0, 5, 6, 128, 257]], wanted[[0, 5, 6, 128, 257]] = -1, 0
    d = problem.empty_output()
    aotgemm.m_grouped_fp8_gemm_nt_contiguous((problem.a, problem.sfa), (problem.b, problem.sfb), d, index)
    np.testing.assert_array_equal(d.view(np.uint16), wanted)


def test_the_last_group_needs_no_padding():
    problem = make_grouped((130, 3), 24, 48)
    short = GroupedProblem(problem.a[:259], problem.sfa[:259], problem.b, problem.sfb, problem.rows)
    for use_psum_layout in (False, True):
        np.testing.assert_array_equal(short.run(use_psum_layout), problem.expected()[:259])


def test_an_empty_group_may_start_beyond_the_last_row():
    problem = make_grouped((130, 0), 24, 48)
    short = GroupedProblem(problem.a[:130], problem.sfa[:130], problem.b, problem.sfb, problem.rows)
    assert short.ends.tolist() == [130, 256]
    np.testing.assert_array_equal(short.run(use_psum_layout=True), problem.expected()[:130])


def test_groups_may_come_in_any_order_and_twice():
    problem = make_grouped((4, 130, 2), 24, 48)
    weights, scales = make_weights(np.random.default_rng(9), 2, 24, 48)
    index = np.where(problem.index >= 0, 1 - problem.index % 2, -1).astype(np.int32)
    d = problem.empty_output()
    aotgemm.m_grouped_fp8_gemm_nt_contiguous((problem.a, problem.sfa), (weights, scales), d, index)
    order = [1, 0, 1]
    same = GroupedProblem(problem.a, problem.sfa, weights[order], scales[order], problem.rows)
    np.testing.assert_array_equal(d.view(np.uint16), same.expected())


def test_a_row_does_not_depend_on_its_group_mates_or_its_place():
    problem = make_grouped((70, 3), 72, 272)
    together = problem.run()
    one = problem.empty_output()[:1]
    for row, group in ((0, 0), (69, 0), (128, 1), (130, 1)):
        aotgemm.fp8_gemm_nt(
            (problem.a[row : row + 1], problem.sfa[row : row + 1]), (problem.b[group], problem.sfb[group]), one
        )
        np.testing.assert_array_equal(together[row], one[0].view(np.uint16))


@pytest.mark.parametrize("call", ["contiguous", "psum", "masked", "batched"])
def test_threads_change_no_bit(call):
    grouped, batch = make_grouped((130, 0, 70), 136, 272), make_batch((130, 0, 70), 130, 136, 272)
    results = []
    for threads in (1, 2, 7):
        problem = grouped if call in ("contiguous", "psum") else batch
        d = problem.empty_output()
        operands = problem.a, problem.sfa, problem.b, problem.sfb, None, d
        index = {"contiguous": grouped.index, "psum": grouped.ends, "masked": batch.counts, "batched": None}[call]
        _core.gemm("fp8_gemm_1d2d", call, "nt", *operands, index, threads=threads)
        results.append(d.view(np.uint16))
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


@LAYOUTS
@pytest.mark.parametrize("shape", [(0, 2, 8), (130, 0, 8), (130, 2, 0)], ids=["no rows", "no groups", "no columns"])
def test_empty_contiguous_calls_return_at_once(shape, use_psum_layout):
    m, groups, n = shape
    a, sfa, *_ = make_finite_operands(np.random.default_rng(0), m, 0, 128)
    b, sfb = np.zeros((groups, n, 128), a.dtype), np.zeros((groups, -(-n // 128), 1), np.float32)
    d = np.full((m, n), 7, BF16)
    index = np.zeros(groups if use_psum_layout else m, np.int32)
    aotgemm.m_grouped_fp8_gemm_nt_contiguous((a, sfa), (b, sfb), d, index, use_psum_layout=use_psum_layout)
    assert (d == 7).all()


@LAYOUTS
@pytest.mark.parametrize(
    "options",
    [
        {"recipe": (1, 128, 128)},
        {"recipe_a": (1, 128), "recipe_b": [128, 128]},
        {"compiled_dims": "mnk"},
        {"disable_ue8m0_cast": True},
    ],
    ids=str,
)
def test_options_without_effect(options, use_psum_layout):
    problem = make_grouped((5, 9), 64, 256)
    np.testing.assert_array_equal(problem.run(use_psum_layout, **options), problem.expected())


@pytest.mark.parametrize("expected_m", [1, 16, 10**6, np.int64(4)], ids=str)
def test_hints_change_nothing(expected_m):
    grouped, batch = make_grouped((5, 9), 64, 256), make_batch((5, 9), 9, 64, 256)
    np.testing.assert_array_equal(grouped.run(True, expected_m_for_psum_layout=expected_m), grouped.expected())
    np.testing.assert_array_equal(batch.run(expected_m=expected_m), batch.expected())


def test_strided_views_are_read_and_written_in_place():
    problem = make_batch((3, 7), 7, 40, 144)
    wide_a, wide_b = np.zeros((2, 9, 208), problem.a.dtype), np.zeros((2, 50, 160), problem.b.dtype)
    wide_a[:, 1:8, 16:160], wide_b[:, 5:45, :144] = problem.a, problem.b
    memory = np.full((2, 9, 96), 7, BF16)
    view = memory[:, 1:8, 8:48]
    scales = np.ascontiguousarray(problem.sfb.transpose(2, 1, 0)).transpose(2, 1, 0)
    aotgemm.m_grouped_fp8_gemm_nt_masked(
        (wide_a[:, 1:8, 16:160], aotgemm.get_mn_major_tma_aligned_tensor(problem.sfa)),
        (wide_b[:, 5:45, :144], scales),
        view,
        problem.counts,
        4,
    )
    for group, count in enumerate(problem.counts):
        np.testing.assert_array_equal(view[group, :count].view(np.uint16), problem.expected()[group, :count])
        view[group, :count] = 7
    assert (memory == 7).all()


def test_groups_may_share_their_weights():
    problem = make_batch((3, 7), 7, 40, 144)
    d = problem.empty_output()
    b, sfb = (np.broadcast_to(x[1:], x.shape) for x in (problem.b, problem.sfb))
    aotgemm.m_grouped_fp8_gemm_nt_masked((problem.a, problem.sfa), (b, sfb), d, problem.counts, 4)
    one = type(problem)(problem.a, problem.sfa, b, sfb, problem.counts)
    np.testing.assert_array_equal(d.view(np.uint16), one.expected())


def test_b_given_transposed():
    problem = make_grouped((5, 0, 9), 72, 144)
    d = problem.empty_output()
    aotgemm.m_grouped_fp8_gemm_nn_contiguous(
        (problem.a, problem.sfa), (problem.b.swapaxes(1, 2), problem.sfb.swapaxes(1, 2)), d, problem.index
    )
    np.testing.assert_array_equal(d.view(np.uint16), problem.expected())

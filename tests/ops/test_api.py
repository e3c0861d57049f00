"""The public calls on NumPy arrays."""

import aotgemm
import aotgemm.utils
import aotgemm.utils.layout
import aotgemm.utils.math
import numpy as np
import pytest
from aotgemm import _core
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import BF16, FP8, make_problem

SHAPES = [(1, 8, 16), (2, 64, 128), (7, 72, 144), (65, 136, 512), (129, 264, 400)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gemm_equals_its_definition(shape):
    problem = make_problem(*shape)
    np.testing.assert_array_equal(problem.run(), problem.expected())


@given(m=st.integers(1, 20), n=st.integers(1, 12), k=st.integers(1, 20), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_gemm_equals_its_definition_for_any_sizes(m, n, k, seed):
    problem = make_problem(m, 8 * n, 16 * k, seed)
    np.testing.assert_array_equal(problem.run(), problem.expected())


def test_a_row_does_not_depend_on_its_batch():
    problem = make_problem(37, 72, 400)
    row = type(problem)(problem.a[20:21], problem.sfa[20:21], problem.b, problem.sfb)
    np.testing.assert_array_equal(row.run()[0], problem.run()[20])


def test_threads_do_not_change_a_bit():
    problem = make_problem(130, 136, 272)
    results = []
    for threads in (1, 2, 7):
        d = problem.empty_output()
        operands = problem.a, problem.sfa, problem.b, problem.sfb, None, d
        _core.gemm("fp8_gemm_1d2d", "dense", "nt", *operands, threads=threads)
        results.append(d.view(np.uint16))
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_strided_views_are_read_and_written_in_place():
    problem = make_problem(33, 64, 144)
    wide_a, wide_b = np.zeros((33, 208), FP8), np.zeros((64, 160), FP8)
    wide_a[:, 16:160], wide_b[:, :144] = problem.a, problem.b
    memory = np.full((35, 96), 7, BF16)
    view = memory[1:34, 8:72]
    aotgemm.fp8_gemm_nt((wide_a[:, 16:160], problem.sfa[::1]), (wide_b[:, :144], problem.sfb), view)
    np.testing.assert_array_equal(view.view(np.uint16), problem.run())
    memory[1:34, 8:72] = 7
    assert (memory == 7).all()


def test_scales_of_any_layout_give_the_same_bits():
    problem = make_problem(13, 200, 272)
    transposed = type(problem)(
        problem.a,
        aotgemm.get_mn_major_tma_aligned_tensor(problem.sfa),
        problem.b,
        np.ascontiguousarray(problem.sfb.T).T,
    )
    np.testing.assert_array_equal(transposed.run(), problem.run())


@pytest.mark.parametrize("m, n", [(0, 64), (3, 0)])
def test_empty_outputs_return_at_once(m, n):
    problem = make_problem(m, n, 128)
    assert problem.run().shape == (m, n)


def test_a_sum_over_nothing_is_zero():
    problem = make_problem(3, 8, 0)
    np.testing.assert_array_equal(problem.run(), np.zeros((3, 8), np.uint16))


@pytest.mark.parametrize(
    "options",
    [
        {"recipe": (1, 128, 128)},
        {"recipe": [1, 128, 128]},
        {"recipe_a": (1, 128), "recipe_b": (128, 128)},
        {"compiled_dims": ""},
        {"compiled_dims": "mnk"},
        {"disable_ue8m0_cast": True},
        {"c": None},
    ],
    ids=str,
)
def test_options_of_deepgemm_without_effect(options):
    problem = make_problem(5, 64, 256)
    np.testing.assert_array_equal(problem.run(**options), problem.run())


def test_pairs_may_be_lists():
    problem = make_problem(5, 64, 256)
    d = problem.empty_output()
    assert aotgemm.fp8_gemm_nt([problem.a, problem.sfa], [problem.b, problem.sfb], d) is None
    np.testing.assert_array_equal(d.view(np.uint16), problem.run())


def test_num_sms_is_kept_and_restored():
    aotgemm.set_num_sms(78)
    try:
        assert aotgemm.get_num_sms() == 78
    finally:
        aotgemm.set_num_sms(0)
    assert _core.get_num_sms() == 0


def test_pdl_is_kept():
    assert aotgemm.get_pdl() is False
    aotgemm.set_pdl(True)
    assert aotgemm.get_pdl() is True
    aotgemm.set_pdl(False)


def test_names_of_deepgemm_are_the_same_objects():
    assert aotgemm.utils.layout.get_mn_major_tma_aligned_tensor is aotgemm.get_mn_major_tma_aligned_tensor
    assert aotgemm.utils.math.per_token_cast_to_fp8 is aotgemm.per_token_cast_to_fp8
    assert aotgemm.utils.math.per_block_cast_to_fp8 is aotgemm.per_block_cast_to_fp8
    for name in ("align", "ceil_div"):
        assert getattr(aotgemm.utils.math, name) is getattr(aotgemm.utils, name) is getattr(aotgemm, name)
    assert aotgemm.utils.get_tma_aligned_size is aotgemm.get_tma_aligned_size


def test_every_public_name_exists():
    assert [name for name in aotgemm.__all__ if not hasattr(aotgemm, name)] == []


@given(x=st.integers(0, 10**6), y=st.integers(1, 1000))
def test_rounding_up(x, y):
    quotient = aotgemm.ceil_div(x, y)
    assert (quotient - 1) * y < x <= quotient * y
    assert aotgemm.align(x, y) == quotient * y


@given(size=st.integers(0, 10**6), element_size=st.sampled_from([1, 2, 4, 8, 16]))
def test_tma_aligned_size(size, element_size):
    aligned = aotgemm.get_tma_aligned_size(size, element_size)
    assert aligned * element_size % 16 == 0
    assert size <= aligned < size + 16 // element_size

"""einsum "bmk,bnk->mn" on the CPU: the bits of its definition, for every way to cut the batches."""

import aotgemm
import numpy as np
import pytest
from aotgemm import _core
from bf16_batch_sums import ONE_RANGE, SHAPES, make_batch_sum, ranges_of
from bf16_problems import BF16, OUT

OUTS = pytest.mark.parametrize("out", OUT)
WITH_C = pytest.mark.parametrize("with_c", [False, True], ids=["no C", "C"])


@OUTS
@pytest.mark.parametrize("kind", ["random", "moderate", "sparse"])
@pytest.mark.parametrize("shape", SHAPES[:5], ids=str)
def test_bits_are_those_of_the_definition(shape, kind, out):
    problem = make_batch_sum(*shape, kind=kind)
    np.testing.assert_array_equal(problem.run(out), problem.expected(out, by_definition=True))


@OUTS
@WITH_C
@pytest.mark.parametrize("shape", [*SHAPES, ONE_RANGE], ids=str)
def test_bits_are_those_of_chains_added_in_order(shape, out, with_c):
    problem = make_batch_sum(*shape)
    np.testing.assert_array_equal(problem.run(out, with_c), problem.expected(out, with_c))


def test_the_order_of_the_ranges_matters_here():
    """A test of the tests: one chain over all batches gives other bits."""
    problem = make_batch_sum(300, 3, 8, 17)
    whole = problem.chain_of(range(300)).expected("fp32")
    assert (whole != problem.expected("fp32")).any()


@pytest.mark.parametrize("batches", [1, 2, 3, 131, 132, 133, 264, 265, 4096, 8192])
@pytest.mark.parametrize("m, n", [(1, 8), (128, 384), (256, 256), (384, 384), (129, 1032), (1408, 1536), (1409, 1544)])
def test_no_range_is_empty(batches, m, n):
    ranges = ranges_of(batches, m, n)
    assert _core.batch_ranges(batches, m, n) == len(ranges)
    assert [batch for part in ranges for batch in part] == list(range(batches))
    assert all(ranges) and (len(ranges) == 1 or len(ranges) * -(-m // 128) * -(-n // 128) <= 132)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_no_bit(threads):
    problem = make_batch_sum(140, 130, 8, 33)
    d = np.empty((130, 8), np.float32)
    a, b = problem.operands()
    _core.gemm("bf16_gemm", "batch_reduced", "nt", a, None, b, None, None, d, threads=threads)
    np.testing.assert_array_equal(d.view(np.uint32), problem.expected("fp32"))


@OUTS
def test_c_may_be_d_and_strided(out):
    problem = make_batch_sum(7, 9, 16, 24)
    memory = np.full((11, 40), 7, OUT[out])
    d = memory[1:10, 8:24]
    d[:] = problem.c_of(out)
    aotgemm.einsum(" bmk, bnk -> mn ", *problem.operands(), d, d)
    np.testing.assert_array_equal(
        np.ascontiguousarray(d).view(problem.expected(out).dtype), problem.expected(out, True)
    )
    d[:] = 7
    assert (memory == 7).all()


@OUTS
@WITH_C
@pytest.mark.parametrize("batches, k", [(0, 16), (5, 0), (0, 0)])
def test_a_sum_over_nothing(batches, k, out, with_c):
    c = np.array([[-0.0, 1.5, np.nan, np.inf, -2, 0, 3, 4]]).astype(OUT[out])
    d = np.full((1, 8), -7, OUT[out])
    aotgemm.einsum(
        "bmk,bnk->mn", np.zeros((batches, 1, k), BF16), np.zeros((batches, 8, k), BF16), d, c if with_c else None
    )
    wanted = c.astype(np.float32) + np.float32(0) if with_c else np.zeros((1, 8))
    np.testing.assert_array_equal(d.astype(np.float32), wanted)
    assert not np.signbit(d[0, 0])


def test_no_rows_and_no_columns():
    for m, n in ((0, 8), (5, 0)):
        aotgemm.einsum("bmk,bnk->mn", np.zeros((3, m, 16), BF16), np.zeros((3, n, 16), BF16), np.zeros((m, n), BF16))


def test_infinities_meet_where_the_ranges_are_added():
    a, b = np.zeros((140, 1, 16), np.float32), np.ones((140, 8, 16), np.float32)
    a[0, 0, 0], a[-1, 0, 0] = np.inf, -np.inf
    d = np.zeros((1, 8), np.float32)
    aotgemm.einsum("bmk,bnk->mn", a.astype(BF16), b.astype(BF16), d)
    assert (d.view(np.uint32) == 0x7FFFFFFF).all()


def test_in_compile_mode_nothing_is_written():
    problem = make_batch_sum(3, 7, 16, 20)
    aotgemm.set_compile_mode(1)
    try:
        assert (problem.run("fp32").view(np.float32) == -7).all()
    finally:
        aotgemm.set_compile_mode(0)


@OUTS
def test_a_plan_knows_the_call_by_its_batches_and_its_parts(out):
    with aotgemm.record() as recording:
        make_batch_sum(3, 7, 16, 20).run(out)
    (call,) = recording.calls
    kind = {"family": "bf16_gemm", "grouping": "batch_reduced", "layout": "nt", "out_dtype": "fp32", "groups": 3}
    assert kind | {"m": 7, "n": 16, "k": 20} == {key: call[key] for key in (*kind, "m", "n", "k")}

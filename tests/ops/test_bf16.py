"""bf16_gemm_nt, nn, tn and tt on NumPy arrays."""

import numpy as np
import pytest
import torch
from aotgemm import _core
from aotgemm.problems.memory import in_tma_rows
from bf16_problems import BF16, CALLS, DRAWS, OUT, RAW, Bf16Problem, make_bf16_problem
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_tensors import bits, to_torch

LAYOUTS = pytest.mark.parametrize("layout", CALLS)
OUTS = pytest.mark.parametrize("out", OUT)
WITH_C = pytest.mark.parametrize("with_c", [False, True], ids=["no C", "C"])


@LAYOUTS
@OUTS
@WITH_C
@pytest.mark.parametrize("draw", DRAWS)
def test_equals_its_definition(layout, out, with_c, draw):
    problem = make_bf16_problem(3, 16, 52, draw=draw)
    np.testing.assert_array_equal(problem.run(layout, out, with_c), problem.defined(out, with_c))


@given(
    m=st.integers(1, 70),
    n=st.integers(1, 9).map(lambda n: 8 * n),
    k=st.integers(1, 140),
    layout=st.sampled_from(sorted(CALLS)),
    out=st.sampled_from(sorted(OUT)),
    with_c=st.booleans(),
)
@settings(max_examples=40)
def test_any_shape_in_any_layout(m, n, k, layout, out, with_c):
    problem = make_bf16_problem(m, n, k, draw="random")
    np.testing.assert_array_equal(problem.run(layout, out, with_c), problem.expected(out, with_c))


@LAYOUTS
def test_close_to_fp64(layout):
    problem = make_bf16_problem(33, 72, 2048)
    got = problem.run(layout, "fp32").view(np.float32).astype(np.float64)
    exact = problem.a.view(BF16).astype(np.float64) @ problem.b.view(BF16).astype(np.float64).T
    # 128 truncations of the running sum, each by at most 2^-23 of it.
    assert np.linalg.norm(got - exact) < 128 * 2.0**-23 * np.linalg.norm(exact)


@LAYOUTS
@OUTS
def test_c_may_be_d(layout, out):
    problem = make_bf16_problem(9, 24, 100)
    d = problem.c_of(out)
    CALLS[layout](*problem.operands(layout), d, d)
    np.testing.assert_array_equal(d.view(RAW[out]), problem.expected(out, with_c=True))


@OUTS
def test_c_is_left_as_it_is(out):
    problem = make_bf16_problem(9, 24, 100)
    c, d = problem.c_of(out), problem.empty_output(out)
    before = c.copy()
    CALLS["nt"](*problem.operands("nt"), d, c=c)
    np.testing.assert_array_equal(c, before)


@LAYOUTS
def test_views_transposed_in_memory_are_read_where_they_are(layout):
    problem = make_bf16_problem(17, 24, 56)
    a, b = problem.operands(layout)
    d = problem.empty_output("fp32")
    CALLS[layout](in_tma_rows(a.T).T, in_tma_rows(b.T).T, d)
    np.testing.assert_array_equal(d.view(np.uint32), problem.expected("fp32"))


def test_strided_operands():
    problem = make_bf16_problem(17, 24, 56)
    a, b = np.full((17, 80), np.nan, BF16), np.full((56, 40), np.nan, BF16)
    a[:, 8:64], b[:, 8:32] = problem.a.view(BF16), problem.b.view(BF16).T
    memory = np.full((19, 48), 7, np.float32)
    CALLS["nn"](a[:, 8:64], b[:, 8:32], memory[1:18, 8:32])
    np.testing.assert_array_equal(memory[1:18, 8:32].view(np.uint32), problem.expected("fp32"))
    memory[1:18, 8:32] = 7
    assert (memory == 7).all()


@OUTS
def test_special_values(out):
    problem = make_bf16_problem(16, 24, 80, draw="moderate")
    rng = np.random.default_rng(3)
    for matrix in (problem.a, problem.b):
        rows = rng.integers(0, len(matrix), 8)
        matrix[rows, rng.integers(0, 80, 8)] = rng.choice([0x7F80, 0xFF80, 0x7FC1, 0x7F7F], 8)
    problem.c[0, 0], problem.c[1, 1], problem.c[2, 2] = np.nan, np.inf, -np.inf
    result = problem.run("nt", out, True)
    np.testing.assert_array_equal(result, problem.defined(out, True))
    values = result.view(OUT[out]).astype(np.float32)
    assert np.isnan(values).any() and np.isinf(values).any() and np.isfinite(values).any()


@OUTS
def test_a_sum_over_nothing(out):
    problem = make_bf16_problem(3, 8, 0)
    problem.c[0, 0] = -0.0
    assert not problem.run("nt", out).any()
    np.testing.assert_array_equal(problem.run("nt", out, True), (problem.c_of(out) + OUT[out](0)).view(RAW[out]))


@pytest.mark.parametrize(("m", "n"), [(0, 8), (3, 0)])
def test_nothing_to_write(m, n):
    problem = make_bf16_problem(m, n, 16)
    assert problem.run("tn", "bf16").shape == (m, n)


def test_threads_change_no_bit():
    problem = make_bf16_problem(200, 136, 272, draw="random")
    a, b = problem.operands("nt")
    for threads in (1, 2, 5):
        d = problem.empty_output("fp32")
        _core.gemm("bf16_gemm", "dense", "nt", a, None, b, None, None, d, threads=threads)
        np.testing.assert_array_equal(d.view(np.uint32), problem.expected("fp32"))


def test_a_row_depends_on_its_own_row_alone():
    problem = make_bf16_problem(90, 40, 300)
    together = problem.run("nt", "bf16")
    for row in (0, 63, 64, 89):
        alone = Bf16Problem(problem.a[[row]], problem.b, problem.c[[row]])
        np.testing.assert_array_equal(alone.run("nt", "bf16"), together[[row]])


@LAYOUTS
def test_torch_tensors(layout):
    problem = make_bf16_problem(5, 16, 40)
    a, b = (to_torch(operand) for operand in problem.operands(layout))
    d = torch.full((5, 16), 7.0, dtype=torch.bfloat16)
    CALLS[layout](a, b, d, to_torch(problem.c_of("bf16")))
    np.testing.assert_array_equal(bits(d), problem.expected("bf16", with_c=True))


def test_every_problem_gets_a_kernel():
    specs = _core.specs()
    for layout in CALLS:
        for out in OUT:
            for m, n, k in ((1, 8, 1), (64, 7168, 2048), (4096, 4096, 7168), (131072, 2112, 512)):
                best = _core.select("bf16_gemm", m, n, k, 0, "h100", 1, layout=layout, out_dtype=out)[0]
                spec = specs[best["kernel"]]
                assert (spec["family"], spec["grouping"], spec["layout"]) == ("bf16_gemm", "dense", layout)
                assert spec["out_dtype"] == out
                assert best["tiles"] * spec["block_m"] * spec["block_n"] >= m * n

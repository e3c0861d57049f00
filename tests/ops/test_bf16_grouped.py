"""The grouped BF16 calls on NumPy arrays: each group as a GEMM of its own, rows of no group untouched."""

import aotgemm
import numpy as np
import pytest
from aotgemm import _core
from aotgemm.problems.memory import POISON, in_tma_rows
from aotgemm.problems.rows import place_rows
from bf16_groups import COUNTS, KS, K, N, draw, expected_rows
from bf16_problems import BF16, Bf16Problem


def poisoned(*shape):
    return np.full(shape, POISON, np.uint16).view(BF16)


@pytest.mark.parametrize("use_psum", [False, True])
@pytest.mark.parametrize("layout", ["nt", "nn"])
def test_contiguous(layout, use_psum):
    placement = place_rows("psum" if use_psum else "contiguous", COUNTS)
    a, b = draw(1, placement.rows, K), draw(2, len(COUNTS), N, K)
    d = poisoned(placement.rows, N)
    call = getattr(aotgemm, f"m_grouped_bf16_gemm_{layout}_contiguous")
    given = b.swapaxes(1, 2) if layout == "nn" else b
    call(in_tma_rows(a.view(BF16)), in_tma_rows(given.view(BF16)), d, placement.index, use_psum_layout=use_psum)
    np.testing.assert_array_equal(d.view(np.uint16), expected_rows(placement, a, b))


def test_masked():
    placement = place_rows("masked", COUNTS)
    a, b = draw(3, placement.rows, K), draw(4, len(COUNTS), N, K)
    d = poisoned(len(COUNTS), placement.room, N)
    aotgemm.m_grouped_bf16_gemm_nt_masked(
        *(in_tma_rows(x.view(BF16)) for x in (a.reshape(len(COUNTS), -1, K), b)), d, placement.index, expected_m=16
    )
    np.testing.assert_array_equal(d.view(np.uint16).reshape(-1, N), expected_rows(placement, a, b))


@pytest.mark.parametrize("layout", ["nt", "nn"])
def test_batched(layout):
    a, b = draw(5, 3, 11, K), draw(6, 3, N, K)
    memory = np.zeros((11, 3, N), BF16)
    given = b.swapaxes(1, 2) if layout == "nn" else b
    a_rows, b_rows = (in_tma_rows(x.view(BF16)) for x in (a, given))
    _core.gemm("bf16_gemm", "batched", layout, a_rows, None, b_rows, None, None, memory.swapaxes(0, 1))
    for group in range(3):
        wanted = Bf16Problem(a[group], b[group], np.zeros(0)).expected("bf16")
        np.testing.assert_array_equal(memory[:, group].view(np.uint16), wanted)


@pytest.mark.parametrize("with_c", [False, True], ids=["no C", "C is D"])
def test_k_grouped(with_c):
    a, b = draw(7, sum(KS), 24, kind="moderate"), draw(8, sum(KS), N, kind="moderate")
    c = np.random.default_rng(9).standard_normal((len(KS), 24, N)).astype(np.float32)
    d = c.copy()
    aotgemm.k_grouped_bf16_gemm_tn_contiguous(
        a.view(BF16), b.view(BF16), d, KS, np.array(KS, np.int32), d if with_c else None
    )
    start = 0
    for group, k in enumerate(KS):
        part = slice(start, start + k)
        problem = Bf16Problem(np.ascontiguousarray(a[part].T), np.ascontiguousarray(b[part].T), c[group])
        np.testing.assert_array_equal(d[group].view(np.uint32), problem.expected("fp32", with_c))
        start += k


def test_no_groups_and_no_rows():
    nothing = np.zeros((0, N, K), BF16)
    d = poisoned(128, N)
    aotgemm.m_grouped_bf16_gemm_nt_contiguous(np.zeros((128, K), BF16), nothing, d, np.full(128, -1, np.int32))
    assert (d.view(np.uint16) == POISON).all()

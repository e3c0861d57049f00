"""fp8_gemm_nt_skip_head_mid on the CPU: heads of columns whose middle is left alone."""

import aotgemm
import numpy as np
import pytest
from aotgemm import fp8_gemm_nt_skip_head_mid
from problems import BF16, make_problem

SPLITS = [(128, 64, 128), (8, 8, 0), (0, 16, 24), (136, 8, 16), (16, 0, 8)]


@pytest.mark.parametrize("splits", SPLITS, ids=str)
@pytest.mark.parametrize("heads", [1, 3])
def test_the_middle_of_each_head_is_left_alone(splits, heads):
    left, mid, right = splits
    problem = make_problem(7, heads * (left + right), 144)
    d = np.full((7, heads * sum(splits)), 7, BF16)
    fp8_gemm_nt_skip_head_mid((problem.a, problem.sfa), (problem.b, problem.sfb), d, splits)
    parts = d.reshape(7, heads, sum(splits))
    computed = np.concatenate([parts[..., :left], parts[..., left + mid :]], -1).reshape(7, -1)
    np.testing.assert_array_equal(computed.view(np.uint16), problem.expected())
    assert (parts[..., left : left + mid] == 7).all()


@pytest.mark.parametrize(
    "splits, message",
    [
        ((16, 8), r"^head_splits: is a tuple of length 2, allowed are three numbers"),
        ((12, 8, 12), "^head_splits: are 12, 8, 12, allowed are multiples of 8"),
        ((-8, 8, 32), "^head_splits: are -8, 8, 32"),
        ((0, 8, 0), "^head_splits: are 0, 8, 0"),
        ((16, 8, 16), r"^b: N is 24, must be a multiple of left \+ right of head_splits, 32"),
        ((8, 8, 0), r"^d: shape is \[7, 24\], size 1 must be 48"),
    ],
    ids=str,
)
def test_refused_splits(splits, message):
    problem = make_problem(7, 24, 144)
    with pytest.raises(aotgemm.ShapeError, match=message):
        fp8_gemm_nt_skip_head_mid((problem.a, problem.sfa), (problem.b, problem.sfb), problem.empty_output(), splits)

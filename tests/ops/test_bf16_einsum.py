"""einsum on NumPy arrays: each h as a GEMM of its own."""

import aotgemm
import numpy as np
import pytest
from bf16_groups import draw
from bf16_problems import BF16, Bf16Problem

B, H, D, R = 7, 3, 40, 24


@pytest.mark.parametrize(
    ("expr", "size_in", "size_out", "weights_of"),
    [("bhr,hdr->bhd", R, D, lambda b, h: b[h]), ("bhd, hdr -> bhr", D, R, lambda b, h: np.ascontiguousarray(b[h].T))],
    ids=["nt", "nn"],
)
def test_each_h_is_a_gemm(expr, size_in, size_out, weights_of):
    a, b, d = draw(1, B, H, size_in), draw(2, H, D, R), np.zeros((B, H, size_out), BF16)
    aotgemm.einsum(expr, a.view(BF16), b.view(BF16), d)
    for h in range(H):
        problem = Bf16Problem(np.ascontiguousarray(a[:, h]), weights_of(b, h), np.zeros(0))
        np.testing.assert_array_equal(np.ascontiguousarray(d[:, h]).view(np.uint16), problem.expected("bf16"))


def test_another_expression_is_refused():
    allowed = "'bhr,hdr->bhd' or 'bhd,hdr->bhr' or 'bmk,bnk->mn'"
    with pytest.raises(aotgemm.ShapeError, match=f"^expr: is 'ij,jk->ik', allowed is {allowed}"):
        aotgemm.einsum("ij,jk->ik", None, None, None)


def test_an_accumulator_is_refused():
    with pytest.raises(aotgemm.LayoutError, match="^c: is a ndarray, allowed is None"):
        aotgemm.einsum("bhr,hdr->bhd", None, None, None, np.zeros(1))

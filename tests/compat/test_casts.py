"""The casts of DeepGEMM's tests against plain arithmetic."""

import math

import pytest
import torch
from aotgemm.compat import casts


@pytest.mark.parametrize("x", [1.0, 1.0000001, 0.75, 3.0, 448.0, 2.0**-149, 2.0**127, -5.0])
def test_the_least_power_of_two_that_is_not_under(x):
    given = torch.tensor(x)
    expected = 2.0 ** max(math.ceil(math.log2(abs(given.item()))), -126)
    if x == 1.0000001:
        expected = 2.0
    assert casts.ceil_to_ue8m0(given).item() == expected


def test_all_fp32_powers_and_their_neighbours():
    powers = torch.ldexp(torch.ones(253), torch.arange(-126, 127))
    assert torch.equal(casts.ceil_to_ue8m0(powers), powers)
    above = torch.nextafter(powers, powers * 2)
    assert torch.equal(casts.ceil_to_ue8m0(above), powers * 2)


@pytest.mark.parametrize("use_ue8m0", [False, True])
def test_a_scale_for_each_index_of_some_dimensions(use_ue8m0):
    x = torch.randn(5, 3, 64, generator=torch.Generator().manual_seed(0)).bfloat16()
    q, sf = casts.per_custom_dims_cast_to_fp8(x, (0, 1), use_ue8m0)
    assert q.shape == x.shape and q.dtype == torch.float8_e4m3fn and sf.shape == (5, 3)
    for i in range(5):
        for j in range(3):
            scale = max(x[i, j].abs().max().item(), 1e-4) / 448
            scale = torch.tensor(scale)
            scale = casts.ceil_to_ue8m0(scale) if use_ue8m0 else scale
            assert sf[i, j] == scale
            assert torch.equal(q[i, j].float(), (x[i, j].float() * (1 / scale)).to(torch.float8_e4m3fn).float())
    assert casts.per_custom_dims_cast_to_fp8(x, (0,), use_ue8m0)[1].shape == (5,)


def test_every_fp4_code():
    packed = torch.tensor([[0x10, 0x32, 0x54, 0x76], [0x98 - 256, 0xBA - 256, 0xDC - 256, 0xFE - 256]]).to(torch.int8)
    values = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    out = casts.cast_back_from_fp4(packed, torch.tensor([[1.0], [2.0]]))
    assert out.tolist() == [values, [-2 * v for v in values]]
    assert not torch.signbit(out[1, 0])  # as DeepGEMM has it, minus zero is zero


def test_scales_by_columns_and_as_exponents():
    packed = torch.full((1, 40), 0x22, dtype=torch.int8)  # ones
    sf = torch.tensor([[1.0, 2.0, 4.0]])
    expected = [1.0] * 32 + [2.0] * 32 + [4.0] * 16
    assert casts.cast_back_from_fp4(packed, sf, gran_k=32)[0].tolist() == expected
    exponents = torch.tensor([[127, 128, 129, 127]], dtype=torch.uint8).view(torch.int32)
    assert casts.cast_back_from_fp4(packed, exponents, 32, use_packed_ue8m0=True)[0].tolist() == expected


def test_packed_matrices_are_transposed():
    codes = torch.randint(0, 16, (6, 10), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)

    def packed(x):
        return (x[:, 0::2] | x[:, 1::2] << 4).view(torch.int8)

    assert torch.equal(casts.transpose_packed_fp4(packed(codes)), packed(codes.T.contiguous()))

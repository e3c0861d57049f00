"""The casts on PyTorch tensors, to the bit what their definition in PyTorch operations gives."""

from itertools import product

import aotgemm
import pytest
import torch
from cast_definition import cast_to_fp4, cast_to_fp8, pack_exponents

RAW = {1: torch.uint8, 4: torch.int32}
SHAPES = ((1, 32), (5, 100), (128, 128), (130, 300), (256, 640))
CASES = list(product(SHAPES, (torch.float32, torch.bfloat16), (False, True), (32, 128)))


def assert_same(got, wanted):
    assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
    assert torch.equal(got.view(RAW[got.itemsize]), wanted.view(RAW[wanted.itemsize]))


def random_input(m, k, dtype):
    x = torch.randn(m, k, generator=torch.Generator().manual_seed(m * k)) * torch.logspace(-6, 4, m)[:, None]
    x[: m // 2, :64] = 0
    return x.to(dtype)


@pytest.mark.parametrize("shape, dtype, use_ue8m0, gran_k", CASES, ids=str)
def test_bits(shape, dtype, use_ue8m0, gran_k):
    x = random_input(*shape, dtype)
    made = [
        (aotgemm.per_token_cast_to_fp8(x, use_ue8m0, gran_k), cast_to_fp8(x, 1, gran_k, use_ue8m0)),
        (aotgemm.per_token_cast_to_fp8(x, use_ue8m0, gran_k, mn_major_sf=True), cast_to_fp8(x, 1, gran_k, use_ue8m0)),
        (aotgemm.per_token_cast_to_fp4(x, use_ue8m0, gran_k), cast_to_fp4(x, gran_k, use_ue8m0)),
        (aotgemm.per_block_cast_to_fp8(x, use_ue8m0, gran_k), cast_to_fp8(x, gran_k, gran_k, use_ue8m0)),
    ]
    if shape[0] % gran_k == 0:
        made.append((aotgemm.per_channel_cast_to_fp8(x, use_ue8m0, gran_k), cast_to_fp8(x, gran_k, 1, use_ue8m0)))
    for got, wanted in made:
        for one, other in zip(got, wanted, strict=True):
            assert_same(one, other)


@pytest.mark.parametrize("k, gran_k", [(32, 32), (160, 32), (256, 32), (100, 128), (512, 128), (640, 128)])
@pytest.mark.parametrize("mn_major_sf", [False, True])
def test_packed_scales(k, gran_k, mn_major_sf):
    x = random_input(7, k, torch.bfloat16)
    wanted = pack_exponents(cast_to_fp8(x, 1, gran_k, True)[1], pad=0 if mn_major_sf else 127)
    q, sf = aotgemm.per_token_cast_to_fp8(x, True, gran_k, True, mn_major_sf=mn_major_sf)
    assert_same(sf, wanted)
    assert sf.stride() == ((1, 8) if mn_major_sf else (wanted.shape[1], 1))
    assert_same(q, aotgemm.per_token_cast_to_fp8(x, True, gran_k)[0])


def test_ties_of_fp4_go_toward_zero():
    bounds = torch.tensor([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0, 6.0])
    q, sf = aotgemm.per_token_cast_to_fp4(torch.stack([bounds, -bounds]), True, 32)
    assert (sf == 1).all()
    codes = torch.stack([q.view(torch.uint8) & 15, q.view(torch.uint8) >> 4], -1).view(2, 8)
    assert codes.tolist() == [[0, 1, 2, 3, 4, 5, 6, 7], [0, 9, 10, 11, 12, 13, 14, 15]]


def test_swiglu_is_within_an_ulp_of_fp64():
    x = torch.randn(64, 512, generator=torch.Generator().manual_seed(0), dtype=torch.float32).mul(8).bfloat16()
    gate, up = x.double().chunk(2, 1)
    wanted = (gate * gate.sigmoid() * up).abs().view(64, 2, 128).amax(-1) / 448
    sf = aotgemm.silu_mul_cast_to_fp8(x, False)[1]
    assert ((sf - wanted) / wanted).abs().max() < 2.0**-21


def test_swiglu_of_extremes():
    """Gates far below zero close, however large they are; far above zero they pass."""
    gate = torch.tensor([-3e38, -1000.0, -88.0, 0.0, 88.0, 1000.0]).repeat(32).view(-1, 6).T.contiguous()
    x = torch.cat([gate, torch.ones(6, 32)], 1).bfloat16()
    sf = aotgemm.silu_mul_cast_to_fp8(x, False, 32)[1][:, 0]
    floor = torch.tensor(1e-4) / 448
    assert torch.equal(
        sf, torch.stack([floor, floor, floor, floor, torch.tensor(88.0) / 448, torch.tensor(1000.0) / 448])
    )


def test_limit_cuts_gate_from_above_and_up_from_both_sides():
    gate, up = torch.tensor([[9.0, -9.0, 1.0, 1.0]] * 8).T, torch.tensor([[1.0, 1.0, 9.0, -9.0]] * 8).T
    x = torch.cat([gate, up], 1).bfloat16()
    cut = torch.cat([gate.clamp(max=2), up.clamp(-2, 2)], 1).bfloat16()
    for got, wanted in zip(
        aotgemm.silu_mul_cast_to_fp8(x, False, limit=2.0), aotgemm.silu_mul_cast_to_fp8(cut, False), strict=True
    ):
        assert_same(got, wanted)


@pytest.mark.parametrize("cast", [aotgemm.per_token_cast_to_fp8, aotgemm.per_token_cast_to_fp4])
@pytest.mark.parametrize("grouping", ["contiguous", "psum", "masked"])
def test_rows_that_count_are_cast_alone(cast, grouping):
    """The others hold NaN; their places in the outputs are as they were (seen through the core's call)."""
    x = random_input(256, 160, torch.bfloat16)
    live = torch.zeros(256, dtype=torch.bool)
    live[:70], live[128:131] = True, True
    index = {
        "contiguous": torch.where(live, torch.arange(256) // 128, -1),
        "psum": torch.tensor([70, 131]),
        "masked": torch.tensor([70, 3]),
    }[grouping].int()
    shape = (2, 128, 160) if grouping == "masked" else (256, 160)
    given = torch.where(live[:, None], x, torch.nan).view(shape)
    options = {"masked_m": index} if grouping == "masked" else {"grouped_layout": index}
    got = cast(given, False, use_psum_layout=grouping == "psum", **options)
    for one, other in zip(got, cast(x, False), strict=True):
        assert_same(one.reshape(256, -1)[live], other[live])
    q, sf = (torch.full(part.shape, 7.0).to(part.dtype) for part in got)
    before = q.clone(), sf.clone()
    kind = "per_token_fp8" if cast is aotgemm.per_token_cast_to_fp8 else "per_token_fp4"
    aotgemm._core.cast(kind, given, q, sf, grouping, index)
    for now, one in zip((q, sf), before, strict=True):
        assert_same(now.reshape(256, -1)[~live], one.reshape(256, -1)[~live])

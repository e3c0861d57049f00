"""Code written for DeepGEMM in torch.compile, as it is: one graph for every M, the bits of eager calls."""

import aotgemm
import aotgemm.torch  # noqa: F401  lets Dynamo trace the calls
import pytest
import torch
from torch._dynamo.testing import CompileCounterWithBackend

N, K = 136, 256


@pytest.fixture(autouse=True)
def fresh_dynamo():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def bf16(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).bfloat16()


def linear(deep_gemm, x, weight, scales):
    """As engines write it: scales of both operands through transform_sf_into_required_layout, D made by the caller."""
    q, sf = deep_gemm.utils.per_token_cast_to_fp8(x, use_ue8m0=False)
    options = {"recipe": (1, 128, 128), "disable_ue8m0_cast": True}
    sf = deep_gemm.transform_sf_into_required_layout(sf, mn=x.shape[0], k=K, is_sfa=True, **options)
    scales = deep_gemm.transform_sf_into_required_layout(scales, mn=N, k=K, is_sfa=False, **options)
    d = torch.empty(x.shape[0], N, dtype=torch.bfloat16, device=x.device)
    deep_gemm.fp8_fp4_gemm_nt((q, sf), (weight, scales), d, **options)
    return torch.relu(d)


def test_a_linear_layer(deep_gemm):
    pair = deep_gemm.per_block_cast_to_fp8(bf16(0, N, K), False)
    counter = CompileCounterWithBackend("aot_eager")
    compiled = torch.compile(lambda x: linear(deep_gemm, x, *pair), fullgraph=True, dynamic=True, backend=counter)
    for m in (9, 4, 33):
        assert torch.equal(compiled(bf16(m, m, K)), linear(deep_gemm, bf16(m, m, K), *pair))
    assert counter.frame_count == 1


def gradient_1x(deep_gemm, out, pairs):
    deep_gemm.wgrad_gemm_fp8_fp8_fp32_nt(*pairs, out)


def gradient_of_groups(deep_gemm, out, pairs):
    (a, sfa), (b, sfb) = pairs
    flat = (a.reshape(-1), sfa.T.contiguous().T), (b.reshape(-1), sfb.T.contiguous().T)
    sizes = torch.tensor([K], dtype=torch.int32)
    deep_gemm.k_grouped_fp8_gemm_nt_contiguous(*flat, out.unsqueeze(0), [K], sizes, out.unsqueeze(0).clone())


@pytest.mark.parametrize("function", [gradient_1x, gradient_of_groups])
def test_weight_gradients(deep_gemm, function):
    pairs = [aotgemm.per_token_cast_to_fp8(bf16(seed, rows, K), False) for seed, rows in ((1, 16), (2, 24))]
    eager, traced = torch.ones(16, 24), torch.ones(16, 24)
    function(deep_gemm, eager, pairs)
    torch.compile(lambda out: function(deep_gemm, out, pairs), fullgraph=True, backend="aot_eager")(traced)
    assert torch.equal(traced, eager) and not (eager == 1).all()

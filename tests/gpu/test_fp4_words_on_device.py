"""FP4 weights in words on a GPU: made there, and multiplied with the bits of requantized FP8 weights and of the CPU."""

import aotgemm
import numpy as np
import pytest
import torch
from torch_tensors import bits

SHAPES = [(1, 72, 128), (7, 576, 1024), (64, 136, 640), (130, 264, 256)]


def draw(n, k, *groups):
    generator = torch.Generator().manual_seed(n + k)
    packed = torch.randint(-128, 128, (*groups, n, k // 2), generator=generator, dtype=torch.int8)
    return packed, torch.exp2(-torch.randint(0, 15, (*groups, n, k // 32), generator=generator).float())


def draw_rows(k, *rows):
    x = torch.randn(*rows, k, generator=torch.Generator().manual_seed(k))
    q, sf = aotgemm.per_token_cast_to_fp8(x.view(-1, k), False)
    return q.view(x.shape), sf.view(*rows, -1)


def on_gpu(pair):
    return tuple(tensor.cuda() for tensor in pair)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_dense(shape):
    m, n, k = shape
    given, a = draw(n, k), draw_rows(k, m)
    host, device = (aotgemm.prepack_fp4_weights(*x, 128, allow_inexact=True) for x in (given, on_gpu(given)))
    for x, y in zip((*host.weights, host.inexact), (*device.weights, device.inexact), strict=True):
        assert torch.equal(x, y.cpu()) and x.stride() == y.stride()
    q, sf, _ = aotgemm.requantize_fp4_to_fp8(*on_gpu(given), allow_inexact=True)
    wanted = torch.empty(m, n, dtype=torch.bfloat16)
    aotgemm.fp8_fp4_gemm_nt(a, host.weights, wanted)
    for b in (device.weights, (q, sf)):
        d = torch.full((m, n), 7, dtype=torch.bfloat16, device="cuda")
        aotgemm.fp8_fp4_gemm_nt(on_gpu(a), b, d)
        np.testing.assert_array_equal(bits(d), bits(wanted))


def test_masked_groups_whose_sizes_change_in_a_graph():
    groups, room, n, k = 3, 70, 200, 512
    given, a = draw(n, k, groups), on_gpu(draw_rows(k, groups, room))
    weights = aotgemm.prepack_fp4_weights(*on_gpu(given), 128, allow_inexact=True).weights
    fp8 = aotgemm.requantize_fp4_to_fp8(*on_gpu(given), allow_inexact=True)[:2]
    mask = torch.zeros(groups, dtype=torch.int32, device="cuda")
    d, wanted = (torch.full((groups, room, n), 7, dtype=torch.bfloat16, device="cuda") for _ in range(2))
    aotgemm.preload()
    a = a[0], aotgemm.get_mn_major_tma_aligned_tensor(a[1])
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        aotgemm.m_grouped_fp8_fp4_gemm_nt_masked(a, weights, d, mask, 8)
    for counts in ((0, 0, 0), (1, 70, 8), (5, 0, 33)):
        mask.copy_(torch.tensor(counts, dtype=torch.int32))
        graph.replay()
        aotgemm.m_grouped_fp8_fp4_gemm_nt_masked(a, fp8, wanted, mask, 8)
        np.testing.assert_array_equal(bits(d), bits(wanted))

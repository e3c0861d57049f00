"""Paged logits and their schedule in one graph: values and strides of the calls."""

import aotgemm
import aotgemm.torch
import pytest
import torch
from layer_weights import bf16
from torch_tensors import bits

B, R, H, D, BLOCK, BLOCKS, WIDTH = 2, 1, 32, 64, 64, 5, 130
KEYS = (70, 130)


def operands():
    g = torch.Generator().manual_seed(0)
    q = torch.randn(B, R, H, D, generator=g).to(torch.float8_e4m3fn)
    values = torch.randn(BLOCKS, BLOCK * D, generator=g).to(torch.float8_e4m3fn).view(torch.uint8)
    scales = (torch.rand(BLOCKS, BLOCK, generator=g) + 0.5).view(torch.uint8)
    cache = torch.cat([values, scales], 1).view(BLOCKS, BLOCK, 1, D + 4)
    table = torch.tensor([[4, 0, 0], [1, 3, 2]], dtype=torch.int32)
    return q, cache, torch.randn(B * R, H, generator=g), torch.tensor(KEYS, dtype=torch.int32).view(B, R), table


@pytest.mark.parametrize("dtype", [None, torch.bfloat16], ids=str)
def test_a_graph_of_both_gives_the_calls_bits_and_strides(dtype):
    torch._dynamo.reset()

    def call(q, cache, weights, lengths, table):
        schedule = aotgemm.get_paged_mqa_logits_metadata(lengths, BLOCK, 4)
        return aotgemm.fp8_fp4_paged_mqa_logits(
            (q, None), cache, weights, lengths, table, schedule, WIDTH, logits_dtype=dtype
        )

    eager = call(*operands())
    graph = torch.compile(call, fullgraph=True, backend="aot_eager")(*operands())
    assert graph.dtype == eager.dtype and graph.shape == (B * R, WIDTH) and graph.stride() == eager.stride()
    for row, keys in enumerate(KEYS):
        assert (bits(graph[row, :keys]) == bits(eager[row, :keys])).all() and eager[row, :keys].float().std() > 0


def test_fp4_on_blackwell_in_a_graph():
    aotgemm.set_cpu_arch("sm_100a")
    try:
        torch._dynamo.reset()
        _, _, weights, lengths, table = operands()
        q, q_scales = aotgemm.per_token_cast_to_fp4(bf16(1, B * R * H, D), True, 32, True)
        k, scales = aotgemm.per_token_cast_to_fp4(bf16(2, BLOCKS * BLOCK, D), True, 32, True)
        parts = k.view(torch.uint8).view(BLOCKS, -1), scales.view(torch.uint8).view(BLOCKS, -1)
        cache = torch.cat(parts, 1).view(BLOCKS, BLOCK, 1, D // 2 + 4)
        given = q.view(B, R, H, D // 2), q_scales.view(B, R, H), cache, weights, lengths, table

        def call(q, q_scales, cache, weights, lengths, table):
            schedule = aotgemm.get_paged_mqa_logits_metadata(lengths, BLOCK, 4)
            return aotgemm.fp8_fp4_paged_mqa_logits((q, q_scales), cache, weights, lengths, table, schedule, WIDTH)

        eager, graph = call(*given), torch.compile(call, fullgraph=True, backend="aot_eager")(*given)
        assert graph.stride() == eager.stride()
        for row, keys in enumerate(KEYS):
            assert torch.equal(graph[row, :keys], eager[row, :keys]) and eager[row, :keys].std() > 0
    finally:
        aotgemm.set_cpu_arch("sm_90a")

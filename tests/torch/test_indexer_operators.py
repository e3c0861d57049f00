"""The indexer's logits in graphs: values and strides of the call."""

import aotgemm
import aotgemm.torch
import pytest
import torch
from layer_weights import bf16
from torch_tensors import bits

M, N, H, D = 5, 70, 32, 64


def operands():
    g = torch.Generator().manual_seed(0)
    q, k = (torch.randn(shape, generator=g).to(torch.float8_e4m3fn) for shape in ((M, H, D), (N, D)))
    start = torch.tensor([0, 0, 3, 10, 60], dtype=torch.int32)
    return q, (k, torch.rand(N, generator=g) + 0.5), torch.randn(M, H, generator=g), start, start + 9


FORMS = [
    {},
    {"logits_dtype": torch.bfloat16},
    {"clean_logits": False, "max_seqlen_k": 16},
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_graph_gives_the_calls_bits_and_strides(form):
    torch._dynamo.reset()
    q, kv, weights, start, end = operands()

    def call(q, kv, weights, start, end):
        return aotgemm.fp8_fp4_mqa_logits((q, None), kv, weights, start, end, **form)

    eager = call(q, kv, weights, start, end)
    graph = torch.compile(call, fullgraph=True, backend="aot_eager")(q, kv, weights, start, end)
    assert graph.dtype == eager.dtype and graph.shape == eager.shape and graph.stride() == eager.stride()
    live = torch.zeros(eager.shape, dtype=torch.bool)
    for row in range(M):
        first = 0 if "max_seqlen_k" in form else int(start[row])
        live[row, first : first + 9] = True
    assert (bits(graph) == bits(eager))[live.numpy()].all() and eager[live].float().std() > 0


def test_names_of_one_call_are_traced():
    torch._dynamo.reset()
    q, kv, weights, start, end = operands()
    compiled = torch.compile(
        lambda *given: aotgemm.fp8_mqa_logits(*given[:3], ks=given[3], ke=given[4]), fullgraph=True, backend="aot_eager"
    )
    assert torch.equal(compiled(q, kv, weights, start, end), aotgemm.fp8_mqa_logits(q, kv, weights, start, end))


def test_fp4_on_blackwell_in_a_graph():
    aotgemm.set_cpu_arch("sm_100a")
    try:
        torch._dynamo.reset()
        _, _, weights, start, end = operands()
        q, q_scales = aotgemm.per_token_cast_to_fp4(bf16(1, M * H, D), True, 32, True)
        k, scales = aotgemm.per_token_cast_to_fp4(bf16(2, N, D), True, 32, True)
        given = q.view(M, H, D // 2), q_scales.view(M, H), k, scales.view(N), weights, start, end

        def call(q, q_scales, k, scales, *others):
            return aotgemm.fp8_fp4_mqa_logits((q, q_scales), (k, scales), *others)

        eager, graph = call(*given), torch.compile(call, fullgraph=True, backend="aot_eager")(*given)
        assert torch.equal(graph, eager) and graph.stride() == eager.stride() and eager[0, 0].isfinite()
    finally:
        aotgemm.set_cpu_arch("sm_90a")

"""fp8_grouped_linear and fp8_experts: each row as if it were alone, whatever it is grouped with."""

import aotgemm
import aotgemm.torch
import pytest
import torch
from aotgemm.torch.experts import silu_and_multiply, summed_by_slot
from aotgemm.torch.linear import dequantized
from layer_weights import bf16, relative_error, stacked

E, H, I, T, SLOTS = 4, 272, 144, 9, 2  # noqa: E741


@pytest.mark.parametrize("counts", [(3, 0, 130, 5), (0, 0, 0, 0), (0, 0, 0, 128)], ids=str)
@pytest.mark.parametrize("behind", [0, 4])
def test_rows_of_each_expert(counts, behind):
    rows, weights = sum(counts) + behind, stacked(10, E, I, H)
    x, offsets = bf16(1, rows, H), torch.tensor(counts).cumsum(0, dtype=torch.int32)
    out = aotgemm.torch.fp8_grouped_linear(x, *weights, offsets)
    ids = torch.repeat_interleave(torch.arange(E), torch.tensor(counts))
    for row, expert in enumerate(ids.tolist()):
        alone = aotgemm.torch.fp8_linear(x[row : row + 1], weights[0][expert], weights[1][expert])
        assert torch.equal(out[row], alone[0])
    assert out.shape == (rows, I) and not out[sum(counts) :].any()


def test_gradient_of_grouped_rows():
    weights, offsets = stacked(10, E, I, H), torch.tensor([3, 3, 8, 9], dtype=torch.int32)
    x, gradient = bf16(1, 11, H).requires_grad_(), bf16(2, 11, I)
    aotgemm.torch.fp8_grouped_linear(x, *weights, offsets).backward(gradient)
    for row, expert in enumerate([0] * 3 + [2] * 5 + [3]):
        alone = x[row : row + 1].detach().requires_grad_()
        aotgemm.torch.fp8_linear(alone, weights[0][expert], weights[1][expert]).backward(gradient[row : row + 1])
        assert torch.equal(x.grad[row], alone.grad[0])
    assert not x.grad[9:].any()


def layer():
    return *stacked(20, E, 2 * I, H), *stacked(30, E, H, I)


def routed(seed=5):
    logits = torch.randn(T, E, generator=torch.Generator().manual_seed(seed))
    weights, index = logits.softmax(-1).topk(SLOTS, dim=-1)
    return index, weights


def token_by_token(x, index, weights, gate_up, gate_up_scale, down, down_scale):
    """The definition: each slot by fp8_linear alone; an expert that is not here gives zeros."""
    rows = []
    for token, experts in enumerate(index.tolist()):
        slots = []
        for expert in experts:
            if expert >= E:
                slots.append(torch.zeros(1, H, dtype=torch.bfloat16))
                continue
            inner = aotgemm.torch.fp8_linear(x[token : token + 1], gate_up[expert], gate_up_scale[expert])
            slots.append(aotgemm.torch.fp8_linear(silu_and_multiply(inner), down[expert], down_scale[expert]))
        rows.append(summed_by_slot(torch.stack(slots, 1), weights[token : token + 1]))
    return torch.cat(rows)


@pytest.mark.parametrize("missing", [False, True])
def test_experts_are_the_sum_of_their_slots(missing):
    x, (index, weights), parameters = bf16(1, T, H), routed(), layer()
    if missing:
        index[2, 1], index[5] = E, E
    out = aotgemm.torch.fp8_experts(x, index, weights, *parameters)
    assert torch.equal(out, token_by_token(x, index, weights, *parameters))
    assert not missing or not out[5].any()


def test_experts_are_near_the_exact_layer():
    x, (index, weights), (gate_up, gs, down, ds) = bf16(1, T, H), routed(), layer()
    exact = torch.zeros(T, H, dtype=torch.float64)
    for token in range(T):
        for slot, expert in enumerate(index[token].tolist()):
            inner = dequantized(gate_up[expert], gs[expert]).double() @ x[token].double()
            gate, up = inner.chunk(2)
            value = dequantized(down[expert], ds[expert]).double() @ (gate * gate.sigmoid() * up)
            exact[token] += weights[token, slot].double() * value
    assert relative_error(aotgemm.torch.fp8_experts(x, index, weights, gate_up, gs, down, ds), exact) < 0.06


def test_tokens_and_their_gradients_do_not_see_each_other():
    x, (index, weights), parameters, gradient = bf16(1, T, H), routed(), layer(), bf16(2, T, H)
    order = torch.tensor([8, 1, 6, 3, 4, 5, 2, 7, 0])
    results = []
    for rows in (torch.arange(T), order, torch.tensor([6])):
        tokens, scores = x[rows].requires_grad_(), weights[rows].requires_grad_()
        out = aotgemm.torch.fp8_experts(tokens, index[rows], scores, *parameters)
        out.backward(gradient[rows])
        results.append((out.detach(), tokens.grad, scores.grad))
    for whole, mixed, alone in zip(*results, strict=True):
        assert torch.equal(whole[order], mixed) and torch.equal(whole[6:7], alone)
        assert whole.any()


@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
def test_the_layer_compiles_into_one_graph(backend):
    torch._dynamo.reset()
    module = aotgemm.torch.FP8Experts(E, H, I)
    names = ("gate_up_proj", "gate_up_proj_scale_inv", "down_proj", "down_proj_scale_inv")
    module.load_state_dict(dict(zip(names, layer(), strict=True)))
    index, weights = routed()
    compiled = torch.compile(module, fullgraph=True, dynamic=True, backend=backend)
    for tokens in (T, 4):
        given = bf16(1, T, H)[:tokens], index[:tokens], weights[:tokens]
        eager, graph = module(*given), compiled(*given)
        if backend == "aot_eager":
            assert torch.equal(eager, graph)
        else:  # Inductor's own kernel computes silu, and differs from PyTorch's in the last place
            assert relative_error(graph, eager) < 1e-2


@pytest.mark.parametrize("compiled", [False, True])
def test_rows_may_come_quantised(compiled):
    weights, offsets, x = stacked(10, E, I, H), torch.tensor([3, 3, 8, 9], dtype=torch.int32), bf16(1, 11, H)
    call = aotgemm.torch.fp8_grouped_linear
    if compiled:
        call = torch.compile(call, fullgraph=True, backend="aot_eager")
    out = call(aotgemm.per_token_cast_to_fp8(x, False), *weights, offsets)
    assert torch.equal(out, aotgemm.torch.fp8_grouped_linear(x, *weights, offsets))

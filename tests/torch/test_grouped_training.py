"""Weights of experts that train: an expert's gradient is that of fp8_linear on its rows alone, to the bit."""

import aotgemm
import aotgemm.torch
import pytest
import torch
from layer_weights import bf16, relative_error

E, N, K = 4, 200, 272
COUNTS = [(3, 0, 130, 5), (0, 0, 0, 0), (256, 1, 0, 128)]
WIDE = [torch.bfloat16, torch.float32]


def wide(seed, *shape, dtype=torch.float32):
    return (bf16(seed, *shape) / shape[-1] ** 0.5).to(dtype)


def ends_of(counts):
    return torch.tensor(counts).cumsum(0, dtype=torch.int32)


@pytest.mark.parametrize("counts", COUNTS, ids=str)
@pytest.mark.parametrize("dtype", WIDE, ids=str)
def test_an_experts_gradient_is_that_of_its_rows_alone(counts, dtype):
    rows = sum(counts) + 4  # the last four are no expert's
    x, gradient, weight = bf16(1, rows, K).requires_grad_(), bf16(2, rows, N), wide(3, E, N, K, dtype=dtype)
    out = aotgemm.torch.fp8_grouped_linear(x, weight.requires_grad_(), None, ends_of(counts))
    out.backward(gradient)
    assert weight.grad.dtype == dtype and not out[sum(counts) :].any() and not x.grad[sum(counts) :].any()
    start = 0
    for expert, count in enumerate(counts):
        part = slice(start, start + count)
        start += count
        if not count:
            assert not weight.grad[expert].any()
            continue
        rows_alone = x.detach()[part].clone().requires_grad_()
        weight_alone = weight.detach()[expert].clone().requires_grad_()
        alone = aotgemm.torch.fp8_linear(rows_alone, weight_alone)
        alone.backward(gradient[part])
        assert torch.equal(out[part], alone) and torch.equal(x.grad[part], rows_alone.grad)
        assert torch.equal(weight.grad[expert], weight_alone.grad) and weight.grad[expert].any()


def test_the_gradient_is_near_the_exact_one():
    counts = (37, 0, 130, 9)
    x, gradient, weight = bf16(1, 176, K), bf16(2, 176, N), wide(3, E, N, K).requires_grad_()
    aotgemm.torch.fp8_grouped_linear(x, weight, None, ends_of(counts)).backward(gradient)
    exact = torch.zeros(E, N, K, dtype=torch.float64)
    for expert, part in enumerate(torch.arange(176).split(list(counts))):
        exact[expert] = gradient[part].double().T @ x[part].double()
    assert relative_error(weight.grad, exact) < 0.06  # two FP8 factors


def test_only_what_is_asked_for_is_computed():
    x, weight, ends = bf16(1, 9, K), wide(3, E, N, K), ends_of((3, 0, 5, 1))
    asked = weight.clone().requires_grad_()
    aotgemm.torch.fp8_grouped_linear(x, asked, None, ends).sum().backward()
    assert x.grad is None and asked.grad is not None
    assert not aotgemm.torch.fp8_grouped_linear(x, weight, None, ends).requires_grad
    with torch.no_grad():
        quantised = aotgemm.torch.fp8_grouped_linear(aotgemm.per_token_cast_to_fp8(x, False), asked, None, ends)
        assert torch.equal(quantised, aotgemm.torch.fp8_grouped_linear(x, asked, None, ends))


@pytest.mark.parametrize("n", [128, 200])
def test_experts_are_quantised_as_each_would_be(n):
    weight = wide(5, E, n, K)
    q, scales = torch.ops.aotgemm.fp8_quantize_weight(weight)
    for expert in range(E):
        alone = aotgemm.per_block_cast_to_fp8(weight[expert], False)
        assert torch.equal(q[expert].view(torch.uint8), alone[0].view(torch.uint8))
        assert torch.equal(scales[expert], alone[1])


T, H, I, SLOTS, EXPERTS = 9, 144, 80, 2, 8  # noqa: E741


def experts_step(order, dtype=torch.float32, call=None):
    """Gradients of a layer that trains whole, of the tokens in that order: of tokens, scores and both weights."""
    scores, index = torch.randn(T, EXPERTS, generator=torch.Generator().manual_seed(5)).softmax(-1).topk(SLOTS)
    x, scores = bf16(1, T, H)[order].requires_grad_(), scores[order].requires_grad_()
    weights = [
        wide(seed, EXPERTS, *shape, dtype=dtype).requires_grad_() for seed, shape in ((7, (2 * I, H)), (8, (H, I)))
    ]
    out = (call or aotgemm.torch.fp8_experts)(x, index[order], scores, weights[0], None, weights[1], None)
    out.backward(bf16(2, T, H)[order])
    return index, [x.grad, scores.grad], [weight.grad for weight in weights]


def test_tokens_gradients_do_not_see_the_order_of_the_batch():
    order = torch.tensor([8, 1, 6, 3, 4, 5, 2, 7, 0])
    _, whole, _ = experts_step(torch.arange(T))
    _, mixed, _ = experts_step(order)
    for one, other in zip(whole, mixed, strict=True):
        assert one.any() and torch.equal(one[order], other)


def test_an_experts_gradient_sees_its_own_tokens_order_alone():
    """Tokens without a common expert change places."""
    index, _, whole = experts_step(torch.arange(T))
    order, moved = torch.arange(T), 0
    for token in range(T - 1):
        if not set(index[order[token]].tolist()) & set(index[order[token + 1]].tolist()):
            order[[token, token + 1]] = order[[token + 1, token]]
            moved += 1
    _, _, mixed = experts_step(order)
    assert moved > 1
    for one, other in zip(whole, mixed, strict=True):
        assert one.any() and torch.equal(one, other)


def test_a_training_step_compiles_into_one_graph():
    torch._dynamo.reset()
    compiled = torch.compile(aotgemm.torch.fp8_experts, fullgraph=True, backend="aot_eager")
    _, *eager = experts_step(torch.arange(T), torch.bfloat16)
    _, *graph = experts_step(torch.arange(T), torch.bfloat16, compiled)
    for one, other in zip(sum(eager, []), sum(graph, []), strict=True):
        assert torch.equal(one, other)


def test_weights_of_fp8_without_scales_are_refused():
    weight = wide(3, E, N, K).to(torch.float8_e4m3fn)
    with pytest.raises(aotgemm.DtypeError):
        aotgemm.torch.fp8_grouped_linear(bf16(1, 9, K), weight, None, ends_of((3, 0, 5, 1)))

"""fp8_linear: bits of the calls it is made of, gradients, and independence of a row from its neighbours."""

import aotgemm
import aotgemm.torch
import pytest
import torch
from aotgemm.torch.linear import dequantized
from layer_weights import bf16, blocks, relative_error

N, K = 200, 272


def by_hand(x, pair):
    d = torch.empty(len(x), N, dtype=torch.bfloat16)
    aotgemm.fp8_gemm_nt(aotgemm.per_token_cast_to_fp8(x, False), pair, d)
    return d


@pytest.mark.parametrize("shape", [(0, K), (7, K), (2, 3, K), (K,)], ids=str)
def test_a_layer_is_a_cast_and_a_gemm(shape):
    x, pair = bf16(1, *shape), blocks(2, N, K)
    out = aotgemm.torch.fp8_linear(x, *pair)
    assert out.shape == (*shape[:-1], N) and torch.equal(out.view(-1, N), by_hand(x.view(-1, K), pair))
    biased = aotgemm.torch.fp8_linear(x, *pair, bf16(3, N))
    assert torch.equal(biased, out + bf16(3, N))


def test_frozen_weights_pass_the_gradient_on():
    x, pair, gradient = bf16(1, 7, K).requires_grad_(), blocks(2, N, K), bf16(3, 7, N)
    bias = bf16(4, N).requires_grad_()
    aotgemm.torch.fp8_linear(x, *pair, bias).backward(gradient)
    whole = dequantized(*pair)
    assert whole.shape == (N, K)
    expected = torch.empty(7, K, dtype=torch.bfloat16)
    aotgemm.bf16_gemm_nn(gradient, whole, expected)
    assert torch.equal(x.grad, expected)
    assert relative_error(x.grad, gradient.double() @ whole.double()) < 4e-3
    assert torch.equal(bias.grad, gradient.sum(0))


def test_dequantized_is_element_times_scale():
    q, scales = blocks(2, N, K)
    exact = torch.empty(N, K)
    for i in range(N):
        for j in range(0, K, 128):
            exact[i, j : j + 128] = q[i, j : j + 128].float() * scales[i // 128, j // 128]
    assert torch.equal(dequantized(q, scales), exact.bfloat16())


def test_rows_do_not_see_each_other():
    x, pair, gradient = bf16(1, 9, K), blocks(2, N, K), bf16(3, 9, N)
    order = torch.tensor([4, 0, 8, 1, 7, 2, 6, 3, 5])
    whole, mixed = x.clone().requires_grad_(), x[order].requires_grad_()
    alone = x[4:5].clone().requires_grad_()
    outs = [aotgemm.torch.fp8_linear(each, *pair) for each in (whole, mixed, alone)]
    assert torch.equal(outs[0][order], outs[1]) and torch.equal(outs[0][4:5], outs[2])
    for out, part in zip(outs, (gradient, gradient[order], gradient[4:5]), strict=True):
        out.backward(part)
    assert torch.equal(whole.grad[order], mixed.grad) and torch.equal(whole.grad[4:5], alone.grad)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32], ids=str)
@pytest.mark.parametrize("tokens", [5, 130])
def test_weights_that_train(dtype, tokens):
    x = bf16(1, tokens, K).requires_grad_()
    weight, gradient = (bf16(2, N, K) / 16).to(dtype).requires_grad_(), bf16(3, tokens, N)
    out = aotgemm.torch.fp8_linear(x, weight)
    pair = aotgemm.per_block_cast_to_fp8(weight.detach(), False)
    assert torch.equal(out, by_hand(x.detach(), pair))
    out.backward(gradient)
    assert weight.grad.dtype == dtype and x.grad.shape == x.shape
    assert relative_error(weight.grad, gradient.double().T @ x.detach().double()) < 0.06  # two FP8 factors
    assert relative_error(x.grad, gradient.double() @ dequantized(*pair).double()) < 4e-3


def test_the_weights_gradient_is_the_1d1d_gemm():
    x, gradient = bf16(1, 16, K), bf16(3, 16, N)
    weight = (bf16(2, N, K) / 16).float().requires_grad_()
    aotgemm.torch.fp8_linear(x, weight).backward(gradient)
    expected = torch.empty(N, K)
    factors = (aotgemm.per_token_cast_to_fp8(each.T.contiguous(), False) for each in (gradient, x))
    aotgemm.fp8_gemm_nt(*factors, expected, recipe=(1, 1, 128))
    assert torch.equal(weight.grad, expected)


def test_only_what_is_asked_for_is_computed():
    x, weight = bf16(1, 5, K), (bf16(2, N, K) / 16).requires_grad_()
    aotgemm.torch.fp8_linear(x, weight).sum().backward()
    assert weight.grad is not None and x.grad is None
    with torch.no_grad():
        assert not aotgemm.torch.fp8_linear(x, weight).requires_grad


@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
def test_forward_and_backward_compile(backend):
    torch._dynamo.reset()
    layer = aotgemm.torch.FP8Linear(K, N, bias=True)
    layer.weight.data, layer.weight_scale_inv.data = blocks(2, N, K)
    layer.bias.data = bf16(4, N)
    compiled = torch.compile(layer, fullgraph=True, backend=backend)
    grads = []
    for call in (layer, compiled):
        x = bf16(1, 7, K).requires_grad_()
        layer.bias.grad = None
        out = call(x)
        out.backward(bf16(3, 7, N))
        grads.append((out, x.grad, layer.bias.grad))
    for eager, graph in zip(*grads, strict=True):
        assert torch.equal(eager, graph)


def test_the_module_has_the_checkpoints_names():
    layer = aotgemm.torch.FP8Linear(K, N, bias=True)
    shapes = {name: tuple(parameter.shape) for name, parameter in layer.named_parameters()}
    assert shapes == {"weight": (N, K), "weight_scale_inv": (2, 3), "bias": (N,)}
    assert [p.requires_grad for p in layer.parameters()] == [False, False, True]
    q, scales = blocks(2, N, K)
    layer.load_state_dict({"weight": q, "weight_scale_inv": scales, "bias": bf16(4, N)})
    x = bf16(1, 7, K)
    before = layer(x)
    assert torch.equal(before, aotgemm.torch.fp8_linear(x, q, scales, bf16(4, N)))
    layer.weight_scale_inv.data.mul_(2)  # refitted in place, as reinforcement learning does
    assert torch.equal(layer(x), 2 * aotgemm.torch.fp8_linear(x, q, scales) + bf16(4, N))
    assert not list(aotgemm.torch.FP8Linear(K, N, device="meta").buffers())


def test_a_wide_type_is_refused():
    with pytest.raises(aotgemm.DtypeError):
        aotgemm.torch.fp8_linear(bf16(1, 7, K).half(), *blocks(2, N, K))

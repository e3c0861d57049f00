"""The layers on a CPU that speaks for Blackwell, whose GEMMs take scales that are powers of two."""

import aotgemm
import aotgemm.torch
import pytest
import torch
from aotgemm.torch.casts import in_blocks
from aotgemm.torch.checkpoint import with_powers_of_two
from aotgemm.torch.linear import dequantized
from layer_weights import bf16, relative_error

E, N, K, ROWS = 3, 208, 272, 37
ENDS = torch.tensor([3, 3, 35], dtype=torch.int32)  # the last two rows are no expert's


@pytest.fixture(autouse=True)
def on_blackwell():
    aotgemm.set_cpu_arch("sm_100a")
    yield
    aotgemm.set_cpu_arch("sm_90a")


def weight(*shape):
    return (bf16(3, *shape) / K**0.5).float()


def is_power_of_two(scales):
    return bool((torch.frexp(scales).mantissa == 0.5).all())


def test_weights_are_quantised_by_powers_of_two():
    _, scales = torch.ops.aotgemm.fp8_quantize_weight(weight(E, N, K))
    assert scales.shape == (E, 2, 3) and is_power_of_two(scales)


@pytest.mark.parametrize("shape", [(N, K), (E, N, K)], ids=str)
def test_weights_of_other_scales_are_quantised_again(shape):
    given = in_blocks(weight(*shape), False)
    again = with_powers_of_two(*given)
    assert not is_power_of_two(given[1]) and is_power_of_two(again[1]) and again[0].shape == shape
    assert relative_error(dequantized(*again), dequantized(*given)) < 0.04
    of_one = [[part[0] if len(shape) == 3 else part for part in pair] for pair in (given, again)]
    before, after = (aotgemm.torch.fp8_linear(bf16(1, ROWS, K), *pair) for pair in of_one)
    assert before.isnan().all() and after.isfinite().all()


@pytest.mark.parametrize("trains", [False, True])
def test_a_linear_layer_and_its_gradients(trains):
    x, gradient, w = bf16(1, ROWS, K).requires_grad_(), bf16(2, ROWS, N), weight(N, K).requires_grad_()
    pair = aotgemm.per_block_cast_to_fp8(w.detach(), True)
    out = aotgemm.torch.fp8_linear(x, w) if trains else aotgemm.torch.fp8_linear(x, *pair)
    out.backward(gradient)
    whole = dequantized(*pair).double()
    assert relative_error(out, x.double() @ whole.T) < 0.05
    assert relative_error(x.grad, gradient.double() @ whole) < 4e-3
    if trains:
        assert relative_error(w.grad, gradient.double().T @ x.double()) < 0.08  # two FP8 factors


def test_experts_and_their_gradients_are_those_of_each_alone():
    x, gradient, w = bf16(1, ROWS, K).requires_grad_(), bf16(2, ROWS, N), weight(E, N, K).requires_grad_()
    out = aotgemm.torch.fp8_grouped_linear(x, w, None, ENDS)
    out.backward(gradient)
    for expert, part in ((0, slice(0, 3)), (2, slice(3, 35))):
        rows, alone = x.detach()[part].clone().requires_grad_(), w.detach()[expert].clone().requires_grad_()
        aotgemm.torch.fp8_linear(rows, alone).backward(gradient[part])
        assert torch.equal(out[part], aotgemm.torch.fp8_linear(rows, alone)) and out[part].isfinite().all()
        assert torch.equal(x.grad[part], rows.grad) and torch.equal(w.grad[expert], alone.grad) and alone.grad.any()
    assert not w.grad[1].any() and not out[35:].any() and not x.grad[35:].any()

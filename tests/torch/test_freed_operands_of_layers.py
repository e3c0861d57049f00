"""Layers look first at what PyTorch's own operations would read: freed memory, a bias of another size or type."""

import aotgemm
import pytest
import torch
from aotgemm.torch import fp8_experts, fp8_linear
from layer_weights import bf16, blocks, stacked

N, K, H, INNER = 144, 272, 128, 128


def freed(tensor):
    gone = tensor.clone()
    gone.untyped_storage().resize_(0)
    return gone


def test_a_freed_bias_is_refused():
    with pytest.raises(aotgemm.LayoutError, match="^bias: data is null"):
        fp8_linear(bf16(1, 5, K), *blocks(2, N, K), freed(bf16(3, N)))


@pytest.mark.parametrize("bias, error", [(bf16(3, 8), "ShapeError"), (torch.zeros(N), "DtypeError")], ids=["N", "FP32"])
def test_a_bias_of_another_size_or_type_is_refused(bias, error):
    with pytest.raises(getattr(aotgemm, error), match="^bias: "):
        fp8_linear(bf16(1, 5, K), *blocks(2, N, K), bias)


@pytest.mark.parametrize("name, place", [("hidden_states", 0), ("top_k_index", 1), ("top_k_weights", 2)])
def test_freed_operands_of_experts_are_refused(name, place):
    given = [bf16(1, 5, H), torch.zeros(5, 2, dtype=torch.int64), torch.rand(5, 2)]
    weights = *stacked(4, 3, 2 * INNER, H), *stacked(7, 3, H, INNER)
    assert fp8_experts(*given, *weights).shape == (5, H)
    given[place] = freed(given[place])
    with pytest.raises(aotgemm.LayoutError, match=f"^{name}: data is null"):
        fp8_experts(*given, *weights)

"""Layers on FP4 weights in words, on a GPU: the bits of the CPU in both directions, those of eager calls in graphs."""

import aotgemm.torch
import numpy as np
import pytest
import torch
from aotgemm.torch import fp8_grouped_linear, fp8_linear
from layer_weights import bf16
from torch_tensors import bits

DEVICE, E, N, K, ROWS = "cuda", 4, 200, 384, 37


def words(seed, *shape):
    codes, scales = aotgemm.per_token_cast_to_fp4(bf16(seed, *shape).reshape(-1, shape[-1]), True, 32)
    codes, scales = codes.view(*shape[:-1], -1), scales.view(*shape[:-1], -1)
    return tuple(aotgemm.prepack_fp4_weights(codes, scales, allow_inexact=True).weights)


def put(tensor, device):
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device=device).copy_(tensor)


def linear(x, pair):
    return fp8_linear(x, *pair)


def grouped(x, pair):
    return fp8_grouped_linear(x, *pair, torch.tensor([5, 5, 30, ROWS - 2], dtype=torch.int32, device=x.device))


LAYERS = pytest.mark.parametrize("layer, shape", [(linear, (N, K)), (grouped, (E, N, K))], ids=["linear", "grouped"])


@LAYERS
def test_results_and_gradients_have_the_cpus_bits(layer, shape):
    pair, results = words(1, *shape), []
    for device in (DEVICE, "cpu"):
        x = put(bf16(2, ROWS, K), device).requires_grad_()
        out = layer(x, [put(each, device) for each in pair])
        out.backward(put(bf16(3, ROWS, N), device))
        results.append((out.detach(), x.grad))
    for gpu, cpu in zip(*results, strict=True):
        assert cpu.any()
        np.testing.assert_array_equal(bits(gpu), bits(cpu))


@LAYERS
def test_one_graph_and_inductors_cuda_graph_give_the_eager_bits(layer, shape):
    torch._dynamo.reset()
    pair = [put(each, DEVICE) for each in words(1, *shape)]
    compiled = torch.compile(lambda x: layer(x, pair), fullgraph=True, mode="reduce-overhead")
    with torch.no_grad():
        for seed in range(4):  # it warms up, records, then replays
            x = put(bf16(seed, ROWS, K), DEVICE)
            assert torch.equal(compiled(x), layer(x, pair))


def test_prepacking_on_the_gpu_gives_the_cpus_bits():
    codes, scales = aotgemm.per_token_cast_to_fp4(bf16(1, N, K), True, 32)
    on_cpu = aotgemm.prepack_fp4_weights(codes, scales, allow_inexact=True)
    on_gpu = aotgemm.prepack_fp4_weights(put(codes, DEVICE), put(scales, DEVICE), allow_inexact=True)
    for gpu, cpu in zip((*on_gpu.weights, on_gpu.inexact), (*on_cpu.weights, on_cpu.inexact), strict=True):
        assert gpu.stride() == cpu.stride()
        np.testing.assert_array_equal(bits(gpu), bits(cpu))

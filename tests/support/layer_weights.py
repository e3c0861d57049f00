"""Weights for the tests of layers, in FP8 blocks, on the CPU."""

import aotgemm
import torch


def bf16(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).bfloat16()


def blocks(seed, n, k):
    """(weight, weight_scale_inv)."""
    return aotgemm.per_block_cast_to_fp8(bf16(seed, n, k) / k**0.5, use_ue8m0=False)


def stacked(seed, experts, n, k):
    pairs = [blocks(seed + e, n, k) for e in range(experts)]
    return torch.stack([q.view(torch.uint8) for q, _ in pairs]).view(torch.float8_e4m3fn), torch.stack(
        [scales for _, scales in pairs]
    )


def relative_error(x, exact):
    return ((x.double() - exact.double()).norm() / exact.double().norm()).item()

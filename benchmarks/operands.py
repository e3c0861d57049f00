"""Operands of a block-scaled GEMM on the GPU, drawn from a standard normal distribution."""

from __future__ import annotations

from dataclasses import dataclass

import torch

import aotgemm


@dataclass(frozen=True)
class Fp8Operands:
    """A [M, K] with 1x128 scales in the TMA's layout, B [N, K] with 128x128 scales, D [M, N] BF16."""

    a: torch.Tensor
    sfa: torch.Tensor
    b: torch.Tensor
    sfb: torch.Tensor
    d: torch.Tensor

    @classmethod
    def random(cls, m: int, n: int, k: int) -> Fp8Operands:
        a, sfa = aotgemm.per_token_cast_to_fp8(torch.randn(m, k, device="cuda", dtype=torch.bfloat16), use_ue8m0=False)
        b, sfb = aotgemm.per_block_cast_to_fp8(torch.randn(n, k, device="cuda", dtype=torch.bfloat16), use_ue8m0=False)
        d = torch.empty(m, n, device="cuda", dtype=torch.bfloat16)
        return cls(a, aotgemm.get_mn_major_tma_aligned_tensor(sfa), b, sfb, d)

"""Operands of grouped GEMMs on the GPU, drawn from a standard normal distribution; all groups have as many rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aotgemm
import torch
from aotgemm import _core

MASKED_ROOM = 4096  # rows of A for each group of a masked call
ALIGNMENT = aotgemm.get_mk_alignment_for_contiguous_layout()


@dataclass(frozen=True)
class GroupedShape:
    """m counts the rows of each group."""

    grouping: str  # "contiguous", "psum", "masked"
    groups: int
    m: int
    n: int
    k: int

    def __str__(self) -> str:
        return f"{self.grouping} G={self.groups} m={self.m} N={self.n} K={self.k}"

    @property
    def flops(self) -> int:
        return 2 * self.groups * self.m * self.n * self.k

    @property
    def bytes_moved(self) -> int:
        """A, B and D once, rows that count only, without scales."""
        return self.groups * (self.m * self.k + self.n * self.k + 2 * self.m * self.n)


@dataclass(frozen=True)
class GroupedOperands:
    """Tensors of one call, A's scales in the TMA's layout."""

    shape: GroupedShape
    a: tuple[torch.Tensor, torch.Tensor]
    b: tuple[torch.Tensor, torch.Tensor]
    d: torch.Tensor
    index: torch.Tensor

    @classmethod
    def random(cls, shape: GroupedShape) -> GroupedOperands:
        room = max(MASKED_ROOM, shape.m) if shape.grouping == "masked" else aotgemm.align(shape.m, ALIGNMENT)
        x = torch.randn(shape.groups * room, shape.k, device="cuda", dtype=torch.bfloat16)
        a, sfa = aotgemm.per_token_cast_to_fp8(x, use_ue8m0=False)
        d = torch.empty(len(a), shape.n, device="cuda", dtype=torch.bfloat16)
        if shape.grouping == "masked":
            a, sfa, d = (tensor.unflatten(0, (shape.groups, room)) for tensor in (a, sfa, d))
        sfa = aotgemm.get_mn_major_tma_aligned_tensor(sfa)
        return cls(shape, (a, sfa), _random_weights(shape), d, _make_index(shape, room))

    def run(self, library: Any) -> None:
        """The call through aotgemm, or a library with the same names."""
        if self.shape.grouping == "masked":
            library.m_grouped_fp8_gemm_nt_masked(self.a, self.b, self.d, self.index, self.shape.m)
        elif self.shape.grouping == "psum":
            library.m_grouped_fp8_gemm_nt_contiguous(self.a, self.b, self.d, self.index, use_psum_layout=True)
        else:
            library.m_grouped_fp8_gemm_nt_contiguous(self.a, self.b, self.d, self.index)

    def run_kernel(self, kernel: int) -> None:
        call = "fp8_gemm_1d2d", self.shape.grouping, "nt"
        _core.gemm(*call, *self.a, *self.b, None, self.d, self.index, expected_m=self.shape.m, kernel=kernel)


def _random_weights(shape: GroupedShape) -> tuple[torch.Tensor, torch.Tensor]:
    pairs = [
        aotgemm.per_block_cast_to_fp8(
            torch.randn(shape.n, shape.k, device="cuda", dtype=torch.bfloat16), use_ue8m0=False
        )
        for _ in range(shape.groups)
    ]
    return torch.stack([b for b, _ in pairs]), torch.stack([sfb for _, sfb in pairs])


def _make_index(shape: GroupedShape, room: int) -> torch.Tensor:
    groups = torch.arange(shape.groups, dtype=torch.int32, device="cuda")
    if shape.grouping == "masked":
        return torch.full_like(groups, shape.m)
    if shape.grouping == "psum":
        return groups * room + shape.m
    live = torch.arange(room, device="cuda") < shape.m
    return torch.where(live, groups[:, None], -1).flatten().to(torch.int32)

"""Operands of layers quantised as the GEMMs of their device take them: on Blackwell by powers of two."""

import torch
import torch.nn.functional as F

from ..arrays.sizes import align, ceil_div
from ..errors import ShapeError
from ..ops import fp8_fp4_gemm
from ..ops.cast import per_block_cast_to_fp8, per_channel_cast_to_fp8, per_token_cast_to_fp8
from .registration import register
from .shapes import BF16, BLOCK, FP8, FP32, as_rows, check_dtype

Pair = tuple[torch.Tensor, torch.Tensor]

takes_powers_of_two = fp8_fp4_gemm.is_for  # whether scales must be such where a tensor lies


def by_token(rows: torch.Tensor) -> Pair:
    """FP8 [M, K], and a scale for each row and 128 columns."""
    return per_token_cast_to_fp8(rows, use_ue8m0=takes_powers_of_two(rows))


def by_channel(rows: torch.Tensor) -> Pair:
    """FP8 [M, K], and a scale for 128 rows, of which M has whole ones, and each column."""
    return per_channel_cast_to_fp8(rows, use_ue8m0=takes_powers_of_two(rows))


def times_scales(weight: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    """FP32 [..., N, K]: each element times its block's scale."""
    rows, columns = weight.shape[-2:]
    whole = scales.repeat_interleave(BLOCK, -2)[..., :rows, :].repeat_interleave(BLOCK, -1)[..., :columns]
    return weight.to(FP32) * whole


def in_blocks(weight: torch.Tensor, use_ue8m0: bool) -> Pair:
    """FP8 [..., N, K] and a scale for 128 x 128.

    One cast for all experts, whose rows are filled up to whole blocks with zeros: these change no block's scale.
    """
    *experts, n, _ = weight.shape
    padded = F.pad(weight, (0, 0, 0, align(n, BLOCK) - n)) if experts and n % BLOCK else weight
    q, scales = per_block_cast_to_fp8(as_rows(padded), use_ue8m0)
    q = q.view(torch.uint8).view(padded.shape)[..., :n, :]  # as bytes: not all of PyTorch's copies know FP8
    return q.contiguous().view(FP8), scales.view(*experts, ceil_div(n, BLOCK), scales.shape[1])


def _quantize_weight(weight: torch.Tensor) -> Pair:
    return in_blocks(weight, takes_powers_of_two(weight))


def _check_quantize_weight(weight: torch.Tensor) -> None:
    check_dtype("weight", weight, BF16, FP32)
    if weight.dim() < 2:
        raise ShapeError(f"weight: has {weight.dim()} dimensions, allowed is at least 2")


def _fake_quantize_weight(weight: torch.Tensor) -> Pair:
    grid = *weight.shape[:-2], *(align(size, BLOCK) // BLOCK for size in weight.shape[-2:])
    return weight.new_empty(weight.shape, dtype=FP8), weight.new_empty(grid, dtype=FP32)


register(
    "fp8_quantize_weight(Tensor weight) -> (Tensor, Tensor)",
    *(_quantize_weight, _fake_quantize_weight, _check_quantize_weight),
)
quantize_weight = torch.ops.aotgemm.fp8_quantize_weight.default

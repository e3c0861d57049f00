"""Weights of several experts that train: quantised for each call, and their gradient, a GEMM over groups of K."""

import torch
import torch.nn.functional as F

from ..arrays.sizes import align
from ..ops.cast import per_block_cast_to_fp8, per_channel_cast_to_fp8
from ..ops.fp8_k_grouped import k_grouped_fp8_gemm_nt_contiguous
from .operators import register
from .places import aligned_places
from .shapes import BF16, BLOCK, FP8, FP32, check_dtype, check_ndim, check_sizes


def _quantize(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """One cast for all experts, whose rows are filled up to whole blocks with zeros: these change no block's scale."""
    experts, n, k = weight.shape
    padded = F.pad(weight, (0, 0, 0, align(n, BLOCK) - n))
    q, scales = per_block_cast_to_fp8(padded.view(-1, k), use_ue8m0=False)
    whole = q.view(torch.uint8).view(experts, -1, k)[:, :n]  # as bytes: not all of PyTorch's copies know FP8
    return whole.contiguous().view(FP8), scales.view(experts, -1, scales.shape[1])


def _fake_quantize(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    check_ndim("weight", weight, 3)
    check_dtype("weight", weight, BF16, FP32)
    experts, n, k = weight.shape
    grid = experts, align(n, BLOCK) // BLOCK, align(k, BLOCK) // BLOCK
    return weight.new_empty(weight.shape, dtype=FP8), weight.new_empty(grid, dtype=FP32)


def _by_token(rows: torch.Tensor, place: torch.Tensor, spans: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """FP8 matrices [columns, span], one after the other, and a scale per column and 128 tokens.

    Tokens go to their places among sum(spans), zeros to the others and what has the place behind them nowhere.
    """
    total = sum(spans)
    spread = rows.new_zeros(total + 1, rows.shape[1])
    spread[place] = rows
    q, scales = per_channel_cast_to_fp8(spread[:total], use_ue8m0=False)
    parts = q.view(torch.uint8).split(spans)
    return torch.cat([part.T.reshape(-1) for part in parts]).view(FP8), scales.T


def _gradient(gradient: torch.Tensor, x: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
    ends = offsets.tolist()
    spans = [align(end - start, BLOCK) for start, end in zip([0, *ends], ends, strict=False)]
    shape = len(ends), gradient.shape[1], x.shape[1]
    if not sum(spans):
        return x.new_zeros(shape, dtype=FP32)
    place, _, _ = aligned_places(offsets, x.shape[0], BLOCK, sum(spans))
    d = torch.empty(shape, dtype=FP32, device=x.device)
    ks = torch.tensor(spans, dtype=torch.int32).to(x.device)
    k_grouped_fp8_gemm_nt_contiguous(_by_token(gradient, place, spans), _by_token(x, place, spans), d, spans, ks)
    return d


def _fake_gradient(gradient: torch.Tensor, x: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
    check_dtype("gradient", gradient, BF16)
    check_dtype("x", x, BF16)
    check_dtype("offsets", offsets, torch.int32)
    check_sizes(gradient=(gradient, "mn"), x=(x, "mk"), offsets=(offsets, "e"))
    return x.new_empty((offsets.shape[0], gradient.shape[1], x.shape[1]), dtype=FP32)


register("fp8_grouped_quantize(Tensor weight) -> (Tensor, Tensor)", _quantize, _fake_quantize)
register(
    "fp8_grouped_linear_weight_gradient(Tensor gradient, Tensor x, Tensor offsets) -> Tensor", _gradient, _fake_gradient
)
quantize = torch.ops.aotgemm.fp8_grouped_quantize.default
weight_gradient = torch.ops.aotgemm.fp8_grouped_linear_weight_gradient.default

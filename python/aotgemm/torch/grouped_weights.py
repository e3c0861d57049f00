"""The gradient of several experts' weights, a GEMM over groups of K."""

import torch

from ..arrays.sizes import align
from ..ops.fp8_k_grouped import k_grouped_fp8_gemm_nt_contiguous, k_grouped_fp8_gemm_tn_contiguous
from .casts import Pair, by_channel, takes_powers_of_two
from .places import aligned_places
from .registration import register
from .shapes import BF16, BLOCK, FP8, FP32, check_dtype, check_sizes


def _spread(rows: torch.Tensor, place: torch.Tensor, total: int) -> Pair:
    """Tokens at their places among `total`, zeros at the others, quantised by 128 tokens of a column.

    What has the place behind them goes nowhere.
    """
    spread = rows.new_zeros(total + 1, rows.shape[1])
    spread[place] = rows
    return by_channel(spread[:total])


def _columns_first(pair: Pair, spans: list[int]) -> Pair:
    """A matrix [columns, span] for each expert, one after the other, as Hopper takes them; a row of scales a column."""
    q, scales = pair
    parts = q.view(torch.uint8).split(spans)
    return torch.cat([part.T.reshape(-1) for part in parts]).view(FP8), scales.T


def _gradient(gradient: torch.Tensor, x: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
    ends = offsets.tolist()
    spans = [align(end - start, BLOCK) for start, end in zip([0, *ends], ends, strict=False)]
    shape, total = (len(ends), gradient.shape[1], x.shape[1]), sum(spans)
    if not total:
        return x.new_zeros(shape, dtype=FP32)
    d = x.new_empty(shape, dtype=FP32)
    place, _, _ = aligned_places(offsets, x.shape[0], BLOCK, total)
    pairs = [_spread(rows, place, total) for rows in (gradient, x)]
    ks = torch.tensor(spans, dtype=torch.int32).to(x.device)
    if takes_powers_of_two(x):
        k_grouped_fp8_gemm_tn_contiguous(*pairs, d, spans, ks)
    else:
        k_grouped_fp8_gemm_nt_contiguous(*(_columns_first(pair, spans) for pair in pairs), d, spans, ks)
    return d


def _check_gradient(gradient: torch.Tensor, x: torch.Tensor, offsets: torch.Tensor) -> None:
    check_dtype("gradient", gradient, BF16)
    check_dtype("x", x, BF16)
    check_dtype("offsets", offsets, torch.int32)
    check_sizes(gradient=(gradient, "mn"), x=(x, "mk"), offsets=(offsets, "e"))


def _fake_gradient(gradient: torch.Tensor, x: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
    return x.new_empty((offsets.shape[0], gradient.shape[1], x.shape[1]), dtype=FP32)


register(
    "fp8_grouped_linear_weight_gradient(Tensor gradient, Tensor x, Tensor offsets) -> Tensor",
    *(_gradient, _fake_gradient, _check_gradient),
)
weight_gradient = torch.ops.aotgemm.fp8_grouped_linear_weight_gradient.default

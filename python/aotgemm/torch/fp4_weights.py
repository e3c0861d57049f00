"""FP4 weights in words, as prepack_fp4_weights makes them, in graphs and layers: int32 tensors in the place of FP8."""

from typing import Any

import torch

import aotgemm

from ..arrays.sizes import ceil_div
from ..errors import ShapeError
from ..ops.fp4 import check_rows_per_scale
from ..ops.fp4_words import LEAST_SHIFT, MOST_SHIFT, NAN_SHIFT, STEPS, THREADS, Fp4Weights, PrepackedFp4
from .cast_operators import mn_major
from .registration import register
from .shapes import BLOCK, FP8, FP32, INT32, check_dtype, check_ndim, check_ndims, check_weight

CODES_OF_WORD = 8
CODES_OF_BYTE = 2
CODES_OF_HALF = 4  # a word holds four columns from each half of a step
MAGNITUDES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)


def is_words(weight: torch.Tensor) -> bool:
    """Whether a weight is FP4 in words, and its scales words of four."""
    return weight.dtype == INT32


def operand(weight: torch.Tensor, scales: torch.Tensor) -> Any:
    """B of a call: (weight, scales), as Fp4Weights where they are such."""
    return Fp4Weights(weight, scales) if is_words(weight) else (weight, scales)


def columns_of(weight: torch.Tensor) -> Any:
    """K of a weight in FP8, or in words of FP4."""
    return weight.shape[-1] * (CODES_OF_WORD if is_words(weight) else 1)


def empty_words(*shape: int, device: torch.device | str | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Words and scales without values, for weights [..., N, K]. Raises ShapeError for a K that is not whole blocks."""
    *outer, k = shape
    if k % BLOCK:
        raise ShapeError(f"weights: K is {k}, must be a multiple of {BLOCK} in FP4")
    words = torch.empty(*outer, k // CODES_OF_WORD, dtype=INT32, device=device)
    return words, mn_major(words, [*outer, k // BLOCK], INT32)


def in_fp8(weight: torch.Tensor) -> torch.Tensor:
    """A weight in FP8, or without values what words of FP4 would be in it: for checks of sizes."""
    return weight.new_empty((*weight.shape[:-1], columns_of(weight)), dtype=FP8) if is_words(weight) else weight


def check_frozen(name: str, weight: torch.Tensor, scales: torch.Tensor, ndim: int) -> None:
    """Raises DtypeError or ShapeError unless they are FP8 E4M3 [..., N, K] with scales by block, or FP4 in words."""
    if not is_words(weight):
        return check_weight(name, weight, scales, ndim)
    check_ndim(name, weight, ndim)
    check_dtype(f"{name}_scale_inv", scales, INT32)
    wanted = *weight.shape[:-1], ceil_div(columns_of(weight), BLOCK)
    if tuple(scales.shape) != wanted:
        raise ShapeError(f"{name}_scale_inv: shape is {list(scales.shape)}, must be {list(wanted)}")


def _prepack(
    weights: torch.Tensor, scales: torch.Tensor, rows_per_scale: int = 1, *, allow_inexact: bool = False
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    (words, split), inexact = aotgemm.prepack_fp4_weights(weights, scales, rows_per_scale, allow_inexact=allow_inexact)
    return words, split, inexact


def _fake_prepack(
    weights: torch.Tensor, scales: torch.Tensor, rows_per_scale: int = 1, *, allow_inexact: bool = False
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    check_dtype("weights", weights, torch.int8)
    check_ndims("weights", weights, 2, 3)
    check_rows_per_scale(rows_per_scale)
    *groups, n, half = weights.shape
    k = half * CODES_OF_BYTE
    words = weights.new_empty([*groups, n, k // CODES_OF_WORD], dtype=INT32)
    inexact = weights.new_empty([*groups, ceil_div(n, rows_per_scale), k // BLOCK], dtype=INT32)
    return words, mn_major(weights, [*groups, n, k // BLOCK], INT32), inexact


register(
    "prepack_fp4_weights(Tensor weights, Tensor scales, int rows_per_scale=1, *, bool allow_inexact=False) "
    "-> (Tensor, Tensor, Tensor)",
    _prepack,
    _fake_prepack,
)
operator = torch.ops.aotgemm.prepack_fp4_weights.default


def traced(
    weights: torch.Tensor, scales: torch.Tensor, rows_per_scale: int = 1, *, allow_inexact: bool = False
) -> PrepackedFp4:
    """What a graph holds in the place of aotgemm.prepack_fp4_weights."""
    words, split, inexact = operator(weights, scales, rows_per_scale, allow_inexact=allow_inexact)
    return PrepackedFp4(Fp4Weights(words, split), inexact)


def _codes(words: torch.Tensor) -> torch.Tensor:
    """int32 E2M1 codes [.., N, K / 32, 32] in the order of columns."""
    blocks = words.unflatten(-1, (-1, THREADS, STEPS)).swapaxes(-1, -2).unsqueeze(-1)
    n = torch.arange(CODES_OF_HALF, dtype=INT32, device=words.device)
    low = blocks >> 4 * n & 7 | (blocks >> 8 * n + 7 & 1) << 3
    high = blocks >> 4 * n + 16 & 7 | (blocks >> 8 * n + 3 & 1) << 3
    return torch.stack([low, high], -3).flatten(-5, -4).flatten(-3)


def decoded(words: torch.Tensor, scales: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(FP8 E4M3 [.., N, K], FP32 [.., N, K / 128]): what a call multiplies, which requantize_fp4_to_fp8 made first."""
    of_step = torch.arange(STEPS, dtype=INT32, device=scales.device) * 5 + 3
    fields = (scales.unsqueeze(-1) >> of_step & NAN_SHIFT).flatten(-2).unsqueeze(-1)
    factors = torch.exp2((fields + LEAST_SHIFT).to(FP32)).masked_fill(fields > MOST_SHIFT - LEAST_SHIFT, float("nan"))
    values = torch.tensor([*MAGNITUDES, *(-each for each in MAGNITUDES)], device=words.device)
    q = (values[_codes(words)] * factors).to(FP8).flatten(-2)
    return q, (scales >> 24 << 23 & 0x7F800000).view(FP32)

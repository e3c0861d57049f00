"""The casts as operators, with all their options: schemas, and what tracing needs to know of the results."""

from collections.abc import Callable
from typing import Any

import torch

from ..arrays.sizes import align, ceil_div
from ..ops import cast
from ..ops.cast import kept_dims
from ..ops.packed_layout import SCALES_PER_WORD, check_granularity
from .registration import register
from .shapes import BF16, FP8, FP32, INT32, check_dtype, check_ndim, check_ndims

Pair = tuple[torch.Tensor, torch.Tensor]
ROWS = (
    "int gran_k=128, bool use_packed_ue8m0=False, *, {more}bool mn_major_sf=False, Tensor? grouped_layout=None, "
    "bool use_psum_layout=False, Tensor? masked_m=None"
)


def mn_major(like: torch.Tensor, shape: list[Any], dtype: torch.dtype) -> torch.Tensor:
    """Without values, in the layout that the TMA reads."""
    rows, columns = shape[-2:]
    column = align(rows, 4)
    return like.new_empty_strided(shape, (column * columns, 1, column)[-len(shape) :], dtype=dtype)


def _fake_by_row(x_columns: int, codes_in_byte: int, *allowed: torch.dtype) -> Callable[..., Pair]:
    """x_columns: of x for one of the result. codes_in_byte: 2 of FP4."""

    def fake(
        x: torch.Tensor,
        use_ue8m0: bool,
        gran_k: int = 128,
        use_packed_ue8m0: bool = False,
        *,
        limit: float | None = None,
        mn_major_sf: bool = False,
        grouped_layout: torch.Tensor | None = None,
        use_psum_layout: bool = False,
        masked_m: torch.Tensor | None = None,
    ) -> Pair:
        check_ndim("x", x, 2 if masked_m is None else 3)
        check_dtype("x", x, *allowed)
        check_granularity(gran_k)
        columns = x.shape[-1] // x_columns
        scales = [*x.shape[:-1], ceil_div(columns, gran_k * (SCALES_PER_WORD if use_packed_ue8m0 else 1))]
        dtype = INT32 if use_packed_ue8m0 else FP32
        q = x.new_empty([*x.shape[:-1], columns // codes_in_byte], dtype=FP8 if codes_in_byte == 1 else torch.int8)
        return q, mn_major(x, scales, dtype) if mn_major_sf else x.new_empty(scales, dtype=dtype)

    return fake


def _fake_by_block(x: torch.Tensor, use_ue8m0: bool, gran_k: int = 128) -> Pair:
    check_ndim("x", x, 2)
    check_dtype("x", x, BF16, FP32)
    check_granularity(gran_k)
    scales = [ceil_div(size, gran_k) for size in x.shape]
    return x.new_empty(x.shape, dtype=FP8), x.new_empty(scales, dtype=FP32)


def _fake_by_channel(x: torch.Tensor, use_ue8m0: bool, gran_k: int = 128) -> Pair:
    check_ndim("x", x, 2)
    check_dtype("x", x, BF16, FP32)
    check_granularity(gran_k)
    return x.new_empty(x.shape, dtype=FP8), x.new_empty((ceil_div(x.shape[0], gran_k), x.shape[1]), dtype=FP32)


def _fake_by_dims(x: torch.Tensor, dims: list[int], use_ue8m0: bool) -> Pair:
    check_dtype("x", x, BF16, FP32)
    check_ndims("x", x, 1, 2, 3, 4)
    kept = kept_dims(dims, x.dim())
    scales = [size for dim, size in enumerate(x.shape) if dim in kept and size != 1]
    return x.new_empty(x.shape, dtype=FP8), x.new_empty(scales, dtype=FP32)


BY_ROW, BY_BLOCK = "Tensor x, bool use_ue8m0, " + ROWS, "Tensor x, bool use_ue8m0, int gran_k=128"
CASTS = {
    "per_token_cast_to_fp8": (BY_ROW.format(more=""), _fake_by_row(1, 1, BF16, FP32)),
    "per_token_cast_to_fp4": (BY_ROW.format(more=""), _fake_by_row(1, 2, BF16, FP32)),
    "silu_mul_cast_to_fp8": (BY_ROW.format(more="float? limit=None, "), _fake_by_row(2, 1, BF16)),
    "per_block_cast_to_fp8": (BY_BLOCK, _fake_by_block),
    "per_channel_cast_to_fp8": (BY_BLOCK, _fake_by_channel),
    "per_custom_dims_cast_to_fp8": ("Tensor x, int[] dims, bool use_ue8m0", _fake_by_dims),
}

for _name, (_parameters, _fake) in CASTS.items():
    register(f"{_name}({_parameters}) -> (Tensor, Tensor)", getattr(cast, _name), _fake)

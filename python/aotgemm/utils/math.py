"""Integer arithmetic and casts, where users of DeepGEMM look for them."""

from ..arrays.sizes import align, ceil_div
from ..ops.cast import (
    per_block_cast_to_fp8,
    per_channel_cast_to_fp8,
    per_custom_dims_cast_to_fp8,
    per_token_cast_to_fp4,
    per_token_cast_to_fp8,
)
from ..ops.fp4 import cast_back_from_fp4, transpose_packed_fp4
from ..ops.packed_layout import pack_ue8m0_to_int, unpack_ue8m0_from_int

__all__ = [
    "align",
    "cast_back_from_fp4",
    "ceil_div",
    "pack_ue8m0_to_int",
    "per_block_cast_to_fp8",
    "per_channel_cast_to_fp8",
    "per_custom_dims_cast_to_fp8",
    "per_token_cast_to_fp4",
    "per_token_cast_to_fp8",
    "transpose_packed_fp4",
    "unpack_ue8m0_from_int",
]

"""Integer arithmetic and casts, where users of DeepGEMM look for them."""

from ..cast import per_block_cast_to_fp8, per_token_cast_to_fp8
from ..sizes import align, ceil_div

__all__ = ["align", "ceil_div", "per_block_cast_to_fp8", "per_token_cast_to_fp8"]

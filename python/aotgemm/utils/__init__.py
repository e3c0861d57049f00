"""The names under which users of DeepGEMM look for the utilities."""

from ..arrays.sizes import align, ceil_div, get_tma_aligned_size
from ..ops.layout import get_mn_major_tma_aligned_tensor
from . import layout, math

__all__ = ["align", "ceil_div", "get_mn_major_tma_aligned_tensor", "get_tma_aligned_size", "layout", "math"]

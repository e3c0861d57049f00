"""The grouped calls by their grouping: with a kernel of one's choice, and as a user makes them."""

from typing import Any

from .. import _core
from ..arrays.frameworks import swap_dimensions
from ..ops.fp8_einsum import fp8_einsum
from ..ops.fp8_grouped import m_grouped_fp8_gemm_nt_contiguous, m_grouped_fp8_gemm_nt_masked


def call_core(grouping: str, operands: tuple[Any, ...], index: Any, kernel: int = -1) -> None:
    """operands: A, SFA (MN-major on a GPU), B, SFB and D of _core's functions."""
    if grouping == "batched":
        _core.fp8_bmm_nt(*operands, kernel=kernel)
    elif grouping == "masked":
        _core.m_grouped_fp8_gemm_nt_masked(*operands, index, kernel=kernel)
    else:
        _core.m_grouped_fp8_gemm_nt_contiguous(*operands, index, grouping == "psum", kernel=kernel)


def call_public(grouping: str, operands: tuple[Any, ...], index: Any) -> None:
    """The same operands with SFA in any layout."""
    a, sfa, b, sfb, d = operands
    if grouping == "batched":
        a, sfa, d = (swap_dimensions("operand", x, 3, 0, 1) for x in (a, sfa, d))
        fp8_einsum("bhr,hdr->bhd", (a, sfa), (b, sfb), d)
    elif grouping == "masked":
        m_grouped_fp8_gemm_nt_masked((a, sfa), (b, sfb), d, index, 1)
    else:
        m_grouped_fp8_gemm_nt_contiguous((a, sfa), (b, sfb), d, index, use_psum_layout=grouping == "psum")

"""Batched BF16 contractions written as an Einstein sum."""

from typing import Any

from . import _core
from .errors import LayoutError, ShapeError
from .frameworks import swap_dimensions

LAYOUT_OF = {"bhr,hdr->bhd": "nt", "bhd,hdr->bhr": "nn"}  # of a batched GEMM over h


def einsum(expr: str, a: Any, b: Any, d: Any, c: Any = None, use_cublaslt: bool = False) -> None:
    """D[b, h] = A[b, h] @ B[h]^T for "bhr,hdr->bhd", A[b, h] @ B[h] for "bhd,hdr->bhr".

    a: BF16 [B, H, R] or [B, H, D]; b: BF16 [H, D, R]; d: BF16 [B, H, D] or [B, H, R], written in place.
    A and D have stride 1 along their last dimension, B along either of its last two; other strides are multiples of 16
    bytes; D's last size is a multiple of 8. c: must be None. Devices are those of bf16_gemm_nt, with the same bits.
    use_cublaslt: accepted, without effect: there is one arithmetic.
    Raises ShapeError, DtypeError, LayoutError, DeviceError, KernelMissingError or CudaError; each names sizes and
    strides in the order [H, B, ...] of a batched GEMM.
    """
    layout = LAYOUT_OF.get(expr.replace(" ", ""))
    if layout is None:
        raise ShapeError(f"expr: is {expr!r}, allowed is {' or '.join(map(repr, LAYOUT_OF))}")
    if c is not None:
        raise LayoutError(f"c: is a {type(c).__name__}, allowed is None for {expr!r}")
    _core.bf16_bmm(layout, swap_dimensions("a", a, 3, 0, 1), b, swap_dimensions("d", d, 3, 0, 1))

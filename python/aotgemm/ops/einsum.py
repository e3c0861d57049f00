"""Batched BF16 contractions written as an Einstein sum."""

from .. import _core
from ..arrays.frameworks import swap_dimensions
from ..errors import LayoutError, ShapeError
from ..scalars import text
from ..typing import Tensor

LAYOUT_OF = {"bhr,hdr->bhd": "nt", "bhd,hdr->bhr": "nn"}  # of a batched GEMM over h
OVER_BATCHES = "bmk,bnk->mn"


def einsum(expr: str, a: Tensor, b: Tensor, d: Tensor, c: Tensor | None = None, use_cublaslt: bool = False) -> None:
    """D[b, h] = A[b, h] @ B[h]^T for "bhr,hdr->bhd", A[b, h] @ B[h] for "bhd,hdr->bhr", and the sum over b of
    A[b] @ B[b]^T, or C + that, for "bmk,bnk->mn".

    "bhr,hdr->bhd", "bhd,hdr->bhr"
        a: BF16 [B, H, R] or [B, H, D]; b: BF16 [H, D, R]; d: BF16 [B, H, D] or [B, H, R], written in place; c: None.
        A and D have stride 1 along their last dimension, B along either of its last two. Errors name sizes and strides
        in the order [H, B, ...] of a batched GEMM.
    "bmk,bnk->mn"
        a: BF16 [B, M, K]; b: BF16 [B, N, K]; d: BF16 or FP32 [M, N], written in place; c: None, or [M, N] of d's dtype,
        which may be d itself. All have stride 1 along their last dimension. B = 0 and K = 0 give zeros, or C + 0. On a
        GPU the R partial sums below, FP32 [R, M, N], lie in memory from a's framework; a single one in an FP32 d.

    Other strides and addresses are multiples of 16 bytes; D's last size is a multiple of 8. Devices are those of
    bf16_gemm_nt, with the same bits. use_cublaslt: accepted, without effect: there is one arithmetic.

    That of "bmk,bnk->mn", the same in every run and for every kernel and number of SMs: the batches are cut into R
    ranges of L batches in ascending order, the last with the rest, where tiles = ceil(M / 128) * ceil(N / 128),
    L = ceil(B / min(max(132 // tiles, 1), B)) and R = ceil(B / L). A range is one chain of tensor-core steps of 16 from
    zero over K of its first batch, then of the next one, each K filled up with zeros to a whole step. The ends of the R
    chains are added in FP32 in ascending order, then C + that in FP32, and D is that rounded to nearest even.

    Raises ShapeError, DtypeError, LayoutError, DeviceError, KernelMissingError or CudaError.
    """
    expr = text("expr", expr).replace(" ", "")
    if expr == OVER_BATCHES:
        return _core.gemm("bf16_gemm", "batch_reduced", "nt", a, None, b, None, c, d)
    if expr not in LAYOUT_OF:
        allowed = " or ".join(map(repr, (*LAYOUT_OF, OVER_BATCHES)))
        raise ShapeError(f"expr: is {expr!r}, allowed is {allowed}")
    if c is not None:
        raise LayoutError(f"c: is a {type(c).__name__}, allowed is None for {expr!r}")
    a, d = swap_dimensions("a", a, 3, 0, 1), swap_dimensions("d", d, 3, 0, 1)
    _core.gemm("bf16_gemm", "batched", LAYOUT_OF[expr], a, None, b, None, None, d)

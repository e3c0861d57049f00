"""BF16 GEMM with DeepGEMM's signatures."""

from .. import _core
from ..typing import Tensor


def bf16_gemm_nt(a: Tensor, b: Tensor, d: Tensor, c: Tensor | None = None, compiled_dims: str = "nk") -> None:
    """D = A @ B^T, or C + that: BF16 operands, FP32 accumulation, the result in `d`.

    a: BF16 [M, K]; b: BF16 [N, K]; d: BF16 or FP32 [M, N], written in place; c: None, or [M, N] of d's dtype, added
    with one FP32 addition after the sum over K. c may be d itself, and may not overlap it otherwise.

    One dimension of a and of b has stride 1, whichever it is: views transposed in memory are read where they are.
    Their other stride, and the row strides of c and d, whose last dimension has stride 1, are multiples of 16 bytes,
    and so are all addresses; N is a multiple of 8. M = 0 or N = 0 returns at once. All operands are on one device: a
    Hopper GPU (runs on the current stream, can be captured in a CUDA graph) or the CPU, with the same bits from both.
    compiled_dims: accepted, without effect: sizes are run-time values of every kernel.
    Raises ShapeError, DtypeError, LayoutError, DeviceError, KernelMissingError or CudaError.
    """
    _core.gemm("bf16_gemm", "dense", "nt", a, None, b, None, c, d)


def bf16_gemm_nn(a: Tensor, b: Tensor, d: Tensor, c: Tensor | None = None, compiled_dims: str = "nk") -> None:
    """D = A @ B, or C + that: a BF16 [M, K], b BF16 [K, N]; the rest as bf16_gemm_nt."""
    _core.gemm("bf16_gemm", "dense", "nn", a, None, b, None, c, d)


def bf16_gemm_tn(a: Tensor, b: Tensor, d: Tensor, c: Tensor | None = None, compiled_dims: str = "mn") -> None:
    """D = A^T @ B, or C + that: a BF16 [K, M], b BF16 [K, N]; the rest as bf16_gemm_nt."""
    _core.gemm("bf16_gemm", "dense", "tn", a, None, b, None, c, d)


def bf16_gemm_tt(a: Tensor, b: Tensor, d: Tensor, c: Tensor | None = None, compiled_dims: str = "mn") -> None:
    """D = A^T @ B^T, or C + that: a BF16 [K, M], b BF16 [N, K]; the rest as bf16_gemm_nt."""
    _core.gemm("bf16_gemm", "dense", "tt", a, None, b, None, c, d)

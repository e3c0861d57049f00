"""cuBLASLt through PyTorch, for comparison: the one place that imports it. The bits are cuBLAS's, not ours."""

from typing import Any


def _multiply(a: Any, b: Any, d: Any, c: Any) -> None:
    import torch

    if c is not None:
        torch.addmm(c, a, b, out=d)
    elif d.dtype == a.dtype:
        torch.mm(a, b, out=d)
    else:
        torch.mm(a, b, out_dtype=d.dtype, out=d)


def cublaslt_gemm_nt(a: Any, b: Any, d: Any, c: Any = None) -> None:
    """D = A @ B^T (+ C) by torch.mm or torch.addmm. A [M, K], B [N, K], D and C [M, N], PyTorch tensors.

    D has A's dtype; on a GPU it may be FP32 with BF16 operands, without C. Raises what PyTorch raises.
    """
    _multiply(a, b.T, d, c)


def cublaslt_gemm_nn(a: Any, b: Any, d: Any, c: Any = None) -> None:
    """As cublaslt_gemm_nt with B [K, N]."""
    _multiply(a, b, d, c)


def cublaslt_gemm_tn(a: Any, b: Any, d: Any, c: Any = None) -> None:
    """As cublaslt_gemm_nt with A [K, M] and B [K, N]."""
    _multiply(a.T, b, d, c)


def cublaslt_gemm_tt(a: Any, b: Any, d: Any, c: Any = None) -> None:
    """As cublaslt_gemm_nt with A [K, M]."""
    _multiply(a.T, b.T, d, c)

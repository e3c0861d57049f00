"""cuBLASLt through PyTorch, for comparison. The bits are cuBLAS's, not ours."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def _is_fp8(tensor: Any) -> bool:
    return tensor.element_size() == 1


def _fp32_product(a: Any, b: Any) -> Any:
    """A @ B in FP32. FP8 operands are multiplied as the numbers they are, without scales."""
    import torch

    if not a.is_cuda:
        return a.float() @ b.float()
    if _is_fp8(a):
        one = torch.ones((), device=a.device)
        columns = b if b.stride(0) == 1 else b.T.contiguous().T  # the tensor core reads FP8 operands along K
        return torch._scaled_mm(a.contiguous(), columns, scale_a=one, scale_b=one, out_dtype=torch.float32)
    return torch.mm(a, b, out_dtype=torch.float32)


def _multiply(a: Any, b: Any, d: Any, c: Any) -> None:
    import torch

    if _is_fp8(a) or d.dtype != a.dtype:
        product = _fp32_product(a, b)
        d.copy_(product if c is None else product.add_(c))
    elif c is None:
        torch.mm(a, b, out=d)
    else:
        torch.addmm(c, a, b, out=d)


def cublaslt_gemm_nt(a: "torch.Tensor", b: "torch.Tensor", d: "torch.Tensor", c: "torch.Tensor | None" = None) -> None:
    """D = A @ B^T (+ C) by PyTorch's products. A [M, K], B [N, K], D and C [M, N], PyTorch tensors.

    A and B are BF16, or FP8 E4M3 without scales; D and C are BF16 or FP32. Where D's dtype is not A's the product and
    the sum are FP32, rounded once into D. Raises what PyTorch raises.
    """
    _multiply(a, b.T, d, c)


def cublaslt_gemm_nn(a: "torch.Tensor", b: "torch.Tensor", d: "torch.Tensor", c: "torch.Tensor | None" = None) -> None:
    """As cublaslt_gemm_nt with B [K, N]."""
    _multiply(a, b, d, c)


def cublaslt_gemm_tn(a: "torch.Tensor", b: "torch.Tensor", d: "torch.Tensor", c: "torch.Tensor | None" = None) -> None:
    """As cublaslt_gemm_nt with A [K, M] and B [K, N]."""
    _multiply(a.T, b, d, c)


def cublaslt_gemm_tt(a: "torch.Tensor", b: "torch.Tensor", d: "torch.Tensor", c: "torch.Tensor | None" = None) -> None:
    """As cublaslt_gemm_nt with A [K, M]."""
    _multiply(a.T, b.T, d, c)

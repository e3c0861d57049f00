"""Grouped FP8 GEMM with DeepGEMM's signature, one range of K for each group: family fp8_gemm_1d1d."""

from collections.abc import Sequence

from .. import _core
from ..typing import ScaledTensor, Tensor
from ._arguments import RECIPE_1D1D, check_recipe, unpack


def k_grouped_fp8_gemm_nt_contiguous(
    a: ScaledTensor,
    b: ScaledTensor,
    d: Tensor,
    ks: Sequence[int],
    ks_tensor: Tensor,
    c: Tensor | None = None,
    recipe: tuple[int, int, int] = RECIPE_1D1D,
    compiled_dims: str = "mn",
) -> None:
    """D[g] = C[g] + (A_g * SFA_g) @ (B_g * SFB_g)^T for groups that differ in K, such as experts' weight gradients.

    a: (A, SFA). A FP8 E4M3 [M * sum(ks)], for each group a row-major matrix [M, ks[g]], one after the other; SFA FP32
        [M, sum(ks) / 128].
    b: (B, SFB). The same with N rows.
    d: FP32 [G, M, N], written in place. c: None, or FP32 [G, M, N], which may be d itself.
    ks: K of each group, multiples of 128, 0 for an empty one. ks_tensor: the same as int32 on the operands' device.
    recipe: (1, 1, 128). compiled_dims: accepted, without effect.
    On a GPU, scales that are not MN-major are copied as in fp8_gemm_nt, and there is one launch for each group.
    Raises ShapeError, DtypeError, LayoutError, DeviceError, KernelMissingError or CudaError.
    """
    check_recipe("recipe", recipe, RECIPE_1D1D)
    a, sfa = unpack("a", a)
    b, sfb = unpack("b", b)
    _core.gemm("fp8_gemm_1d1d", "k_grouped", "nt", a, sfa, b, sfb, c, d, ks_tensor, ks)

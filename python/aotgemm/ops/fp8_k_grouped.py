"""Grouped FP8 GEMMs with DeepGEMM's signatures, one range of K for each group."""

from collections.abc import Sequence

from .. import _core
from ..errors import KernelMissingError
from ..scalars import flag
from ..typing import ScaledTensor, Tensor
from . import fp8_fp4_gemm
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

    On Hopper, family fp8_gemm_1d1d; on Blackwell k_grouped_fp8_gemm_tn_contiguous does this.

    a: (A, SFA). A FP8 E4M3 [M * sum(ks)], for each group a row-major matrix [M, ks[g]], one after the other; SFA FP32
        [M, sum(ks) / 128].
    b: (B, SFB). The same with N rows.
    d: FP32 [G, M, N], written in place. c: None, or FP32 [G, M, N], which may be d itself.
    ks: K of each group, multiples of 128, 0 for an empty one. ks_tensor: the same as int32 on the operands' device.
    recipe: (1, 1, 128). compiled_dims: accepted, without effect.
    On a GPU, scales that are not MN-major are copied as in fp8_gemm_nt, and there is one launch for each group.
    Raises ShapeError, DtypeError, LayoutError, DeviceError, KernelMissingError or CudaError.
    """
    if fp8_fp4_gemm.is_for(d):
        raise KernelMissingError(
            "d: lies on sm_100a, where A and B are [K, M] and [K, N]: k_grouped_fp8_gemm_tn_contiguous takes them"
        )
    check_recipe("recipe", recipe, RECIPE_1D1D)
    a, sfa = unpack("a", a)
    b, sfb = unpack("b", b)
    _core.gemm("fp8_gemm_1d1d", "k_grouped", "nt", a, sfa, b, sfb, c, d, ks_tensor, ks)


def k_grouped_fp8_gemm_tn_contiguous(
    a: ScaledTensor,
    b: ScaledTensor,
    d: Tensor,
    ks: Sequence[int] | None,
    ks_tensor: Tensor,
    c: Tensor | None = None,
    recipe: tuple[int, int, int] = RECIPE_1D1D,
    compiled_dims: str = "mn",
    use_psum_layout: bool = False,
) -> None:
    """D[g] = C[g] + (A_g * SFA_g)^T @ (B_g * SFB_g) for groups that differ in K, on Blackwell: family fp8_fp4_gemm.

    a: (A, SFA). A FP8 E4M3 [sum(ks), M], row-major, the rows of group 0 first; SFA FP32 powers of two [sum over groups
        of ceil(ks[g] / gran_k), M], or what get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor makes of it.
    b: (B, SFB). The same with N columns. M and N are multiples of 16.
    d: FP32 [G, M, N], written in place. c: None, or FP32 [G, M, N], which may be d itself.
    ks: K of each group, multiples of 32, 0 for an empty one. ks_tensor: the same as int32 on the operands' device.
    recipe: (1, 1, gran_k) with a gran_k of 32 or 128. compiled_dims: accepted, without effect.
    use_psum_layout: ks_tensor holds where each group's K ends; a group starts where the one before ends, rounded up to
        get_mk_alignment_for_contiguous_layout(), which must then be a multiple of 32, and A and B hold zeros between.
        SFA and SFB have ceil(K / gran_k) rows for what each group has, one after the other. ks: what each group takes
        up to the next one's start; without it the ends are read from the device, which waits for it.
    Raises KernelMissingError on sm_90a, ShapeError, DtypeError, LayoutError, DeviceError or CudaError.
    """
    if not fp8_fp4_gemm.is_for(d):
        raise KernelMissingError(
            "d: lies where FP8 operands are K-major: k_grouped_fp8_gemm_nt_contiguous takes them; on the CPU "
            "set_cpu_arch('sm_100a') chooses Blackwell's calls"
        )
    fp8_fp4_gemm.k_grouped(a, b, d, ks, ks_tensor, c, recipe, flag("use_psum_layout", use_psum_layout))

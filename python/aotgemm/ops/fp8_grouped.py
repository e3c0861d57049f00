"""Grouped FP8 GEMMs with DeepGEMM's signatures: one B for each group of rows."""

from .. import _core
from ..typing import ScaledTensor, Tensor
from . import fp4_words, fp8_fp4_gemm
from ._arguments import check_expected_m, check_recipes, contiguous_form, unpack
from .fp4_words import Fp4Weights
from .fp8_transposed import k_last


def m_grouped_fp8_gemm_nt_contiguous(
    a: ScaledTensor,
    b: ScaledTensor,
    d: Tensor,
    grouped_layout: Tensor,
    recipe: tuple[int, int, int] | None = None,
    recipe_a: tuple[int, int] | None = None,
    recipe_b: tuple[int, int] | None = None,
    compiled_dims: str = "nk",
    disable_ue8m0_cast: bool = False,
    use_psum_layout: bool = False,
    ensure_zero_padding: bool = True,
    expected_m_for_psum_layout: int | None = None,
) -> None:
    """D[i] = (A * SFA)[i] @ (B * SFB)[g]^T for each row i, g being its group: the rows of all groups in one matrix.

    a: (A, SFA). A FP8 E4M3 [M, K]; SFA FP32 [M, ceil(K / 128)], copied on a GPU as in fp8_gemm_nt.
    b: (B, SFB). B FP8 E4M3 [G, N, K]; SFB FP32 [G, ceil(N / 128), ceil(K / 128)], any strides.
        Or Fp4Weights of prepack_fp4_weights, as in fp8_gemm_nt.
    d: BF16 [M, N], written in place.
    grouped_layout: int32, contiguous. A group may be empty.
        [M]: the group of each row, -1 for padding. Each group starts at a multiple of 128 rows, so that no 128 rows
        hold two groups. With another get_mk_alignment_for_contiguous_layout() than 128 this form is refused.
        [G] with use_psum_layout: where the rows of each group end. They start at the end of the group before, rounded
        up to a multiple of get_mk_alignment_for_contiguous_layout() rows (group 0: at row 0).
    ensure_zero_padding: padding beside the rows of a group becomes zeros in D: rows of -1 among 128 that have a group,
        with use_psum_layout those up to a group's aligned end. With False they are unspecified, at present zeros too.
        Other rows of D are not written. What padding rows of A and of its scales hold never matters.
    expected_m_for_psum_layout: rows to expect in a group, only with use_psum_layout: a hint for the choice of the
        kernel, on which no result depends.

    Layouts, devices and the options are those of fp8_gemm_nt. The index of a GPU call stays on the GPU.
    Raises ShapeError (on the CPU also for an index out of range), DtypeError, LayoutError, DeviceError,
    KernelMissingError or CudaError.
    """
    recipes = recipe, recipe_a, recipe_b
    if type(b) is Fp4Weights:
        grouping, expected_m = contiguous_form(use_psum_layout, expected_m_for_psum_layout)
        return fp4_words.gemm(grouping, a, b, d, recipes, index=grouped_layout, expected_m=expected_m)
    if fp8_fp4_gemm.is_for(d):
        return fp8_fp4_gemm.m_grouped_contiguous(
            *(a, b, d, grouped_layout, recipes, disable_ue8m0_cast, use_psum_layout, expected_m_for_psum_layout)
        )
    check_recipes(*recipes)
    grouping, expected_m = contiguous_form(use_psum_layout, expected_m_for_psum_layout)
    a, sfa = unpack("a", a)
    b, sfb = unpack("b", b)
    _core.gemm("fp8_gemm_1d2d", grouping, "nt", a, sfa, b, sfb, None, d, grouped_layout, None, expected_m)


def m_grouped_fp8_gemm_nn_contiguous(
    a: ScaledTensor,
    b: ScaledTensor,
    d: Tensor,
    grouped_layout: Tensor,
    recipe: tuple[int, int, int] | None = None,
    recipe_a: tuple[int, int] | None = None,
    recipe_b: tuple[int, int] | None = None,
    compiled_dims: str = "nk",
    disable_ue8m0_cast: bool = False,
    use_psum_layout: bool = False,
    ensure_zero_padding: bool = True,
) -> None:
    """As m_grouped_fp8_gemm_nt_contiguous with B given as [G, K, N] and SFB as [G, ceil(K / 128), ceil(N / 128)].

    B must be K-major in memory, B.stride(1) == 1, such as the transposed view of a contiguous [G, N, K] tensor.
    Raises LayoutError otherwise.
    """
    b = k_last("b", b, 3, d)
    m_grouped_fp8_gemm_nt_contiguous(
        *(a, b, d, grouped_layout, recipe, recipe_a, recipe_b, compiled_dims, disable_ue8m0_cast),
        use_psum_layout=use_psum_layout,
        ensure_zero_padding=ensure_zero_padding,
    )


def m_grouped_fp8_gemm_nt_masked(
    a: ScaledTensor,
    b: ScaledTensor,
    d: Tensor,
    masked_m: Tensor,
    expected_m: int,
    recipe: tuple[int, int, int] | None = None,
    recipe_a: tuple[int, int] | None = None,
    recipe_b: tuple[int, int] | None = None,
    compiled_dims: str = "nk",
    disable_ue8m0_cast: bool = False,
    ensure_zero_padding: bool = True,
) -> None:
    """D[g, :masked_m[g]] = (A * SFA)[g, :masked_m[g]] @ (B * SFB)[g]^T for each group g.

    a: (A, SFA). A FP8 E4M3 [G, M, K]; SFA FP32 [G, M, ceil(K / 128)], copied on a GPU unless MN-major in each group.
    b: (B, SFB). B FP8 E4M3 [G, N, K]; SFB FP32 [G, ceil(N / 128), ceil(K / 128)], any strides.
        Or Fp4Weights of prepack_fp4_weights, as in fp8_gemm_nt.
    d: BF16 [G, M, N]; its rows from masked_m[g] on are not written.
    masked_m: int32 [G], contiguous, from 0 to M each. It stays on the device: a captured call reads its new values.
    expected_m: rows to expect in a group, from 1 on: a hint for the choice of the kernel, on which no result depends.
    ensure_zero_padding: accepted, without effect: there is no padding between the rows of one matrix.

    Layouts, devices and the options are those of fp8_gemm_nt, group strides multiples of 16 bytes.
    Raises ShapeError (on the CPU also for a mask out of range), DtypeError, LayoutError, DeviceError,
    KernelMissingError or CudaError.
    """
    recipes = recipe, recipe_a, recipe_b
    if type(b) is Fp4Weights:
        expected_m = check_expected_m("expected_m", expected_m)
        return fp4_words.gemm("masked", a, b, d, recipes, index=masked_m, expected_m=expected_m)
    if fp8_fp4_gemm.is_for(d):
        return fp8_fp4_gemm.m_grouped_masked(a, b, d, masked_m, expected_m, recipes, disable_ue8m0_cast)
    check_recipes(*recipes)
    expected_m = check_expected_m("expected_m", expected_m)
    a, sfa = unpack("a", a)
    b, sfb = unpack("b", b)
    _core.gemm("fp8_gemm_1d2d", "masked", "nt", a, sfa, b, sfb, None, d, masked_m, None, expected_m)


# Other names by which users of DeepGEMM call the same functions.
m_grouped_fp8_fp4_gemm_nt_contiguous = m_grouped_fp8_gemm_nt_contiguous
m_grouped_fp8_fp4_gemm_nn_contiguous = m_grouped_fp8_gemm_nn_contiguous
m_grouped_fp8_fp4_gemm_nt_masked = m_grouped_fp8_gemm_nt_masked
fp8_m_grouped_gemm_nt_masked = m_grouped_fp8_gemm_nt_masked

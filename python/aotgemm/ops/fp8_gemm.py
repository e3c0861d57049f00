"""FP8 GEMM with DeepGEMM's signature."""

from .. import _core
from ..typing import ScaledTensor, Tensor
from . import fp4_words, fp8_fp4_gemm
from ._arguments import check_no_accumulator, is_1d1d, unpack
from .fp4_words import Fp4Weights


def fp8_gemm_nt(
    a: ScaledTensor,
    b: ScaledTensor,
    d: Tensor,
    c: Tensor | None = None,
    recipe: tuple[int, int, int] | None = None,
    recipe_a: tuple[int, int] | None = None,
    recipe_b: tuple[int, int] | None = None,
    compiled_dims: str = "nk",
    disable_ue8m0_cast: bool = False,
) -> None:
    """D = (A * SFA) @ (B * SFB)^T: FP8 operands with block scales, FP32 accumulation, BF16 result in `d`.

    a: (A, SFA). A FP8 E4M3 [M, K]; SFA FP32 [M, ceil(K / 128)], one scale per row and 128 columns. On a GPU, scales
        that are not MN-major as get_mn_major_tma_aligned_tensor returns them are copied into that layout first.
    b: (B, SFB). B FP8 E4M3 [N, K]; SFB FP32 [ceil(N / 128), ceil(K / 128)], any strides.
        Or Fp4Weights of prepack_fp4_weights, on Hopper and the CPU: K is a multiple of 128, and C is taken.
    d: BF16 [M, N], written in place.

    A, B and D have stride 1 along their last dimension, row strides and addresses that are multiples of 16 bytes; N is
    a multiple of 8 and K of 16. M = 0 returns at once. All operands are on one device: a Hopper GPU (runs on the
    current stream, can be captured in a CUDA graph) or the CPU, with the same bits from both.
    recipe, recipe_a, recipe_b: None or the scaling above, (1, 128, 128), (1, 128), (128, 128). With recipe (1, 1, 128)
        B is scaled as A is, SFB FP32 [N, ceil(K / 128)]; D may be FP32 or BF16, and C of D's dtype and shape, or D
        itself, is added to the product; on a GPU, SFB is copied as SFA is unless MN-major.
    compiled_dims: accepted, without effect: sizes are run-time values of every kernel.
    disable_ue8m0_cast: accepted, without effect: Hopper reads FP32 scales as they are.
    c: must be None but with recipe (1, 1, 128).
    Raises ShapeError, DtypeError, LayoutError, DeviceError, KernelMissingError or CudaError.
    """
    recipes = recipe, recipe_a, recipe_b
    if type(b) is Fp4Weights:
        return fp4_words.gemm("dense", a, b, d, recipes, c=c)
    is_plain = recipe is None and recipe_a is None and recipe_b is None and c is None
    if not is_plain and fp8_fp4_gemm.is_for(d):
        return fp8_fp4_gemm.gemm("dense", a, b, d, recipes, disable_ue8m0_cast, c=c)
    family = "fp8_gemm_1d2d"
    if not is_plain and is_1d1d(recipe, recipe_a, recipe_b):
        family = "fp8_gemm_1d1d"
    elif c is not None:
        check_no_accumulator(c)
    # Without two more Python calls, which take a tenth of a call's host time.
    a, sfa = a if type(a) is tuple and len(a) == 2 else unpack("a", a)
    b, sfb = b if type(b) is tuple and len(b) == 2 else unpack("b", b)
    # A plain call asks the core what the device runs, which knows it anyway.
    if not _core.gemm(family, "dense", "nt", a, sfa, b, sfb, c, d, by_device=is_plain):
        fp8_fp4_gemm.gemm("dense", (a, sfa), (b, sfb), d, recipes, disable_ue8m0_cast)


# Another name by which users of DeepGEMM call the same function.
fp8_fp4_gemm_nt = fp8_gemm_nt

"""FP8 GEMM with DeepGEMM's signature."""

from typing import Any

from . import _core
from .errors import DtypeError, LayoutError, ShapeError
from .layout import get_mn_major_tma_aligned_tensor

RECIPE = (1, 128, 128)  # rows of A, rows of B and columns of both that share a scale
RECIPE_A = (1, 128)
RECIPE_B = (128, 128)


def _check_recipe(name: str, given: Any, allowed: tuple[int, ...]) -> None:
    if given not in (None, allowed, list(allowed)):
        raise ShapeError(f"{name}: is {given}, allowed is None or {allowed}")


def _unpack(name: str, pair: Any) -> tuple[Any, Any]:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise DtypeError(f"{name}: is {_describe(pair)}, allowed is a pair (FP8 tensor, FP32 scales)")
    return pair[0], pair[1]


def _describe(value: Any) -> str:
    plain = f"a {type(value).__name__}"
    return f"{plain} of length {len(value)}" if isinstance(value, (tuple, list)) else plain


def fp8_gemm_nt(
    a: tuple[Any, Any],
    b: tuple[Any, Any],
    d: Any,
    c: Any = None,
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
    d: BF16 [M, N], written in place.

    A, B and D have stride 1 along their last dimension, row strides and addresses that are multiples of 16 bytes; N is
    a multiple of 8 and K of 16. M = 0 returns at once. All operands are on one device: a Hopper GPU (runs on the
    current stream, can be captured in a CUDA graph) or the CPU, with the same bits from both.
    recipe, recipe_a, recipe_b: None or the scaling above, (1, 128, 128), (1, 128), (128, 128).
    compiled_dims: accepted, without effect: sizes are run-time values of every kernel.
    disable_ue8m0_cast: accepted, without effect: Hopper reads FP32 scales as they are.
    c: must be None, since this family does not accumulate.
    Raises ShapeError, DtypeError, LayoutError, DeviceError, KernelMissingError or CudaError.
    """
    if recipe is not None or recipe_a is not None or recipe_b is not None:
        _check_recipe("recipe", recipe, RECIPE)
        _check_recipe("recipe_a", recipe_a, RECIPE_A)
        _check_recipe("recipe_b", recipe_b, RECIPE_B)
    if c is not None:
        raise LayoutError(f"c: is {_describe(c)}, allowed is None (family fp8_1d2d does not accumulate)")
    a, sfa = _unpack("a", a)
    b, sfb = _unpack("b", b)
    if not _core.fp8_gemm_nt(a, sfa, b, sfb, d):
        _core.fp8_gemm_nt(a, get_mn_major_tma_aligned_tensor(sfa), b, sfb, d)

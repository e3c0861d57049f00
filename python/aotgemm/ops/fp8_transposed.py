"""FP8 GEMMs whose operands are given transposed: views of K-major memory, as the tensor core reads it."""

from typing import Any

from .. import _core
from ..arrays.frameworks import framework_of, swap_dimensions
from ..errors import LayoutError
from ..typing import ScaledTensor, Tensor
from . import fp8_fp4_gemm
from ._arguments import unpack
from .fp8_gemm import fp8_gemm_nt

COPIES = {
    "numpy": "numpy.ascontiguousarray({0}.swapaxes(-1, -2)).swapaxes(-1, -2)",
    "cupy": "cupy.ascontiguousarray({0}.swapaxes(-1, -2)).swapaxes(-1, -2)",
}
TORCH_COPY = "{0}.mT.contiguous().mT"


def k_major_view(name: str, pair: Any, ndim: int) -> tuple[Any, Any]:
    """(tensor, scales) with their last two dimensions exchanged, so that K comes last in both.

    Raises LayoutError, which names the call that makes a K-major copy, unless K is the dimension of stride 1.
    """
    tensor, scales = unpack(name, pair)
    view = swap_dimensions(name, tensor, ndim, -1, -2)
    if not _core.has_adjacent_columns(view, name):
        copy = COPIES.get(framework_of(tensor) or "", TORCH_COPY).format(name)
        raise LayoutError(
            f"{name}: elements along K are not adjacent, must be (Hopper's tensor core reads FP8 operands along K); "
            f"{copy} makes such a copy"
        )
    return view, swap_dimensions(f"sf{name}", scales, ndim, -1, -2)


def k_last(name: str, pair: Any, ndim: int, d: Any) -> tuple[Any, Any]:
    """(tensor, scales) with their last two dimensions exchanged; on Hopper as k_major_view has them."""
    if fp8_fp4_gemm.is_for(d):
        return fp8_fp4_gemm.transposed(name, pair, ndim)
    return k_major_view(name, pair, ndim)


def fp8_gemm_nn(
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
    """As fp8_gemm_nt with B given as [K, N] and SFB as [ceil(K / 128), ceil(N / 128)].

    B must be K-major in memory, B.stride(0) == 1, such as the transposed view of a contiguous [N, K] tensor.
    Raises LayoutError otherwise, and what fp8_gemm_nt raises.
    """
    b = k_last("b", b, 2, d)
    fp8_gemm_nt(a, b, d, c, recipe, recipe_a, recipe_b, compiled_dims, disable_ue8m0_cast)


def fp8_gemm_tn(
    a: ScaledTensor,
    b: ScaledTensor,
    d: Tensor,
    c: Tensor | None = None,
    recipe: tuple[int, int, int] | None = None,
    recipe_a: tuple[int, int] | None = None,
    recipe_b: tuple[int, int] | None = None,
    compiled_dims: str = "mn",
    disable_ue8m0_cast: bool = False,
) -> None:
    """As fp8_gemm_nt with A given as [K, M], SFA as [ceil(K / 128), M], and B and SFB as in fp8_gemm_nn.

    A and B must be K-major in memory, stride(0) == 1. Raises LayoutError otherwise, and what fp8_gemm_nt raises.
    """
    a, b = k_last("a", a, 2, d), k_last("b", b, 2, d)
    fp8_gemm_nt(a, b, d, c, recipe, recipe_a, recipe_b, compiled_dims, disable_ue8m0_cast)


def fp8_gemm_tt(
    a: ScaledTensor,
    b: ScaledTensor,
    d: Tensor,
    c: Tensor | None = None,
    recipe: tuple[int, int, int] | None = None,
    recipe_a: tuple[int, int] | None = None,
    recipe_b: tuple[int, int] | None = None,
    compiled_dims: str = "mn",
    disable_ue8m0_cast: bool = False,
) -> None:
    """As fp8_gemm_nt with A given as [K, M] and SFA as [ceil(K / 128), M].

    A must be K-major in memory, A.stride(0) == 1. Raises LayoutError otherwise, and what fp8_gemm_nt raises.
    """
    a = k_last("a", a, 2, d)
    fp8_gemm_nt(a, b, d, c, recipe, recipe_a, recipe_b, compiled_dims, disable_ue8m0_cast)


# Other names by which users of DeepGEMM call the same functions.
fp8_fp4_gemm_nn = fp8_gemm_nn
fp8_fp4_gemm_tn = fp8_gemm_tn
fp8_fp4_gemm_tt = fp8_gemm_tt

"""The FP8 GEMM whose output has room between the columns of each head."""

from .. import _core
from ..errors import ShapeError
from ..typing import ScaledTensor, Tensor
from . import fp8_fp4_gemm
from ._arguments import RECIPE, check_recipe, describe, unpack


def fp8_gemm_nt_skip_head_mid(
    a: ScaledTensor,
    b: ScaledTensor,
    d: Tensor,
    head_splits: tuple[int, int, int],
    recipe: tuple[int, int, int] | None = None,
    compiled_dims: str = "nk",
    disable_ue8m0_cast: bool = False,
) -> None:
    """As fp8_gemm_nt into a D whose columns come in heads of left + mid + right, the middle ones not written.

    head_splits: (left, mid, right), multiples of 8; N is a multiple of left + right.
    d: BF16 [M, N / (left + right) * (left + mid + right)].
    Raises what fp8_gemm_nt raises.
    """
    if not isinstance(head_splits, (tuple, list)) or len(head_splits) != 3:
        raise ShapeError(f"head_splits: is {describe(head_splits)}, allowed are three numbers (left, mid, right)")
    if fp8_fp4_gemm.is_for(d):
        recipes = recipe, None, None
        return fp8_fp4_gemm.gemm("dense", a, b, d, recipes, disable_ue8m0_cast, head_splits=head_splits)
    check_recipe("recipe", recipe, RECIPE)
    a, sfa = unpack("a", a)
    b, sfb = unpack("b", b)
    _core.gemm("fp8_gemm_1d2d", "dense", "nt", a, sfa, b, sfb, None, d, head_splits=head_splits)

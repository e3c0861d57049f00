"""Batched FP8 contractions written as an Einstein sum."""

from typing import Any

from .. import _core
from ..arrays.frameworks import permute, swap_dimensions
from ..errors import ShapeError
from ..scalars import text
from ..typing import ScaledTensor, Tensor
from . import fp8_fp4_gemm
from ._arguments import RECIPE, check_no_accumulator, check_recipe, unpack

EXPRESSION = "bhr,hdr->bhd"
# Of sm_100a: the dimensions of A, B and D in the order of a batched GEMM, [H, M, K], [H, N, K] and [H, M, N].
Order = tuple[int, int, int]
ORDERS: dict[str, tuple[Order, Order, Order]] = {
    EXPRESSION: ((1, 0, 2), (0, 1, 2), (1, 0, 2)),
    "bhd,hdr->bhr": ((1, 0, 2), (0, 2, 1), (1, 0, 2)),
    "bhd,bhr->hdr": ((1, 2, 0), (1, 2, 0), (0, 1, 2)),
}


def _in_order(name: str, pair: Any, order: Order) -> tuple[Any, Any]:
    tensor, scales = unpack(name, pair)
    return permute(name, tensor, order), permute(f"sf{name}", scales, order)


def _on_blackwell(expr: str, a: Any, b: Any, d: Any, c: Any, recipe: Any) -> None:
    if expr not in ORDERS:
        raise ShapeError(f"expr: is {expr!r}, allowed is one of {', '.join(map(repr, ORDERS))}")
    order_a, order_b, order_d = ORDERS[expr]
    pairs = _in_order("a", a, order_a), _in_order("b", b, order_b)
    c = None if c is None else permute("c", c, order_d)
    fp8_fp4_gemm.gemm("batched", *pairs, permute("d", d, order_d), (recipe, None, None), c=c)


def fp8_einsum(
    expr: str,
    a: ScaledTensor,
    b: ScaledTensor,
    d: Tensor,
    c: Tensor | None = None,
    recipe: tuple[int, int, int] | None = RECIPE,
) -> None:
    """D[b, h] = (A * SFA)[b, h] @ (B * SFB)[h]^T for each h: "bhr,hdr->bhd", the only expression there is on Hopper.

    a: (A, SFA). A FP8 E4M3 [B, H, R]; SFA FP32 [B, H, ceil(R / 128)], copied on a GPU unless MN-major in each h:
        strides (1, a multiple of 4, a multiple of 4 from B on).
    b: (B, SFB). B FP8 E4M3 [H, D, R]; SFB FP32 [H, ceil(D / 128), ceil(R / 128)], any strides.
    d: BF16 [B, H, D], written in place.
    A, B and D have stride 1 along their last dimension, other strides multiples of 16 bytes; D is a multiple of 8, R of
    16. c: on Hopper must be None; on Blackwell None, or a tensor like d, which may be d itself: D is then C plus the
    product, rounded once. recipe: None or (1, 128, 128).
    Raises ShapeError, DtypeError, LayoutError, DeviceError, KernelMissingError or CudaError; each names sizes and
    strides in the order [H, B, ...] of a batched GEMM.
    """
    if fp8_fp4_gemm.is_for(d):
        return _on_blackwell(text("expr", expr).replace(" ", ""), a, b, d, c, recipe)
    if text("expr", expr).replace(" ", "") != EXPRESSION:
        raise ShapeError(f"expr: is {expr!r}, allowed is {EXPRESSION!r}")
    check_recipe("recipe", recipe, RECIPE)
    check_no_accumulator(c)
    a, sfa = unpack("a", a)
    b, sfb = unpack("b", b)
    a, sfa, d = (swap_dimensions(name, x, 3, 0, 1) for name, x in (("a", a), ("sfa", sfa), ("d", d)))
    _core.gemm("fp8_gemm_1d2d", "batched", "nt", a, sfa, b, sfb, None, d)

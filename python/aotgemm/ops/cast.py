"""Casts to FP8 E4M3 with one FP32 scale per block of 128 along K."""

from typing import Any

from .. import _core
from ..arrays.frameworks import contiguous_stride, empty_strided, shape_of
from ..arrays.sizes import ceil_div
from ..errors import ShapeError

BLOCK = 128


def _check_granularity(gran_k: int) -> None:
    if gran_k != BLOCK:
        raise ShapeError(f"gran_k: is {gran_k}, allowed is {BLOCK}")


def _outputs(x: Any, rows_per_scale: int) -> tuple[Any, Any]:
    m, k = shape_of("x", x, (2,))
    scales = [ceil_div(m, rows_per_scale), ceil_div(k, BLOCK)]
    q = empty_strided("x", x, [m, k], [k, 1], "float8_e4m3fn")
    return q, empty_strided("x", x, scales, contiguous_stride(scales), "float32")


def per_token_cast_to_fp8(x: Any, use_ue8m0: bool, gran_k: int = BLOCK) -> tuple[Any, Any]:
    """Quantises activations: (q, sf) with one scale per row and 128 columns.

    x: BF16 or FP32 [m, k], x.stride(1) == 1. Returns q FP8 E4M3 [m, k] and sf FP32 [m, ceil(k / 128)], row-major.
    sf = max(amax(|x|), 1e-4) / 448, raised to a power of two if use_ue8m0; q = x / sf, rounded to nearest even.
    Raises ShapeError (also for gran_k other than 128), DtypeError, LayoutError.
    """
    _check_granularity(gran_k)
    q, sf = _outputs(x, 1)
    _core.per_token_cast_to_fp8(x, q, sf, use_ue8m0)
    return q, sf


def per_block_cast_to_fp8(x: Any, use_ue8m0: bool, gran_k: int = BLOCK) -> tuple[Any, Any]:
    """Quantises weights: (q, sf) with one scale per block of 128 rows and 128 columns.

    As per_token_cast_to_fp8, with sf FP32 [ceil(m / 128), ceil(k / 128)].
    """
    _check_granularity(gran_k)
    q, sf = _outputs(x, BLOCK)
    _core.per_block_cast_to_fp8(x, q, sf, use_ue8m0)
    return q, sf

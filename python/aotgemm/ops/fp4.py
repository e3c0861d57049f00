"""Packed FP4 E2M1: its values, its transpose, and weights in it as FP8 that Hopper's kernels multiply.

Packed is int8, two codes a byte: columns 2i and 2i + 1 in the low and high four bits. A code's low three bits are a
magnitude (0, 0.5, 1, 1.5, 2, 3, 4 or 6), its fourth bit is the sign.
"""

import sys
from math import prod
from typing import Any

from .. import _core
from ..arrays.device_array import to_numpy
from ..arrays.frameworks import contiguous_stride, dtype_name_of, empty_strided, framework_of, shape_of
from ..arrays.sizes import ceil_div
from ..errors import DtypeError, InexactError, ShapeError
from ..scalars import flag, integer
from ..typing import T, Tensor
from .packed_layout import check_granularity

BLOCK, MANTISSA_BITS = 128, 23
BYTE_SCALES = ("uint8", "float8_e8m0fnu")  # as checkpoints hold UE8M0


def _empty(argument: str, like: Any, shape: list[int], dtype: str) -> Any:
    return empty_strided(argument, like, shape, contiguous_stride(shape), dtype)


def cast_back_from_fp4(packed: T, sf: Tensor, gran_k: int = BLOCK, use_packed_ue8m0: bool = False) -> T:
    """FP32 [m, k] of packed FP4 [m, k / 2], int8: code times scale, rounded once.

    sf: FP32 [m, ceil(k / gran_k)], any strides; with use_packed_ue8m0 int32 [m, ceil(k / gran_k / 4)], four exponents a
    word, as per_token_cast_to_fp4 makes them. gran_k: 32 or 128.
    Zeros have no sign. Raises ShapeError, DtypeError, LayoutError.
    """
    m, half = shape_of("packed", packed, (2,))
    shape_of("sf", sf, (2,))
    check_granularity(gran_k)
    words = flag("use_packed_ue8m0", use_packed_ue8m0)
    if dtype_name_of(sf) != (allowed := "int32" if words else "float32"):
        raise DtypeError(f"sf: dtype is {dtype_name_of(sf)}, allowed is {allowed} with use_packed_ue8m0 = {words}")
    out = _empty("packed", packed, [m, half * 2], "float32")
    _core.fp4_to_fp32(packed, sf, out, gran_k)
    return out


def transpose_packed_fp4(a: T) -> T:
    """Packed FP4 [n, m / 2] of packed FP4 [m, n / 2], int8: rows and columns exchanged; m is a multiple of 2.

    Raises ShapeError, DtypeError, LayoutError.
    """
    m, half = shape_of("a", a, (2,))
    out = _empty("a", a, [half * 2, m // 2], "int8")
    _core.transpose_fp4(a, out)
    return out


def powers(scales: Any) -> Any:
    """Scales as the core takes them: bytes become FP32, exponent bits and nothing else."""
    shape_of("scales", scales, (2, 3))
    if dtype_name_of(scales) not in BYTE_SCALES:
        return scales
    _core.check_address(scales, "scales")
    try:
        if framework_of(scales) == "torch":
            torch = sys.modules["torch"]
            return (scales.view(torch.uint8).to(torch.int32) << MANTISSA_BITS).view(torch.float32)
        return (scales.view("uint8").astype("int32") << MANTISSA_BITS).view("float32")
    except (AttributeError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise DtypeError(f"scales: is a {type(scales).__name__} whose bytes cannot be read ({reason})") from None


def _as_host(tensor: Any) -> Any:
    return to_numpy(tensor) if framework_of(tensor) == "aotgemm" else tensor


def check_exact(inexact: Any) -> None:
    """Raises InexactError where a block's count is not 0."""
    counts = _as_host(inexact)
    values, blocks = int(counts.sum()), int((counts != 0).sum())
    if values:
        raise InexactError(
            f"weights: {values} values in {blocks} of {prod(counts.shape)} blocks are not in E4M3 beside their "
            "block's largest, or have a scale that is no power of two; allowed are values in it, or "
            "allow_inexact=True, which rounds them and returns how many there are in each block"
        )


def check_rows_per_scale(rows_per_scale: int) -> None:
    """Raises ShapeError, or DtypeError for what is no integer."""
    if integer("rows_per_scale", rows_per_scale) not in (1, BLOCK):
        raise ShapeError(f"rows_per_scale: is {rows_per_scale}, allowed is 1 or {BLOCK}")


def requantize_fp4_to_fp8(
    weights: T, scales: Tensor, rows_per_scale: int = BLOCK, *, allow_inexact: bool = False
) -> tuple[T, T, T]:
    """Weights in FP4 as FP8 E4M3 for fp8_gemm_nt and the grouped calls: (q, sf, inexact).

    weights: packed FP4 int8 [n, k / 2], or [groups, n, k / 2].
    scales: a power of two for each row and 32 columns: FP32 [n, ceil(k / 32)], or UE8M0 as uint8 or float8_e8m0fnu of
        that shape, or as int32 [n, ceil(k / 128)], four in a word; with groups in front like weights.
    rows_per_scale: 128, a scale for 128 x 128 as fp8_gemm_nt takes B, or 1, for 1 x 128.
    Returns q FP8 [n, k], sf FP32 [ceil(n / rows_per_scale), ceil(k / 128)] and inexact, int32 of sf's shape: how many
    values of each block E4M3 does not hold beside the block's largest; all row-major, with groups like weights.

    Every FP4 value is one of E4M3. A block is exact where the exponents of its scales lie at most 14 apart, and often
    beyond that: what counts is the highest and the lowest bit of the values that are there, at most 17 apart. Its scale
    is the least power of two with which its largest value fits. Values under a scale that is NaN, or FP32 and no power
    of two, become NaN and count as inexact. Where any value is inexact InexactError is raised, unless allow_inexact:
    then those are rounded to nearest even. Looking at the counts waits for a GPU; with allow_inexact nothing waits.
    Raises InexactError, ShapeError, DtypeError, LayoutError.
    """
    *groups, n, half = shape_of("weights", weights, (2, 3))
    check_rows_per_scale(rows_per_scale)
    allowed = flag("allow_inexact", allow_inexact)
    blocks = [*groups, ceil_div(n, rows_per_scale), ceil_div(half * 2, BLOCK)]
    q = _empty("weights", weights, [*groups, n, half * 2], "float8_e4m3fn")
    sf, inexact = (_empty("weights", weights, blocks, dtype) for dtype in ("float32", "int32"))
    _core.fp4_to_fp8(weights, powers(scales), q, sf, inexact)
    if not allowed:
        check_exact(inexact)
    return q, sf, inexact

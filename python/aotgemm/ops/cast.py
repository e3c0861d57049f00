"""Casts to FP8 E4M3 and FP4 E2M1 with a scale for each block of elements.

A scale is sf = max(amax, 1e-4) / 448 (FP8) or / 6 (FP4), amax being the largest magnitude in its block, raised to a
power of two with use_ue8m0. A code is that of x * (1 / sf), all in FP32: the reciprocal is rounded before it
multiplies. FP8 rounds to nearest even and saturates, FP4 rounds to nearest with ties toward zero and has no negative
zero. A NaN makes the scale of its block NaN, and its codes NaN (FP8) or 6 (FP4).
"""

import sys
from collections.abc import Sequence
from typing import Any

from .. import _core
from ..arrays.frameworks import contiguous_stride, empty_strided, reshaped, shape_of
from ..errors import DtypeError, ShapeError
from ..scalars import flag, integer, shown
from ..typing import T, Tensor

BLOCK = 128


def _rows_and_index(grouped_layout: Any, use_psum_layout: bool, masked_m: Any) -> tuple[str, Any]:
    """Which rows count: the grouping by name, and its index."""
    if masked_m is not None:
        if grouped_layout is not None or flag("use_psum_layout", use_psum_layout):
            raise ShapeError("masked_m: is given with grouped_layout or use_psum_layout, allowed is one of the two")
        return "masked", masked_m
    if grouped_layout is None:
        if flag("use_psum_layout", use_psum_layout):
            raise ShapeError("use_psum_layout: is True without grouped_layout, which it says how to read")
        return "dense", None
    return "psum" if flag("use_psum_layout", use_psum_layout) else "contiguous", grouped_layout


def _scales(gran_k: int, use_ue8m0: bool, use_packed_ue8m0: bool, mn_major_sf: bool) -> tuple[int, bool, bool, bool]:
    """The four, each of its type."""
    powers, packed = flag("use_ue8m0", use_ue8m0), flag("use_packed_ue8m0", use_packed_ue8m0)
    if packed and not powers:
        raise DtypeError("use_packed_ue8m0: is True without use_ue8m0, must come with it (packed are powers of two)")
    return integer("gran_k", gran_k), powers, packed, flag("mn_major_sf", mn_major_sf)


def _limit(limit: float | None) -> float:
    """0 for none."""
    if limit is None:
        return 0.0
    if not isinstance(limit, (int, float)):
        raise DtypeError(f"limit: is a {type(limit).__name__}, allowed is None or a number")
    if not 0 < limit <= sys.float_info.max and limit != float("inf"):
        raise ShapeError(f"limit: is {shown(limit)}, allowed is None or a positive number")
    return float(limit)


def per_token_cast_to_fp8(
    x: T,
    use_ue8m0: bool,
    gran_k: int = BLOCK,
    use_packed_ue8m0: bool = False,
    *,
    mn_major_sf: bool = False,
    grouped_layout: Tensor | None = None,
    use_psum_layout: bool = False,
    masked_m: Tensor | None = None,
) -> tuple[T, T]:
    """Quantises activations: (q, sf) with one scale per row and gran_k columns.

    x: BF16 or FP32 [m, k], x.stride(1) == 1; with masked_m [groups, m, k]. gran_k: 32 or 128.
    Returns q FP8 E4M3 of x's shape, row-major, and sf FP32 [m, ceil(k / gran_k)], row-major (with groups in front of it
    like x). use_packed_ue8m0, with use_ue8m0: sf int32 [m, ceil(k / gran_k / 4)], four exponent bytes in a word, the
    first in the low byte; missing ones are 1.0. mn_major_sf: sf in the layout of get_mn_major_tma_aligned_tensor, which
    the GEMMs read without a copy, or of get_mn_major_tma_aligned_packed_ue8m0_tensor, where missing scales are zero.
    grouped_layout (with use_psum_layout as in the grouped GEMMs) or masked_m: int32, which rows count; the others are
    not read, and their codes and scales not written.
    Raises ShapeError, DtypeError, LayoutError.
    """
    scales = _scales(gran_k, use_ue8m0, use_packed_ue8m0, mn_major_sf)
    rows = _rows_and_index(grouped_layout, use_psum_layout, masked_m)
    return _core.new_cast("per_token_fp8", x, *rows, *scales)


def per_token_cast_to_fp4(
    x: T,
    use_ue8m0: bool,
    gran_k: int = BLOCK,
    use_packed_ue8m0: bool = False,
    *,
    mn_major_sf: bool = False,
    grouped_layout: Tensor | None = None,
    use_psum_layout: bool = False,
    masked_m: Tensor | None = None,
) -> tuple[T, T]:
    """As per_token_cast_to_fp8, to FP4 E2M1: q int8 [m, k / 2], columns 2i and 2i + 1 in the low and high four bits.

    k must be a multiple of 2.
    """
    scales = _scales(gran_k, use_ue8m0, use_packed_ue8m0, mn_major_sf)
    rows = _rows_and_index(grouped_layout, use_psum_layout, masked_m)
    return _core.new_cast("per_token_fp4", x, *rows, *scales)


def silu_mul_cast_to_fp8(
    x: T,
    use_ue8m0: bool,
    gran_k: int = BLOCK,
    use_packed_ue8m0: bool = False,
    *,
    limit: float | None = None,
    mn_major_sf: bool = False,
    grouped_layout: Tensor | None = None,
    use_psum_layout: bool = False,
    masked_m: Tensor | None = None,
) -> tuple[T, T]:
    """SwiGLU and its cast in one pass: what per_token_cast_to_fp8 makes of silu(gate) * up, in FP32.

    x: BF16 [m, 2 * k], gate in front of up, as the first GEMM of an expert leaves them. limit: gate is cut to at most
    limit and up to at most limit in magnitude, first. q is [m, k]; everything else as in per_token_cast_to_fp8.
    silu(g) = g * (1 / (1 + e^-g)); the arithmetic, to the bit, is that of aotgemm_cast in aotgemm.h.
    """
    limit = _limit(limit)
    scales = _scales(gran_k, use_ue8m0, use_packed_ue8m0, mn_major_sf)
    rows = _rows_and_index(grouped_layout, use_psum_layout, masked_m)
    return _core.new_cast("silu_mul_fp8", x, *rows, *scales, limit)


def per_block_cast_to_fp8(x: T, use_ue8m0: bool, gran_k: int = BLOCK) -> tuple[T, T]:
    """Quantises weights: (q, sf) with one scale per block of gran_k rows and gran_k columns.

    x, q and errors as in per_token_cast_to_fp8; sf FP32 [ceil(m / gran_k), ceil(k / gran_k)], row-major.
    """
    return _core.new_cast("per_block_fp8", x, gran_k=integer("gran_k", gran_k), use_ue8m0=flag("use_ue8m0", use_ue8m0))


def per_channel_cast_to_fp8(x: T, use_ue8m0: bool, gran_k: int = BLOCK) -> tuple[T, T]:
    """Quantises operands whose rows are summed over: (q, sf) with one scale per gran_k rows of each column.

    x, q and errors as in per_token_cast_to_fp8, m a multiple of gran_k; sf FP32 [m / gran_k, k], row-major.
    """
    return _core.new_cast(
        "per_channel_fp8", x, gran_k=integer("gran_k", gran_k), use_ue8m0=flag("use_ue8m0", use_ue8m0)
    )


def kept_dims(dims: Sequence[int], rank: int) -> set[int]:
    """The dimensions that have scales of their own. Raises DtypeError or ShapeError."""
    if not isinstance(dims, (tuple, list)):
        raise DtypeError(f"dims: is a {type(dims).__name__}, allowed is a tuple of dimensions")
    kept = {integer("dims", dim) for dim in dims}
    if not kept <= set(range(rank)):
        raise ShapeError(
            f"dims: is {str(tuple(dims))[:40]}, allowed are numbers from 0 to {rank - 1} (dimensions of x)"
        )
    return kept


def per_custom_dims_cast_to_fp8(x: T, dims: Sequence[int], use_ue8m0: bool) -> tuple[T, T]:
    """(q, sf) with one scale for each index of the dimensions `dims`, over all others.

    x: BF16 or FP32 of 1 to 4 dimensions, any strides. dims: such as (0,) for a scale for each row of an indexer's keys.
    Returns q FP8 E4M3 of x's shape, and sf FP32 of x's sizes along dims, without those that are 1; both row-major.
    Raises ShapeError, DtypeError, LayoutError.
    """
    shape = shape_of("x", x, (1, 2, 3, 4))
    kept = kept_dims(dims, len(shape))
    scales = [size if dim in kept else 1 for dim, size in enumerate(shape)]
    q = empty_strided("x", x, shape, contiguous_stride(shape), "float8_e4m3fn")
    sf = empty_strided("x", x, scales, contiguous_stride(scales), "float32")
    _core.cast_dims(x, q, sf, flag("use_ue8m0", use_ue8m0))
    return q, reshaped(sf, [size for size in scales if size != 1])

"""Scales that are powers of two, packed as UE8M0: four exponent bytes in an int32, the first in the low byte."""

import sys
from collections.abc import Sequence
from typing import Any

from .. import _core
from ..arrays.device_array import to_numpy
from ..arrays.frameworks import contiguous_stride, dtype_name_of, empty_strided, framework_of, shape_of
from ..arrays.sizes import ceil_div, get_tma_aligned_size
from ..errors import DtypeError, InexactError, ShapeError
from ..scalars import count, flag, integer, integers
from ..typing import T, Tensor

SCALES_PER_WORD, WORD_BYTES = 4, 4
NAN_BYTE, MANTISSA_BITS = 0xFF, 23


def pack_mn_major(sf: Any, psum_layout: Any, rows_per_scale: int, rows: int) -> Any:
    """Packed scales of `rows` rows, of which rows_per_scale share one of sf."""
    *groups, _, k = shape_of("sf", sf, (2, 3))
    words, column = ceil_div(k, SCALES_PER_WORD), get_tma_aligned_size(rows, WORD_BYTES)
    stride = [column * words, 1, column][-len(groups) - 2 :]
    out = empty_strided("sf", sf, [*groups, rows, words], stride, "int32")
    _core.pack_ue8m0(sf, out, psum_layout, rows_per_scale)
    return out


def get_mn_major_tma_aligned_packed_ue8m0_tensor(sf: T, psum_layout: Tensor | None = None) -> T:
    """Packed scales in the layout that the TMA reads.

    sf: FP32 powers of two, [mn, k] or [groups, mn, k], any strides. Returns int32 [mn, ceil(k / 4)] with strides
    (1, T), or [groups, mn, ceil(k / 4)] with (T * ceil(k / 4), 1, T), T = mn rounded up to a multiple of 4. Bytes of no
    scale are zero. What is no power of two becomes 0xFF, the NaN of UE8M0: it is not told, since a GPU would have to be
    waited for (pack_ue8m0_to_int does).
    psum_layout: int32 [groups], where each group of rows ends, as in the grouped GEMMs; rows between groups are not
    read and become zero; sf is then [mn, k].
    Raises ShapeError, DtypeError, LayoutError.
    """
    return pack_mn_major(sf, psum_layout, rows_per_scale=1, rows=shape_of("sf", sf, (2, 3))[-2])


def packed_rows(ks: Sequence[int] | None, rows: int, groups: int, gran_k: int, use_psum_layout: bool) -> int:
    """Rows of scales of groups along K, of which sf has `rows`, once they are packed. Raises ShapeError."""
    if ks is None or not integers("ks_cpu", ks):
        if not use_psum_layout:
            raise ShapeError(f"ks_cpu: is {ks}, allowed without use_psum_layout is K of each of the {groups} groups")
        return (rows + (SCALES_PER_WORD - 1) * groups) // SCALES_PER_WORD
    if len(ks) != groups:
        raise ShapeError(f"ks_cpu: has {len(ks)} elements, must have {groups}, as grouped_layout")
    scales = [ceil_div(k, gran_k) for k in ks]
    if sum(scales) != rows and not use_psum_layout:
        raise ShapeError(f"sf: has {rows} rows, must have {sum(scales)} for ks_cpu = {list(ks)} and gran_k = {gran_k}")
    return sum(ceil_div(count, SCALES_PER_WORD) for count in scales)


def check_granularity(gran_k: int) -> None:
    """Raises ShapeError for a number of columns that no scale is for, DtypeError for what is no number."""
    if integer("gran_k", gran_k) not in (32, 128):
        raise ShapeError(f"gran_k: is {gran_k}, allowed is 32 or 128")


def check_spans(gran_k: int, k_alignment: int) -> None:
    """Raises ShapeError for groups along K that no kernel takes, DtypeError for what is no number."""
    check_granularity(gran_k)
    if count("k_alignment", k_alignment) % 32:
        raise ShapeError(f"k_alignment: is {k_alignment}, must be a multiple of 32")


def get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor(
    sf: T,
    grouped_layout: Tensor,
    ks_cpu: Sequence[int] | None,
    gran_k: int,
    k_alignment: int,
    use_psum_layout: bool = False,
) -> T:
    """Packed scales of operands whose groups follow one another along K.

    sf: FP32 powers of two [scales of all groups, mn], mn a multiple of 4; a group has ceil(k / gran_k) of its rows.
    grouped_layout: int32 [groups] on sf's device, K of each group; with use_psum_layout where each ends, starting at
    the end of the one before rounded up to a multiple of k_alignment, which is one of 32. gran_k: 32 or 128.
    ks_cpu: K of each group on the host; with use_psum_layout it may be None or empty: then there is room for every
    case, and rows that belong to no group are not written.
    Returns int32 [packed rows, mn], row-major: each group has a quarter of its rows, rounded up and filled with zeros.
    Raises ShapeError, DtypeError, LayoutError.
    """
    rows, mn = shape_of("sf", sf, (2,))
    (groups,) = shape_of("grouped_layout", grouped_layout, (1,))
    check_spans(gran_k, k_alignment)
    if mn % WORD_BYTES:
        raise ShapeError(f"sf: has {mn} columns, must be a multiple of 4 (16 bytes); the nearest is {mn + -mn % 4}")
    is_psum = flag("use_psum_layout", use_psum_layout)
    shape = [packed_rows(ks_cpu, rows, groups, gran_k, is_psum), mn]
    out = empty_strided("sf", sf, shape, contiguous_stride(shape), "int32")
    _core.pack_ue8m0_k_grouped(sf, out, grouped_layout, gran_k, k_alignment, is_psum)
    return out


def _bytes_of(packed: Any) -> Any:
    """The tensor's bytes, in its framework; those of a DeviceArray on the host."""
    match framework_of(packed):
        case "torch":
            return packed.view(sys.modules["torch"].uint8)
        case "aotgemm":
            packed = to_numpy(packed)
    return packed.view("uint8")


def pack_ue8m0_to_int(x: T) -> T:
    """int32 of x's shape with a quarter of the last dimension: the exponent bytes of scales, row-major.

    x: FP32 powers of two [m, k] or [groups, m, k], any strides, k a multiple of 4. Waits for a GPU to look at
    the values.
    Raises InexactError for what is no finite power of two, ShapeError, DtypeError.
    """
    *lead, k = shape_of("x", x, (2, 3))
    if k % SCALES_PER_WORD:
        raise ShapeError(f"x: has {k} columns, must be a multiple of 4 (four in a word)")
    shape = [*lead, k // SCALES_PER_WORD]
    out = empty_strided("x", x, shape, contiguous_stride(shape), "int32")
    _core.pack_ue8m0(x, out)
    wrong = int((_bytes_of(out) == NAN_BYTE).sum())
    if wrong:
        raise InexactError(f"x: {wrong} values are no powers of two, allowed are finite powers of two (UE8M0)")
    return out


def unpack_ue8m0_from_int(packed: T) -> T:
    """FP32 of packed's shape with four times the last dimension: the scales of row-major int32.

    packed: a PyTorch tensor, or an array of NumPy or CuPy, its last dimension contiguous. Raises DtypeError.
    """
    if framework_of(packed) not in ("torch", "numpy", "cupy"):
        raise DtypeError(f"packed: is a {type(packed).__name__}, allowed is a tensor of PyTorch, NumPy or CuPy")
    if dtype_name_of(packed) != "int32":
        raise DtypeError(f"packed: dtype is {dtype_name_of(packed)}, allowed is int32 of PyTorch, NumPy or CuPy")
    _core.check_address(packed, "packed")
    if framework_of(packed) == "torch":
        torch = sys.modules["torch"]
        return (_bytes_of(packed).to(torch.int32) << MANTISSA_BITS).view(torch.float32)
    return (_bytes_of(packed).astype("int32") << MANTISSA_BITS).view("float32")

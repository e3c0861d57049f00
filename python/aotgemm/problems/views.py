"""The operands of each kind of call as views: shapes and strides, as the call takes them."""

from collections.abc import Sequence

from ..arrays.frameworks import contiguous_stride
from ..arrays.sizes import ceil_div, get_tma_aligned_size
from .kind import Kind
from .memory import GUARD_ROWS, RAW, GuardedOutput, MemoryLayout, View, guard_output, numpy_dtype
from .rows import RowPlacement, place_rows
from .scales import SCALE_BLOCK, words_of_k
from .sizes import Size

OUT_DTYPES = {"bf16": "bfloat16", "fp32": "float32"}


def placement_of(kind: Kind, size: Size) -> RowPlacement | None:
    """Where the rows of groups lie; None where they fall into none."""
    return place_rows(kind.grouping, size.counts, size.room) if kind.has_row_groups else None


def contiguous_view(dtype: str, shape: Sequence[int]) -> View:
    stride = contiguous_stride(shape)
    return View(dtype, tuple(shape), tuple(stride), shape[0] * stride[0])


def _matrices(dtype: str, outer: int, rows: int, columns: int, memory: MemoryLayout, interleaved: bool = False) -> View:
    """`outer` row-major matrices, or a single one if 0, whose rows start at multiples of 16 bytes."""
    size = numpy_dtype(dtype).itemsize
    padding = memory.row_padding // size
    pitch = get_tma_aligned_size(columns, size) + padding
    steps = (pitch, outer * pitch) if interleaved else (rows * pitch, pitch)
    shape, stride = (outer, rows, columns), (*steps, 1)
    return View(dtype, shape[not outer :], stride[not outer :], max(outer, 1) * rows * pitch, padding // 3)


def mn_major_view(outer: int, rows: int, columns: int, padding: int = 0, dtype: str = "float32") -> View:
    """Scales in the layout that a GPU reads: columns at multiples of 16 bytes, rows adjacent."""
    height = get_tma_aligned_size(rows, numpy_dtype("float32").itemsize) + padding
    shape, stride = (outer, rows, columns), (columns * height, 1, height)
    return View(dtype, shape[not outer :], stride[not outer :], max(outer, 1) * columns * height)


def _outer_and_rows_of_a(kind: Kind, size: Size) -> tuple[int, int]:
    """Matrices of A, 0 for a single one, and the rows of each."""
    placement = placement_of(kind, size)
    if placement is None:
        return (size.batches if kind.grouping == "batch_reduced" else 0), size.m
    return (size.groups, placement.room) if placement.room else (0, placement.rows)


def _outer_of_b(kind: Kind, size: Size) -> int:
    if kind.has_row_groups:
        return size.groups
    return size.batches if kind.grouping == "batch_reduced" else 0


def _values(kind: Kind, size: Size, memory: MemoryLayout) -> dict[str, View]:
    dtype = "float8_e4m3fn" if kind.is_fp8 else "bfloat16"
    if kind.is_flat:
        return {name: contiguous_view(dtype, [rows * size.k]) for name, rows in (("a", size.m), ("b", size.n))}
    outer, rows = _outer_and_rows_of_a(kind, size)
    sizes_of_a = (size.k, rows) if kind.layout[0] == "t" else (rows, size.k)
    sizes_of_b = (size.k, size.n) if kind.layout[1] == "n" else (size.n, size.k)
    a = _matrices(dtype, outer, *sizes_of_a, memory, memory.interleaved and kind.separates_rows)
    if form := kind.prepacked_b:
        columns = form.stored_columns(size.k)
        return {"a": a, "b": _matrices(form.b_dtype, _outer_of_b(kind, size), size.n, columns, memory)}
    return {"a": a, "b": _matrices(dtype, _outer_of_b(kind, size), *sizes_of_b, memory)}


def _scales(kind: Kind, size: Size, memory: MemoryLayout, mn_major: bool) -> dict[str, View]:
    if not kind.is_fp8:
        return {}
    if kind.packs_scales:
        return _packed_scales(kind, size, memory)
    blocks = ceil_div(size.k, SCALE_BLOCK)

    def by_row(outer: int, rows: int, dtype: str = "float32") -> View:
        shape = (outer, rows, blocks)[not outer :]
        padding = memory.scale_padding
        return mn_major_view(outer, rows, blocks, padding, dtype) if mn_major else contiguous_view(dtype, shape)

    if form := kind.prepacked_b:
        sfb = by_row(_outer_of_b(kind, size), size.n, form.sfb_dtype)
        return {"sfa": by_row(*_outer_and_rows_of_a(kind, size)), "sfb": sfb}
    if kind.scales_b_by_row:
        return {"sfa": by_row(0, size.m), "sfb": by_row(0, size.n)}
    outer = _outer_of_b(kind, size)
    shape = (outer, ceil_div(size.n, SCALE_BLOCK), blocks)[not outer :]
    return {"sfa": by_row(*_outer_and_rows_of_a(kind, size)), "sfb": contiguous_view("float32", shape)}


def _packed_scales(kind: Kind, size: Size, memory: MemoryLayout) -> dict[str, View]:
    """Always as a GPU reads them."""
    words, padding = words_of_k(kind, size), memory.scale_padding
    rows = {"sfa": _outer_and_rows_of_a(kind, size), "sfb": (_outer_of_b(kind, size), size.n)}
    return {name: mn_major_view(*given, words, padding, "int32") for name, given in rows.items()}


def guard_of(kind: Kind, size: Size, memory: MemoryLayout, guard_rows: int = GUARD_ROWS) -> GuardedOutput:
    """D as one matrix of all its rows."""
    outer, rows = _outer_and_rows_of_d(kind, size)
    element = RAW[OUT_DTYPES[kind.out_dtype]]
    return guard_output(max(outer, 1) * rows, size.columns_of_d, memory, element, guard_rows)


def _outer_and_rows_of_d(kind: Kind, size: Size) -> tuple[int, int]:
    if kind.grouping == "k_grouped":
        return size.groups, size.m
    return _outer_and_rows_of_a(kind, size) if kind.has_row_groups else (0, size.m)


def _output(kind: Kind, size: Size, memory: MemoryLayout, guard: GuardedOutput) -> View:
    outer, rows = _outer_and_rows_of_d(kind, size)
    interleaved = memory.interleaved and kind.separates_rows
    steps = (guard.stride, outer * guard.stride) if interleaved else (rows * guard.stride, guard.stride)
    shape, stride = (outer, rows, guard.n), (*steps, 1)
    return View(OUT_DTYPES[kind.out_dtype], shape[not outer :], stride[not outer :], guard.size, guard.offset)


def views_of(
    kind: Kind, size: Size, memory: MemoryLayout, mn_major: bool = True, guard_rows: int = GUARD_ROWS
) -> dict[str, View]:
    """Views by name: a, b, d and, where the call has them, sfa, sfb. mn_major: scales by row as a GPU reads them."""
    d = _output(kind, size, memory, guard_of(kind, size, memory, guard_rows))
    return _values(kind, size, memory) | _scales(kind, size, memory, mn_major) | {"d": d}

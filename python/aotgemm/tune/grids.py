"""The kinds of call that are tuned, and the standard sizes of each."""

from collections.abc import Callable
from dataclasses import dataclass

from .. import _core
from ..arrays.sizes import align
from ..bench.shapes import (
    ALIGNED_ROWS,
    GRADIENT_ROWS,
    M_GRID,
    SEPARATE_ROWS,
    batched_shapes,
    dense_layers,
    gradient_shapes,
    moe_shapes,
)
from ..problems.kinds import KINDS, Kind
from ..problems.sizes import Size, row_groups

MASKED_ROOM = 128  # rows of memory for a masked group, at least


@dataclass(frozen=True)
class Grid:
    """Layers as (N, K, groups), and the rows of a group."""

    layers: Callable[[], list[tuple[int, int, int]]]
    rows: tuple[int, ...]


_ALIGNED, _SEPARATE = Grid(moe_shapes, ALIGNED_ROWS), Grid(moe_shapes, SEPARATE_ROWS)
# By family and grouping. Kernels of k_grouped and batch_reduced calls take the rates of dense ones: see STAND_INS in
# codegen/write/tile_rates.py.
GRIDS = {
    ("fp8_gemm_1d2d", "dense"): Grid(dense_layers, M_GRID),
    ("fp8_gemm_1d2d", "contiguous"): _ALIGNED,
    ("fp8_gemm_1d2d", "psum"): _ALIGNED,
    ("fp8_gemm_1d2d", "masked"): _SEPARATE,
    ("fp8_gemm_1d2d", "batched"): Grid(batched_shapes, SEPARATE_ROWS),
    ("fp8_gemm_1d1d", "dense"): Grid(gradient_shapes, GRADIENT_ROWS),
    ("bf16_gemm", "dense"): Grid(dense_layers, M_GRID),
    ("bf16_gemm", "contiguous"): _ALIGNED,
    ("bf16_gemm", "psum"): _ALIGNED,
    ("bf16_gemm", "masked"): _SEPARATE,
    ("bf16_gemm", "batched"): Grid(batched_shapes, SEPARATE_ROWS),
}
TUNED_KINDS = {name: kind for name, kind in KINDS.items() if (kind.family, kind.grouping) in GRIDS}


def layers_of(kind: Kind, shapes: list[tuple[int, int]] | None, groups: list[int] | None) -> list[tuple[int, int, int]]:
    """(N, K, groups): those asked for, or those of public models."""
    chosen = GRIDS[kind.family, kind.grouping].layers()
    counts = sorted({count for *_, count in chosen})
    if groups and kind.grouping != "dense":
        chosen, counts = [layer for layer in chosen if layer[2] in groups], groups
    return [(n, k, count) for n, k in shapes for count in counts] if shapes else chosen


def sizes_of(
    kind: Kind, shapes: list[tuple[int, int]] | None, m: list[int] | None, groups: list[int] | None
) -> list[Size]:
    """Those asked for, or the standard ones: shape by shape, M rising. m counts the rows of a group."""
    chosen, rows = layers_of(kind, shapes, groups), m or GRIDS[kind.family, kind.grouping].rows
    return list(dict.fromkeys(_size(kind, count, *layer) for layer in chosen for count in rows))


def _size(kind: Kind, rows: int, n: int, k: int, groups: int) -> Size:
    """All groups have as many rows; those of a shared A start at aligned ones, and fill what is between."""
    if not kind.has_row_groups:
        return Size(rows, n, k)
    if kind.shares_rows:
        rows = align(rows, _core.group_alignment())
    return row_groups((rows,) * groups, n, k, align(max(rows, MASKED_ROOM), 4) if kind.grouping == "masked" else 0)

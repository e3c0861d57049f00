"""The kinds of call that are tuned, and the standard sizes of each."""

from .. import _core
from ..arrays.sizes import align
from ..problems.kinds import KINDS, Kind
from ..problems.sizes import Size, row_groups

MASKED_ROOM = 128  # rows of memory for a masked group, at least


TUNED_KINDS = {name: kind for name, kind in KINDS.items() if kind.form.tuned is not None}


def layers_of(kind: Kind, shapes: list[tuple[int, int]] | None, groups: list[int] | None) -> list[tuple[int, int, int]]:
    """(N, K, groups): those asked for, or those of public models."""
    chosen = kind.form.tuned.layers()
    counts = sorted({count for *_, count in chosen})
    if groups and kind.grouping != "dense":
        chosen, counts = [layer for layer in chosen if layer[2] in groups], groups
    return [(n, k, count) for n, k in shapes for count in counts] if shapes else chosen


def sizes_of(
    kind: Kind, shapes: list[tuple[int, int]] | None, m: list[int] | None, groups: list[int] | None
) -> list[Size]:
    """Those asked for, or the standard ones: shape by shape, M rising. m counts the rows of a group."""
    chosen, rows = layers_of(kind, shapes, groups), m or kind.form.tuned.rows
    return list(dict.fromkeys(_size(kind, count, *layer) for layer in chosen for count in rows))


def _size(kind: Kind, rows: int, n: int, k: int, groups: int) -> Size:
    """All groups have as many rows; those of a shared A start at aligned ones, and fill what is between."""
    if not kind.has_row_groups:
        return Size(rows, n, k)
    if kind.shares_rows:
        rows = align(rows, _core.group_alignment())
    return row_groups((rows,) * groups, n, k, align(max(rows, MASKED_ROOM), 4) if kind.grouping == "masked" else 0)

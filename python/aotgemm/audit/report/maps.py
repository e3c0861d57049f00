"""Selection maps: M across, N up, coloured by the tile class that the installed library selects for one K."""

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Any

from ... import _core
from ...errors import Error
from .palette import legend, tile_class

COLUMNS, ROWS = 40, 24
M_RANGE, N_RANGE = (1, 8192), (64, 65536)
N_MULTIPLE = 64
M_TICKS, N_TICKS = (1, 8, 64, 512, 8192), (64, 512, 4096, 65536)


def _spread(low: int, high: int, count: int, multiple: int) -> list[int]:
    """`count` values from low to high, evenly on a logarithmic axis, rounded to multiples."""
    values = (low * (high / low) ** (step / (count - 1)) for step in range(count))
    return sorted({max(round(value / multiple), 1) * multiple for value in values})


def choices(call: dict[str, Any], device: dict[str, Any]) -> list[tuple[int, int, str]]:
    """(M, N, kernel) over the grid. Empty where the installed library has no kernel for such calls."""
    kind = (call["grouping"], call["layout"], call["out_dtype"], call["groups"])
    found = []
    try:
        for n in _spread(*N_RANGE, ROWS, N_MULTIPLE):
            for m in _spread(*M_RANGE, COLUMNS, 1):
                best = _core.select(call["family"], m, n, call["k"], call["num_sms"], device, 1, *kind)[0]
                found.append((m, n, best["name"]))
    except Error:
        return []  # the page says for which calls the library has no kernel; a map of them is not drawn
    return found


def maps_of(plan: dict[str, Any]) -> list[tuple[dict[str, Any], list[tuple[int, int, str]]]]:
    """A call and what is selected where, for each K of each kind of call."""
    kinds = {
        (c["family"], c["grouping"], c["groups"], c["k"], c["num_sms"]): c for c in plan["calls"] if not c["missing"]
    }
    drawn = ((kinds[key], choices(kinds[key], plan["device"])) for key in sorted(kinds))
    return [(call, found) for call, found in drawn if found]


def _runs(row: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Start, length and kernel of the cells in a row that have the same one."""
    start = 0
    for kernel, cells in groupby(row, key=lambda cell: cell[2]):
        length = len(list(cells))
        yield start, length, kernel
        start += length


def _cells(found: list[tuple[int, int, str]], words: str) -> str:
    rows = [list(cells) for _, cells in groupby(found, key=lambda cell: cell[1])][::-1]
    parts = []
    for y, row in enumerate(rows):
        for x, length, kernel in _runs(row):
            title = escape(f"M = {row[x][0]} to {row[x + length - 1][0]}, N = {row[x][1]}: {kernel}")
            place = f'class="t{tile_class(kernel)}" x="{x}" y="{y}" width="{length + 0.03}" height="1.03"'
            parts.append(f"<rect {place}><title>{title}</title></rect>")
    box = f"0 0 {len(rows[0])} {len(rows)}"
    label = escape(words, quote=True)
    return f'<svg viewBox="{box}" preserveAspectRatio="none" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _ticks(values: list[int], wanted: tuple[int, ...]) -> Iterator[tuple[int, float]]:
    """Each wanted value with the middle of the first cell that reaches it, in percent of the axis."""
    for tick in wanted:
        yield tick, 100 * (next(i for i, value in enumerate(values) if value >= tick) + 0.5) / len(values)


def draw(call: dict[str, Any], found: list[tuple[int, int, str]]) -> str:
    """One map with its axes and the tile classes in it."""
    groups = f", {call['groups']} groups" if call["grouping"] != "dense" else ""
    title = f"K = {call['k']}: {call['family']} {call['grouping']}{groups}, {call['num_sms']} SMs"
    rows, columns = (sorted({cell[axis] for cell in found}) for axis in (1, 0))
    down = "".join(f'<span style="top:{100 - at:.1f}%">{n:,}</span>' for n, at in _ticks(rows, N_TICKS))
    across = "".join(f'<span style="left:{at:.1f}%">{m:,}</span>' for m, at in _ticks(columns, M_TICKS))
    sides, ends = f'<p class="sides"><b>N</b>{down}</p>', f'<p class="ends"><b>M</b>{across}</p>'
    drawing = f"<div>{sides}{_cells(found, f'Tile class selected by M and N for {title}')}</div>{ends}"
    kernels = (kernel for _, _, kernel in found)
    return f'<figure class="map"><figcaption>{escape(title)}</figcaption>{drawing}{legend(kernels)}</figure>'

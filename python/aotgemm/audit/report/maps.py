"""Selection maps: M across, N up, coloured by the kernel that the installed library selects for one K."""

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Any

from ... import _core
from ...errors import Error
from .palette import Shade

COLUMNS, ROWS = 40, 24
M_RANGE, N_RANGE = (1, 8192), (64, 65536)
N_MULTIPLE = 64


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


def _runs(row: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Start, length and kernel of the cells in a row that have the same one."""
    start = 0
    for kernel, cells in groupby(row, key=lambda cell: cell[2]):
        length = len(list(cells))
        yield start, length, kernel
        start += length


def _cells(found: list[tuple[int, int, str]], shade_of: dict[str, Shade]) -> str:
    rows = [list(cells) for _, cells in groupby(found, key=lambda cell: cell[1])][::-1]
    parts = []
    for y, row in enumerate(rows):
        for x, length, kernel in _runs(row):
            title = escape(f"M = {row[x][0]} to {row[x + length - 1][0]}, N = {row[x][1]}: {kernel}")
            place = f'x="{x}" y="{y}" width="{length + 0.03}" height="1.03"'
            parts.append(f'<rect {place} fill="{shade_of[kernel].colour}"><title>{title}</title></rect>')
    box = f"0 0 {len(rows[0])} {len(rows)}"
    return f'<svg viewBox="{box}" preserveAspectRatio="none" role="img">{"".join(parts)}</svg>'


def draw(call: dict[str, Any], found: list[tuple[int, int, str]], shade_of: dict[str, Shade]) -> str:
    """One map with its axes and the kernels in it."""
    (m_low, m_high), (n_low, n_high) = (
        (min(axis), max(axis)) for axis in zip(*((m, n) for m, n, _ in found), strict=True)
    )
    used = sorted({kernel for _, _, kernel in found}, key=list(shade_of).index)
    chips = "".join(shade_of[kernel].chip() for kernel in used)
    title = f"K = {call['k']}" + (
        f", {call['grouping']}, {call['groups']} groups" if call["grouping"] != "dense" else ""
    )
    axes = f'<p class="ends"><span>M = {m_low}</span><span>{m_high}</span></p>'
    sides = f'<p class="sides"><span>N = {n_high}</span><span>{n_low}</span></p>'
    drawing = f"<div>{sides}{_cells(found, shade_of)}</div>{axes}"
    return f'<figure class="map"><figcaption>{title}</figcaption>{drawing}<p class="chips">{chips}</p></figure>'

"""Charts of a call over M: which kernel, and its predicted time against the roofline.

The drawing stretches to the width at hand, so no text is in it: ticks are HTML beside it, placed in percent.
"""

from html import escape
from math import log2
from typing import Any

from .palette import Shade
from .roofline import roofline_us

HEIGHT = 100
LAST_TICK = 86  # percent: beyond it stands the axis' name
TICKS = tuple(8**power for power in range(8))


def _x(m: float, last: int) -> float:
    """Where M lies, in percent of the width: logarithmic, each M as wide as up to the next."""
    return 100 * log2(m) / log2(last + 1)


def ticks(last: int) -> str:
    """The M axis."""
    shown = [m for m in TICKS if m <= last and _x(m, last) < LAST_TICK]
    spans = "".join(f'<span style="left:{_x(m, last):.2f}%">{m}</span>' for m in shown)
    return f'<div class="axis" aria-hidden="true">{spans}<b>M</b></div>'


def strip(intervals: list[dict[str, Any]], shade_of: dict[str, Shade]) -> str:
    """The M axis, coloured by kernel."""
    last = intervals[-1]["m"][1]
    parts = []
    for interval in intervals:
        (first, end), shade = interval["m"], shade_of[interval["kernel"]]
        left, right = _x(first, last), _x(end + 1, last)
        title = escape(f"M = {first} to {end}: {shade.name}")
        parts.append(
            f'<rect x="{left:.3f}" width="{right - left:.3f}" height="{HEIGHT}" fill="{shade.colour}">'
            f"<title>{title}</title></rect>"
        )
    return f'<svg class="strip" viewBox="0 0 100 {HEIGHT}" preserveAspectRatio="none" role="img">{"".join(parts)}</svg>'


def _samples(last: int) -> list[int]:
    """Values of M evenly along the axis."""
    return sorted({min(round((last + 1) ** (step / 48)), last) for step in range(49)} - {0})


def _path(points: list[tuple[float, float]], low: float, high: float) -> str:
    return " ".join(
        f"{'M' if index == 0 else 'L'}{x:.2f} {HEIGHT * (1 - (log2(us) - low) / (high - low)):.2f}"
        for index, (x, us) in enumerate(points)
    )


def _us(value: float) -> str:
    return f"{value:,.0f} us" if value >= 10 else f"{value:.1f} us"


def times(call: dict[str, Any], device: dict[str, Any]) -> str:
    """Predicted time and roofline, both axes logarithmic."""
    intervals = call["intervals"]
    last = intervals[-1]["m"][1]
    predicted = [(_x(m, last), max(us, 0.01)) for i in intervals for m, us in zip(i["m"], i["us"], strict=True)]
    bounds = [(_x(m, last), max(*roofline_us(call, device, m), 0.01)) for m in _samples(last)]
    every = [us for _, us in predicted + bounds]
    low, high = log2(min(every)) - 0.2, log2(max(every)) + 0.2
    curves = {"roof": bounds, "predicted": predicted}
    lines = "".join(f'<path class="{name}" d="{_path(points, low, high)}"/>' for name, points in curves.items())
    labels = f'<b class="top">{_us(max(every))}</b><b class="bottom">{_us(min(every))}</b>'
    drawing = f'<svg viewBox="0 0 100 {HEIGHT}" preserveAspectRatio="none" role="img">{lines}</svg>'
    return f'<div class="times">{drawing}{labels}</div>'

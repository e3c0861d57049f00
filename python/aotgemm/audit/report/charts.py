"""The chart of a call over M: predicted time, roofline and measured times, and under them which kernel runs."""

from html import escape
from typing import Any

from .axes import TimeAxis, m_ticks, time_axis, x_of
from .measured import Measured
from .palette import Mark, legend, tile_class
from .roofline import roofline_us

SIZE = 100  # of a drawing's own units
LEAST_US = 0.01
SAMPLES = 48
UNIT = '<p class="unit us" aria-hidden="true">us</p>'
EDGED = 1  # percent: narrower intervals have no line, or the lines would hide the colours


def _x_axis(last: int) -> str:
    spans = "".join(f'<span style="left:{x_of(m, last):.2f}%">{m:,}</span>' for m in m_ticks(last))
    return f'<div class="axis" aria-hidden="true">{spans}<b>{last:,}</b></div><p class="unit">M, rows of A</p>'


def _y_axis(axis: TimeAxis) -> str:
    spans = "".join(f'<span style="top:{axis.y_of(us):.2f}%">{us:,g}</span>' for us in axis.ticks())
    return f'<div class="yaxis" aria-hidden="true">{spans}</div>'


def strip(intervals: list[dict[str, Any]], marks: dict[str, Mark]) -> str:
    """The M axis, coloured by the kernel's tile class, with a line where the kernel changes."""
    last = intervals[-1]["m"][1]
    parts = []
    for interval in intervals:
        (first, end), mark = interval["m"], marks[interval["kernel"]]
        left, right = x_of(first, last), x_of(end + 1, last)
        edge = "" if right - left > EDGED else " thin"
        title = escape(f"M = {first} to {end}: {mark.label}")
        parts.append(
            f'<rect class="t{tile_class(mark.name)}{edge}" x="{left:.3f}" width="{right - left:.3f}" height="{SIZE}">'
            f"<title>{title}</title></rect>"
        )
    words = f"Which kernel runs, M = 1 to {last}: {len(intervals)} intervals; the same stands in the table of intervals"
    return (
        f'<svg class="strip" viewBox="0 0 {SIZE} {SIZE}" preserveAspectRatio="none" role="img" aria-label="{words}">'
        f"{''.join(parts)}</svg>"
    )


def _samples(last: int) -> list[int]:
    """Values of M evenly along the axis."""
    return sorted({min(round((last + 1) ** (step / SAMPLES)), last) for step in range(SAMPLES + 1)} - {0})


def _path(points: list[tuple[float, float]], axis: TimeAxis) -> str:
    return " ".join(f"{'L' if index else 'M'}{x:.2f} {axis.y_of(us):.2f}" for index, (x, us) in enumerate(points))


def _grid(axis: TimeAxis, last: int) -> str:
    down = "".join(f"M{x_of(m, last):.2f} 0V{SIZE}" for m in m_ticks(last))
    across = "".join(f"M0 {axis.y_of(us):.2f}H{SIZE}" for us in axis.ticks())
    return f'<path class="grid" d="{down}{across}"/>'


def _dot(one: Measured, axis: TimeAxis, last: int) -> str:
    title = escape(f"M = {one.m}: {one.us:.1f} us measured on {one.card}, {one.date}, with {one.kernel or 'a kernel'}")
    return f'<i class="dot" style="left:{x_of(one.m, last):.2f}%;top:{axis.y_of(one.us):.2f}%" title="{title}"></i>'


def _times(call: dict[str, Any], device: dict[str, Any], measured: list[Measured]) -> str:
    """Predicted time, roofline and measured times; both axes logarithmic."""
    intervals = call["intervals"]
    last = intervals[-1]["m"][1]
    predicted = [(x_of(m, last), max(us, LEAST_US)) for i in intervals for m, us in zip(i["m"], i["us"], strict=True)]
    bounds = [(x_of(m, last), max(*roofline_us(call, device, m), LEAST_US)) for m in _samples(last)]
    inside = [one for one in measured if one.m <= last]
    axis = time_axis([us for _, us in predicted + bounds] + [one.us for one in inside])
    curves = {"roof": bounds, "predicted": predicted}
    lines = "".join(f'<path class="{name}" d="{_path(points, axis)}"/>' for name, points in curves.items())
    words = f"Predicted time of {escape(call['layers'][0], quote=True)} over M, from {predicted[0][1]:.1f} to "
    words += f"{predicted[-1][1]:.1f} microseconds, and the roofline; {len(inside)} measured times"
    drawing = f'<svg viewBox="0 0 {SIZE} {SIZE}" preserveAspectRatio="none" role="img" aria-label="{words}">'
    dots = "".join(_dot(one, axis, last) for one in inside)
    return f'{_y_axis(axis)}<div class="times">{drawing}{_grid(axis, last)}{lines}</svg>{dots}</div>'


def chart(call: dict[str, Any], device: dict[str, Any], marks: dict[str, Mark], measured: list[Measured]) -> str:
    """All of it, with its legend; without times where none are predicted, for calls that are no GEMM."""
    intervals = call["intervals"]
    last = intervals[-1]["m"][1]
    timed = all(interval["us"] for interval in intervals)
    drawing = (UNIT + _times(call, device, measured) if timed else "") + strip(intervals, marks) + _x_axis(last)
    at = '<i class="at" aria-hidden="true" hidden></i>'
    return f'<div class="chart">{drawing}{at}</div>{legend(i["kernel"] for i in intervals)}'

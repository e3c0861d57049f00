"""Pictures of a run, for each kind: the roofline, our speed relative to each peer over tokens, and for dense kinds a
heat map of that over layers too. Needs matplotlib (`aotgemm[plot]`)."""

from collections.abc import Iterable
from math import isnan, log2, nan
from pathlib import Path
from typing import Any

from ..errors import RequestError
from ..problems.kinds import Kind
from .peers import OURS
from .report import Limits, Row, by_kind, geometric_mean, others
from .work import precision

SIZE = (8, 5)  # inches
LAYER_INCHES = 0.22  # of a heat map's row
DOTS_PER_INCH = 150
RATIO_TICKS = 0.5, 0.75, 1, 1.25, 1.5, 2
LEAST_RATIO, MOST_RATIO = 0.5, 2  # what lies outside stands at the edge, as a triangle


def _figure(title: str, height: float = SIZE[1]) -> tuple[Any, Any]:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise RequestError("--plots: needs matplotlib; pip install 'aotgemm[plot]' brings it") from error
    figure = Figure((SIZE[0], height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, fontsize="medium")
    return figure, axes


def _save(figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})
    return path


def _roof(kind: Kind, rows: list[Row], limits: Limits, axes: Any) -> None:
    """What the card was seen to reach, where it was measured."""
    peak = limits.tflops.get(precision(kind))
    if limits.gbps is None or peak is None:
        return
    intensity = sorted([peak / limits.gbps * 1e3, *(row.flops / row.bytes for row in rows)])
    roof = [min(peak, limits.gbps * x / 1e3) for x in intensity]
    words = f"limit: {limits.gbps:,.0f} GB/s, {peak:,.0f} TFLOP/s"
    axes.plot(intensity, roof, color="black", linewidth=1, label=words)


def plot_roofline(kind: Kind, rows: list[Row], limits: Limits, card: str, path: Path) -> Path:
    """TFLOP/s over FLOP per byte, under what the card was seen to reach."""
    figure, axes = _figure(f"{kind.name} on {card}")
    _roof(kind, rows, limits, axes)
    for who in [*others(rows), OURS]:
        timed = [row for row in rows if who in row.us]
        axes.scatter([r.flops / r.bytes for r in timed], [r.tflops(who) for r in timed], s=9, alpha=0.6, label=who)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=10)
    axes.set(xlabel="FLOP per byte of operands, scales and result", ylabel="TFLOP/s")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return _save(figure, path)


def _octave(row: Row) -> int:
    return int(log2(row.tokens))


def _by_octave(rows: Iterable[Row], who: str) -> dict[int, tuple[float, float]]:
    """Geometric means of tokens and of the ratio over the rows of each octave of tokens, rising."""
    octaves: dict[int, list[Row]] = {}
    for row in rows:
        octaves.setdefault(_octave(row), []).append(row)
    return {
        octave: (geometric_mean(row.tokens for row in inside), geometric_mean(row.ratio(who) for row in inside))
        for octave, inside in sorted(octaves.items())
    }


def _scatter_ratios(rows: list[Row], who: str, color: Any, axes: Any) -> None:
    """Dots, and triangles at the edge for what lies outside."""
    ratios = [row.ratio(who) for row in rows]
    for marker, inside in (
        (".", lambda ratio: LEAST_RATIO <= ratio <= MOST_RATIO),
        ("^", lambda ratio: ratio > MOST_RATIO),
        ("v", lambda ratio: ratio < LEAST_RATIO),
    ):
        points = [(row.tokens, ratio) for row, ratio in zip(rows, ratios, strict=True) if inside(ratio)]
        heights = [min(MOST_RATIO, max(LEAST_RATIO, ratio)) for _, ratio in points]
        axes.scatter([x for x, _ in points], heights, s=12, alpha=0.5, color=color, marker=marker, clip_on=False)


def plot_ratios(kind: Kind, rows: list[Row], card: str, path: Path) -> Path:
    """Each peer's time over ours against tokens: dots for problems, a line for the geometric mean of each octave."""
    figure, axes = _figure(f"Time of others / time of aotgemm, {kind.name} on {card}")
    for who in others(rows):
        timed = [row for row in rows if who in row.us]
        (line,) = axes.plot(*zip(*_by_octave(timed, who).values()), label=f"{who}, geometric mean")
        _scatter_ratios(timed, who, line.get_color(), axes)
    axes.axhline(1, color="black", linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.set_ylim(LEAST_RATIO, MOST_RATIO)
    axes.set_yticks(RATIO_TICKS)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set(xlabel="tokens: rows, of a group where grouped", ylabel="ratio (above 1: aotgemm is faster)")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return _save(figure, path)


def heat_map(rows: list[Row], who: str) -> tuple[list[str], list[int], list[list[float]]]:
    """Layers by N x K, octaves of tokens, and the geometric mean of the ratio in each cell; NaN where nothing is."""
    timed = [row for row in rows if who in row.us]
    layers: dict[str, list[Row]] = {}
    for row in timed:
        layers.setdefault(f"{row.size.n}x{row.size.k}", []).append(row)
    octaves = sorted({_octave(row) for row in timed})
    means = [_by_octave(of_layer, who) for of_layer in layers.values()]
    cells = [[of_layer.get(octave, (nan, nan))[1] for octave in octaves] for of_layer in means]
    return list(layers), octaves, cells


def plot_heat_map(kind: Kind, rows: list[Row], who: str, card: str, path: Path) -> Path:
    """The ratio over M and layers, written into the cells; colours from LEAST_RATIO to MOST_RATIO."""
    layers, octaves, cells = heat_map(rows, who)
    figure, axes = _figure(f"Time of {who} / time of aotgemm, {kind.name} on {card}", 2 + LAYER_INCHES * len(layers))
    shown = [[log2(ratio) for ratio in line] for line in cells]  # of NaN it is NaN, which stays white
    axes.imshow(shown, cmap="RdBu", vmin=log2(LEAST_RATIO), vmax=log2(MOST_RATIO), aspect="auto")
    for y, line in enumerate(cells):
        for x, ratio in enumerate(line):
            if not isnan(ratio):
                axes.text(x, y, f"{ratio:.2f}", ha="center", va="center", fontsize=6)
    axes.set_xticks(range(len(octaves)), [str(2**octave) for octave in octaves])
    axes.set_yticks(range(len(layers)), layers, fontsize=7)
    axes.set(xlabel="M, from this power of 2 to the next", ylabel="N x K")
    return _save(figure, path)


def _plots_of_kind(kind: Kind, rows: list[Row], limits: Limits, card: str, folder: Path) -> list[Path]:
    paths = [plot_roofline(kind, rows, limits, card, folder / f"{kind.name}_roofline.png")]
    if others(rows):
        paths.append(plot_ratios(kind, rows, card, folder / f"{kind.name}_ratio.png"))
    if kind.grouping == "dense" and not kind.sums_over_tokens:  # a gradient's K varies, and not its M
        maps = {who: folder / f"{kind.name}_heat_map_{who.replace(' ', '_')}.png" for who in others(rows)}
        paths += [plot_heat_map(kind, rows, who, card, path) for who, path in maps.items()]
    return paths


def write_plots(rows: list[Row], limits: Limits, card: str, folder: Path) -> list[Path]:
    """Pictures of each kind: KIND_roofline.png and, where there is somebody to compare with, KIND_ratio.png and, if
    dense, KIND_heat_map_PEER.png."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        path for kind, of_kind in by_kind(rows).items() for path in _plots_of_kind(kind, of_kind, limits, card, folder)
    ]

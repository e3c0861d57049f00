"""Two pictures of a run: the roofline, and our speed relative to each peer. Needs matplotlib (`aotgemm[plot]`)."""

from pathlib import Path
from typing import Any

from ..errors import RequestError
from .peers import OURS
from .report import Limits, Row, geometric_mean, others

SIZE = (8, 5)  # inches
DOTS_PER_INCH = 150
RATIO_TICKS = 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4


def _figure(title: str) -> tuple[Any, Any]:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise RequestError("--plots: needs matplotlib; pip install 'aotgemm[plot]' brings it") from error
    figure = Figure(SIZE, layout="constrained")
    axes = figure.add_subplot(title=title)
    axes.set_xscale("log", base=2)
    axes.grid(alpha=0.3)
    return figure, axes


def _save(figure: Any, axes: Any, path: Path) -> Path:
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})
    return path


def plot_roofline(rows: list[Row], limits: Limits, card: str, path: Path) -> Path:
    """TFLOP/s over FLOP per byte, under what the card was seen to reach."""
    figure, axes = _figure(f"FP8 GEMM on {card}")
    intensity = sorted([limits.tflops / limits.gbps * 1e3, *(row.flops / row.bytes for row in rows)])
    roof = [min(limits.tflops, limits.gbps * x / 1e3) for x in intensity]
    axes.plot(
        intensity,
        roof,
        color="black",
        linewidth=1,
        label=f"limit: {limits.gbps:,.0f} GB/s, {limits.tflops:,.0f} TFLOP/s",
    )
    for who in [*others(rows), OURS]:
        timed = [row for row in rows if who in row.us]
        axes.scatter([r.flops / r.bytes for r in timed], [r.tflops(who) for r in timed], s=9, alpha=0.6, label=who)
    axes.set_yscale("log", base=10)
    axes.set(xlabel="FLOP per byte of operands, scales and result", ylabel="TFLOP/s")
    axes.xaxis.set_major_formatter("{x:g}")
    return _save(figure, axes, path)


def plot_ratios(rows: list[Row], card: str, path: Path) -> Path:
    """Each peer's time over ours against M: dots for shapes, a line for their geometric mean."""
    figure, axes = _figure(f"Time of others / time of aotgemm on {card}")
    for who in others(rows):
        timed = [row for row in rows if who in row.us]
        sizes = sorted({row.m for row in timed})
        means = [geometric_mean(row.us[who] / row.us[OURS] for row in timed if row.m == m) for m in sizes]
        (line,) = axes.plot(sizes, means, label=f"{who}, geometric mean")
        axes.scatter(
            [r.m for r in timed], [r.us[who] / r.us[OURS] for r in timed], s=6, alpha=0.4, color=line.get_color()
        )
    axes.axhline(1, color="black", linewidth=1)
    axes.set_yscale("log", base=2)
    axes.set_yticks(RATIO_TICKS)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set(xlabel="M", ylabel="ratio (above 1: aotgemm is faster)")
    return _save(figure, axes, path)


def write_plots(rows: list[Row], limits: Limits, card: str, folder: Path) -> list[Path]:
    """roofline.png and, where there is somebody to compare with, ratio.png."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [plot_roofline(rows, limits, card, folder / "roofline.png")]
    if others(rows):
        paths.append(plot_ratios(rows, card, folder / "ratio.png"))
    return paths

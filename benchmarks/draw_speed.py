"""Draws README's picture from saved runs: python benchmarks/draw_speed.py

DeepGEMM's time over ours against M, a mark for each problem of the runs below. Writes docs/speed_light.svg and
docs/speed_dark.svg, the same picture for light and dark pages.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, fsum, log, log2
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RUNS = {"FP8 dense": "dense_random_h200_2026-11-28.json", "BF16 dense": "bf16_random_h200_2026-11-28.json"}

WIDTH, HEIGHT = 820, 380
LEFT, RIGHT, TOP, BOTTOM = 56, 790, 62, 330  # of the frame
MOST_M_LOG2 = 14
LEAST_RATIO, MOST_RATIO = 0.75, 1.45
RATIOS = 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4
RADIUS = 5
LEGEND = 360  # from one of its entries to the next


@dataclass(frozen=True)
class Colours:
    text: str
    line: str
    series: tuple[str, str]  # blue and orange: apart for most who do not see red and green apart


COLOURS = {
    "light": Colours("#1f2328", "#d1d9e0", ("#0969da", "#c2570c")),
    "dark": Colours("#e6edf3", "#3d444d", ("#58a6ff", "#f0883e")),
}


def read_run(name: str) -> dict[str, Any]:
    return json.loads((ROOT / "benchmarks" / "results" / name).read_text(encoding="utf-8"))


def points_of(run: dict[str, Any]) -> list[tuple[int, float]]:
    """(M, DeepGEMM's time over ours) of each problem."""
    return [(row["m"], row["us"]["deep_gemm"] / row["us"]["aotgemm"]) for row in run["gemm"]["rows"]]


def geometric_mean(points: list[tuple[int, float]]) -> float:
    return exp(fsum(log(ratio) for _, ratio in points) / len(points))


def across(m: float) -> float:
    return LEFT + (RIGHT - LEFT) * log2(m) / MOST_M_LOG2


def up(ratio: float) -> float:
    if not LEAST_RATIO <= ratio <= MOST_RATIO:
        raise ValueError(f"a ratio is {ratio:.2f}, the frame has {LEAST_RATIO} to {MOST_RATIO}")
    return BOTTOM - (BOTTOM - TOP) * log(ratio / LEAST_RATIO) / log(MOST_RATIO / LEAST_RATIO)


def words(x: float, y: float, sentence: str, colour: str, anchor: str = "middle", size: int = 13) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}" font-size="{size}">{sentence}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"/>'


def mark(series: int, x: float, y: float, colour: str) -> str:
    """A disc for the first series, a square for the second."""
    if series == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS}" fill="{colour}"/>'
    side = 2 * RADIUS - 1
    corner = f'x="{x - side / 2:.1f}" y="{y - side / 2:.1f}"'
    return f'<rect {corner} width="{side}" height="{side}" fill="{colour}"/>'


def axes(colours: Colours) -> Iterator[str]:
    for ratio in RATIOS:
        is_one = ratio == 1
        yield line(LEFT, up(ratio), RIGHT, up(ratio), colours.text if is_one else colours.line, 1.5 if is_one else 1)
        yield words(LEFT - 8, up(ratio) + 4.5, f"{ratio:.1f}", colours.text, "end")
    for power in range(0, MOST_M_LOG2 + 1, 2):
        yield line(across(2**power), BOTTOM, across(2**power), BOTTOM + 5, colours.text)
        yield words(across(2**power), BOTTOM + 20, f"{2**power:,}", colours.text)
    yield words((LEFT + RIGHT) / 2, BOTTOM + 42, "M, rows of activations", colours.text)
    yield words(LEFT + 4, up(1.35) + 4.5, "aotgemm is faster", colours.text, "start", 12)
    yield words(LEFT + 4, up(0.85) + 4.5, "DeepGEMM is faster", colours.text, "start", 12)


def draw(colours: Colours) -> str:
    runs = {name: read_run(file) for name, file in RUNS.items()}
    first = next(iter(runs.values()))
    peer = f"DeepGEMM {first['gemm']['peers']['deep_gemm']['version']}"
    title = f"Time of {peer} / time of aotgemm, one {first['card']}, {first['date']}"
    parts = [words(LEFT, 22, title, colours.text, "start", 16), *axes(colours)]
    for series, (name, run) in enumerate(runs.items()):
        colour, points = colours.series[series], points_of(run)
        parts += [mark(series, across(m), up(ratio), colour) for m, ratio in points]
        x, mean = LEFT + RADIUS + LEGEND * series, geometric_mean(points)
        sentence = f"{name}: {len(points)} problems, geometric mean {mean:.2f}"
        parts += [mark(series, x, 42, colour), words(x + 12, 46.5, sentence, colours.text, "start")]
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" role="img">'
    return "\n".join([head, f"<title>{title}</title>", *parts, "</svg>", ""])


def main() -> None:
    for name, colours in COLOURS.items():
        (ROOT / "docs" / f"speed_{name}.svg").write_text(draw(colours), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()

"""Which problems are measured, where none are named: random ones, both sides of the ends of tiles, and more of those of
which the library is least sure."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import numpy as np

from .. import _core
from ..arrays.sizes import align
from ..problems.kinds import Kind
from ..problems.sizes import Size, draw_counts, log_uniform, sized
from .points import Point, make_points

MOST_ROWS, MOST_ROWS_OF_A_GROUP = 8192, 4096
ROUTERS = ("zipf", "uniform:0.3", "uniform:1")
PROPOSALS = 4  # drawn for each that is measured
UNSURE = 0.5  # share of points that are taken for their close predictions
AT_EDGES = 0.3  # share of M moved to the end of a tile, and one beyond


def closeness(point: Point, device: dict[str, Any]) -> float:
    """Predicted time of the second best kernel over that of the best, at the sizes that the host knows."""
    kinds = (point.grouping, point.layout, point.out_dtype, point.groups)
    best, *others = _core.select(point.family, point.m, point.n, point.k, 0, device, 2, *kinds)
    return others[0]["predicted_us"] / best["predicted_us"] if others else float("inf")


def _edges(m: int, point: Point, device: dict[str, Any]) -> tuple[int, int]:
    """The last M whose tiles of the chosen kernel are as many as at m, and the next."""
    kinds = (point.grouping, point.layout, point.out_dtype, point.groups)
    (best,) = _core.select(point.family, point.m, point.n, point.k, 0, device, 1, *kinds)
    last = align(m, _core.specs()[best["kernel"]]["block_m"])
    return last, last + 1


def _dense(rng: np.random.Generator, kind: Kind, layer: tuple[int, int, int], device: dict[str, Any]) -> list[Size]:
    n, k, _ = layer
    m = log_uniform(rng, 1, MOST_ROWS)
    if rng.random() >= AT_EDGES:
        return [sized(kind, [m], n, k)]
    (point,) = make_points(kind, [sized(kind, [m], n, k)])
    return [sized(kind, [edge], n, k) for edge in _edges(m, point, device)]


def _grouped(rng: np.random.Generator, kind: Kind, layer: tuple[int, int, int], router: str) -> list[Size]:
    n, k, groups = layer
    counts = draw_counts(router, log_uniform(rng, 1, MOST_ROWS_OF_A_GROUP), groups, rng)
    return [sized(kind, counts, n, k)] if sum(counts) else []


def _proposals(
    kind: Kind, layers: list[tuple[int, int, int]], seed: int, device: dict[str, Any]
) -> Iterator[list[Size]]:
    """Sizes that belong together, layers and routers in turn."""
    rng = np.random.default_rng(seed)
    for place, layer in enumerate(cycle(layers)):
        if kind.has_row_groups:
            yield _grouped(rng, kind, layer, ROUTERS[place // len(layers) % len(ROUTERS)])
        else:
            yield _dense(rng, kind, layer, device)


def draw_sizes(
    kind: Kind, layers: list[tuple[int, int, int]] | None, count: int, seed: int, device: dict[str, Any]
) -> list[Size]:
    """`count` sizes of a kind, the same for the same seed, device and build.

    layers: (N, K, groups) of each; None for those of public models.
    """
    proposals = _proposals(kind, layers or kind.form.tuned.layers(), seed, device)
    points: dict[Point, Size] = {}
    drawn = 0
    while len(points) < count * PROPOSALS and drawn < 2 * count * PROPOSALS:
        drawn += 1
        points |= make_points(kind, next(proposals))
    kept = dict(list(points.items())[: round(count * (1 - UNSURE))])
    others = sorted((point for point in points if point not in kept), key=lambda point: closeness(point, device))
    return list((kept | {point: points[point] for point in others[: count - len(kept)]}).values())

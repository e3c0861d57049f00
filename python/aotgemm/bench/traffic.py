"""Sizes of measured calls: layers of public models, tokens as they come, and groups as a router makes them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from zlib import crc32

import numpy as np

from ..arrays.sizes import align, ceil_div
from ..errors import RequestError
from ..problems.kinds import SKIP_HEAD_MID, Kind
from ..problems.sizes import Size, draw_counts, heads, k_groups, log_uniform, row_groups
from .shapes import (
    ALIGNED_ROWS,
    GRADIENT_TOKENS,
    M_GRID,
    SEPARATE_ROWS,
    batched_shapes,
    bf16_layers,
    dense_layers,
    head_layers,
    moe_shapes,
)
from .suites import Range

Layer = tuple[int, int, int]  # n, k, groups
DRAW, GRID = "draw", "grid"
DRAWS = 24  # problems of a kind; DeepGEMM compiles for 2 to 4 seconds where a shape is new
K_STEP = 128  # K that a gradient sums over is a multiple of it; K of one batch
ROOM_STEP = 128  # rows of memory of a masked group are a multiple of it
HEAD = (128, 64, 128)  # columns of a head of DeepSeek-V3 in D: without position, of position (unwritten), V


@dataclass(frozen=True)
class Traffic:
    """Layers of calls of a kind; the tokens that are drawn, from a first to a last; and a grid of them."""

    layers: Callable[[], list[Layer]]
    drawn: tuple[int, int]
    grid: tuple[int, ...]


_DENSE = {
    "fp8_gemm_1d2d": Traffic(dense_layers, (1, 8192), M_GRID),
    "fp8_gemm_1d1d": Traffic(dense_layers, (512, 8192), GRADIENT_TOKENS),
    "bf16_gemm": Traffic(bf16_layers, (1, 8192), M_GRID),
}
_GROUPED = {
    SKIP_HEAD_MID: Traffic(head_layers, (1, 8192), M_GRID),
    "contiguous": Traffic(moe_shapes, (1, 4096), ALIGNED_ROWS),
    "psum": Traffic(moe_shapes, (1, 4096), ALIGNED_ROWS),
    "masked": Traffic(moe_shapes, (1, 1024), SEPARATE_ROWS),
    "batched": Traffic(batched_shapes, (1, 4096), SEPARATE_ROWS),
    "k_grouped": Traffic(moe_shapes, (256, 4096), GRADIENT_TOKENS),
    "batch_reduced": Traffic(batched_shapes, (1024, 16384), GRADIENT_TOKENS),
}


def traffic_of(kind: Kind) -> Traffic:
    return _DENSE[kind.family] if kind.grouping == "dense" else _GROUPED[kind.grouping]


@dataclass(frozen=True)
class Request:
    """Which sizes are measured.

    m: DRAW, GRID, or the tokens themselves. draws: how many problems of each kind are drawn; where m is no draw, how
    often groups are drawn for each size. groups: a distribution of draw_counts. shapes, experts: (N, K) and numbers of
    groups in the place of those of public models.
    """

    seed: int
    m: str | list[int] = DRAW
    draws: int = DRAWS
    groups: str = "zipf"
    shapes: list[tuple[int, int]] | None = None
    experts: list[int] | None = None

    def layers(self, kind: Kind) -> list[Layer]:
        chosen = traffic_of(kind).layers()
        counts = sorted({count for *_, count in chosen})
        if self.experts and counts != [1]:
            counts = self.experts
        elif not self.shapes:
            return chosen
        pairs = self.shapes or dict.fromkeys(layer[:2] for layer in chosen)
        return [(n, k, count) for n, k in pairs for count in counts]


def size_of(kind: Kind, layer: Layer, tokens: int, groups: str, rng: np.random.Generator) -> Size:
    """The size of a layer's call with so many tokens: rows, the mean of the rows of a group, or what a gradient sums
    over. A gradient is D [N, K] of the layer. groups: a distribution of draw_counts."""
    n, k, count = layer
    if kind.has_groups:
        return _grouped_size(kind, layer, tokens, groups, rng)
    if kind.grouping == "batch_reduced":
        return Size(n, k, K_STEP, batches=ceil_div(tokens, K_STEP))
    if kind.grouping == SKIP_HEAD_MID:
        return _heads(n, k, tokens)
    return Size(n, k, align(tokens, K_STEP)) if kind.scales_b_by_row else Size(tokens, n, k)


def _grouped_size(kind: Kind, layer: Layer, tokens: int, groups: str, rng: np.random.Generator) -> Size:
    n, k, count = layer
    if kind.grouping == "batched":
        return row_groups((tokens,) * count, n, k)
    counts = draw_counts(groups, tokens, count, rng)
    if not any(counts):  # as a spread of 1 may draw; a call of no row at all is no measurement
        counts = (1, *counts[1:])
    if kind.grouping == "k_grouped":
        return k_groups([align(one, K_STEP) for one in counts], n, k)
    return row_groups(counts, n, k, align(max(counts), ROOM_STEP) if kind.grouping == "masked" else 0)


def _heads(n: int, k: int, tokens: int) -> Size:
    columns = HEAD[0] + HEAD[2]
    if n % columns:
        raise RequestError(f"--shapes: N is {n}, allowed with {SKIP_HEAD_MID} are multiples of {columns}")
    return heads(HEAD, n // columns, tokens, k)


def sizes_of(kind: Kind, ranges: list[Range], request: Request) -> list[Size]:
    """The sizes of one kind, each once; what is drawn depends on the seed, the kind and the range alone."""
    return list(dict.fromkeys(size for tokens in ranges for size in _sizes_in(kind, tokens, request)))


def _sizes_in(kind: Kind, tokens: Range, request: Request) -> Iterator[Size]:
    rng = np.random.default_rng([request.seed, crc32(f"{kind.name} {tokens.first} {tokens.last}".encode())])
    pairs = _drawn(kind, tokens, request, rng) if request.m == DRAW else _listed(kind, tokens, request)
    for layer, count in pairs:
        yield size_of(kind, layer, count, request.groups, rng)


def _drawn(kind: Kind, tokens: Range, request: Request, rng: np.random.Generator) -> Iterator[tuple[Layer, int]]:
    """Layers in turn, in a random order, each with tokens of its own."""
    layers, (first, last) = request.layers(kind), traffic_of(kind).drawn
    first, last = max(first, tokens.first), min(last, tokens.last or last)
    for place in islice(cycle(rng.permutation(len(layers)).tolist()), request.draws):
        yield layers[place], log_uniform(rng, first, last)


def _listed(kind: Kind, tokens: Range, request: Request) -> Iterator[tuple[Layer, int]]:
    counts = [m for m in traffic_of(kind).grid if m in tokens] if request.m == GRID else request.m
    for layer in request.layers(kind):
        for count in counts:
            yield from [(layer, count)] * request.draws

"""Sizes of measured calls: layers of public models, tokens as they come, and groups as a router makes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from zlib import crc32

import numpy as np

from ..problems.form import Layer, Traffic
from ..problems.kinds import Kind
from ..problems.sizes import Size, log_uniform
from .suites import Range

DRAW, GRID = "draw", "grid"
DRAWS = 24  # problems of a kind; DeepGEMM compiles for 2 to 4 seconds where a shape is new


def traffic_of(kind: Kind) -> Traffic:
    return kind.form.traffic


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
    return traffic_of(kind).size(layer, tokens, groups, rng)


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

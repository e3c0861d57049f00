"""Kinds of GEMM calls and their random problems."""

from dataclasses import dataclass
from typing import Any

import numpy as np

GROUPED = ("contiguous", "psum", "masked", "batched")


@dataclass(frozen=True)
class Kind:
    """What a call is, but for its sizes."""

    family: str
    grouping: str
    layout: str
    out_dtype: str

    def __str__(self) -> str:
        return f"{self.family} {self.grouping} {self.layout} {self.out_dtype}"

    @property
    def runnable(self) -> bool:
        """Whether `calls.launch` knows how to make it."""
        if self.family == "fp8_1d1d":
            return self.grouping == "dense"
        return self.family in ("fp8_1d2d", "bf16") and self.grouping in ("dense", *GROUPED)


@dataclass(frozen=True)
class Size:
    """A problem's sizes. counts: rows of each group; one where there are no groups."""

    counts: tuple[int, ...]
    n: int
    k: int

    def __str__(self) -> str:
        rows = self.counts[0] if len(self.counts) == 1 else list(self.counts)
        return f"M={rows} N={self.n} K={self.k}"


@dataclass(frozen=True)
class Limits:
    """The greatest sizes that are drawn."""

    m: int
    n: int
    k: int
    groups: int


def kind_of(spec: dict[str, Any]) -> Kind:
    return Kind(spec["family"], spec["grouping"], spec["layout"], spec["out_dtype"])


def _skewed(random: np.random.Generator, most: int) -> int:
    """From 1 to `most`, small ones as often as large ones."""
    return int(round(most ** random.random()))


def random_size(random: np.random.Generator, kind: Kind, limits: Limits) -> Size:
    """Sizes with tails in every dimension; multiples of 16, which every layout can address."""
    groups = 1 if kind.grouping == "dense" else int(random.integers(1, limits.groups + 1))
    counts = [
        _skewed(random, limits.m) if groups == 1 else int(random.integers(0, limits.m // groups + 2))
        for _ in range(groups)
    ]
    if kind.layout[0] == "t":
        counts = [-(-count // 16) * 16 for count in counts]
    counts[0] = max(counts[0], 1)
    n, k = (16 * int(random.integers(1, most // 16 + 1)) for most in (limits.n, limits.k))
    return Size(tuple(counts), n, k)

"""Kinds of GEMM calls, the kernels that can run them, and their random problems."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

GROUPED = ("contiguous", "psum", "masked", "batched")
SKIP_HEAD_MID = "skip_head_mid"
K_UNIT = {"bf16_gemm": 64, "fp8_gemm_1d1d": 128}  # of which K of each group is a multiple in k_grouped calls


@dataclass(frozen=True)
class Kind:
    """What a call is, but for its sizes. grouping: as in a spec, or the name of a call that dense kernels run too."""

    family: str
    grouping: str
    layout: str
    out_dtype: str

    def __str__(self) -> str:
        return f"{self.family} {self.grouping} {self.layout} {self.out_dtype}"


@dataclass(frozen=True)
class Size:
    """A problem's sizes. counts: rows of each group; one where there are no groups.

    In k_grouped calls a count is K of a group, rounded up to what that must be, and k counts the rows of D. batches:
    of a sum over them.
    """

    counts: tuple[int, ...]
    n: int
    k: int
    batches: int = 1

    def __str__(self) -> str:
        rows = self.counts[0] if len(self.counts) == 1 else list(self.counts)
        return f"M={rows} N={self.n} K={self.k}" + (f" B={self.batches}" if self.batches > 1 else "")

    def ks(self, family: str) -> list[int]:
        """K of each group of a k_grouped call."""
        return [-(-count // K_UNIT[family]) * K_UNIT[family] for count in self.counts]


@dataclass(frozen=True)
class Limits:
    """The greatest sizes that are drawn."""

    m: int
    n: int
    k: int
    groups: int
    batches: int


def kinds_of(spec: dict[str, Any]) -> list[Kind]:
    """What calls a kernel can run: its own, and those that are made of it."""
    kind = Kind(spec["family"], spec["grouping"], spec["layout"], spec["out_dtype"])
    if (kind.family, kind.grouping) == ("fp8_gemm_1d2d", "dense"):
        return [kind, replace(kind, grouping=SKIP_HEAD_MID)]
    if (kind.family, kind.grouping, kind.out_dtype) == ("fp8_gemm_1d1d", "dense", "fp32"):
        return [kind, replace(kind, grouping="k_grouped")]
    return [kind]


def has_groups(kind: Kind) -> bool:
    return kind.grouping in (*GROUPED, "k_grouped")


def _skewed(random: np.random.Generator, most: int) -> int:
    """From 1 to `most`, small ones as often as large ones."""
    return int(round(most ** random.random()))


def random_size(random: np.random.Generator, kind: Kind, limits: Limits) -> Size:
    """Sizes with tails in every dimension; multiples of 16, which every layout can address."""
    groups = int(random.integers(1, limits.groups + 1)) if has_groups(kind) else 1
    counts = [
        _skewed(random, limits.m) if groups == 1 else int(random.integers(0, limits.m // groups + 2))
        for _ in range(groups)
    ]
    if kind.layout[0] == "t" and kind.grouping != "k_grouped":
        counts = [-(-count // 16) * 16 for count in counts]
    counts[0] = max(counts[0], 1)
    n, k = (16 * int(random.integers(1, most // 16 + 1)) for most in (limits.n, limits.k))
    return Size(tuple(counts), n, k, _skewed(random, limits.batches) if kind.grouping == "batch_reduced" else 1)

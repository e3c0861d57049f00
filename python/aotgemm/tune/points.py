"""What is measured: a problem at one M, and its candidates."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .. import _core
from ..bench.rounds import Measurement
from ..problems.kinds import Kind
from ..problems.sizes import Size


@dataclass(frozen=True, order=True)
class Point:
    """One shape; the fields are those of aotgemm_problem."""

    family: str
    n: int
    k: int
    m: int
    grouping: str = "dense"
    layout: str = "nt"
    out_dtype: str = "bf16"
    groups: int = 1

    @property
    def problem(self) -> tuple[str, str, str, str, int, int, int]:
        """All but M, in the order of a tuned row's columns."""
        return self.family, self.grouping, self.layout, self.out_dtype, self.groups, self.n, self.k

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        return self.m, self.n, self.k, self.groups

    def ranked(self, device: dict[str, Any]) -> list[dict[str, Any]]:
        """Every choice of the selection for it, best first."""
        kinds = (self.grouping, self.layout, self.out_dtype, self.groups)
        return _core.select(self.family, self.m, self.n, self.k, 0, device, len(_core.specs()), *kinds)


Results = dict[Point, dict[str, Measurement]]  # by kernel name


def fastest(measured: dict[str, Measurement]) -> list[str]:
    """Kernels that were measured in full, the fastest first."""
    full = max(measurement.rounds for measurement in measured.values())
    names = (name for name, measurement in measured.items() if measurement.rounds == full)
    return sorted(names, key=lambda name: measured[name].us)


def make_points(kind: Kind, sizes: Iterable[Size]) -> dict[Point, Size]:
    """In the order of the sizes."""
    family, *others = kind.words
    asked = ((size.asked(kind), size) for size in sizes)
    return {Point(family, n, k, m, *others, groups): size for (m, n, k, groups), size in asked}


def candidates(point: Point, device: dict[str, Any], count: int, results: Results) -> dict[str, int]:
    """Name and index of the `count` kernels that the selection ranks best, and of those that won this problem at
    another M: the measurement may not trust the model alone."""
    ranked = point.ranked(device)
    winners = {fastest(measured)[0] for other, measured in results.items() if other.problem == point.problem}
    return {
        choice["name"]: choice["kernel"]
        for place, choice in enumerate(ranked)
        if place < count or choice["name"] in winners
    }

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
    """One shape; the fields are those of aotgemm_problem.

    counts: rows of each group as the device saw them, where the host knows their mean or sum alone.
    """

    family: str
    n: int
    k: int
    m: int
    grouping: str = "dense"
    layout: str = "nt"
    out_dtype: str = "bf16"
    groups: int = 1
    counts: tuple[int, ...] = ()

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
    points = {}
    for size in sizes:
        m, n, k, groups = size.asked(kind)
        counts = size.counts if kind.leaves_parts_of_d else ()  # where the host does not know them
        points[Point(family, n, k, m, *others, groups, counts)] = size
    return points

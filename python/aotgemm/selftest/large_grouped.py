"""Grouped GEMMs whose A, B and D hold more than 2^31 elements each, so that no 32-bit offset can reach them all.

All groupings share the same operands: groups of `room` rows, the first room - g of which are those of group g. A sample
of rows is compared with the CPU backend.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from ..problems.backends import Backend
from ..problems.call import call
from ..problems.kinds import KINDS, Kind
from ..problems.make import Problem, index_of
from ..problems.memory import CONTIGUOUS, POISON, POISON_BYTE, View
from ..problems.sizes import Size, row_groups
from ..problems.values import DISTINCT_ROWS_OF_GROUPS, finite_fp8, finite_scales
from ..problems.views import SCALE_BLOCK, views_of
from .cases import Names, name_of_failing
from .expected import cpu_backend_product
from .tally import Tallies

FAMILY = "fp8_gemm_1d2d"
LARGE_KINDS = [kind for kind in KINDS.values() if kind.family == FAMILY and kind.has_row_groups]


@dataclass(frozen=True)
class LargeShape:
    """Sizes, and the groups of which rows are looked at. `room` rows for a group are a multiple of 128."""

    groups: int
    room: int
    n: int
    k: int
    sampled: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.groups} groups of up to {self.room} rows, N={self.n} K={self.k}"

    @property
    def rows(self) -> int:
        return self.groups * self.room

    @property
    def counts(self) -> np.ndarray:
        """Rows of each group; fewer than 128 are missing, else psum would have the next group start elsewhere."""
        return self.room - np.arange(self.groups)

    def size_for(self, kind: Kind) -> Size:
        counts = np.full(self.groups, self.room) if kind.grouping == "batched" else self.counts
        return row_groups(counts.tolist(), self.n, self.k, self.room if kind.grouping == "masked" else 0)


LARGE = LargeShape(groups=40, room=8192, n=7680, k=7168, sampled=(0, 1, 20, 39))


@dataclass(frozen=True)
class Sample:
    """Rows of one group that are looked at, and their bits if they are computed."""

    group: int
    rows: np.ndarray
    computed: np.ndarray


class LargeProblem:
    """Operands on a backend: rows of A from a few, and for each group the same rows of B in another order."""

    def __init__(self, shape: LargeShape, backend: Backend, rng: np.random.Generator) -> None:
        self.shape, self.backend, self.blocks = shape, backend, shape.k // SCALE_BLOCK
        self.rows_of_a = finite_fp8(rng, DISTINCT_ROWS_OF_GROUPS, shape.k)
        self.scales_of_a = finite_scales(rng, DISTINCT_ROWS_OF_GROUPS, self.blocks)
        self.rows_of_b = finite_fp8(rng, shape.n, shape.k)
        self.source = rng.integers(0, DISTINCT_ROWS_OF_GROUPS, shape.rows)
        self.sfb = np.exp2(rng.uniform(-4, 4, (shape.groups, shape.n // SCALE_BLOCK, self.blocks))).astype(np.float32)
        self.memory = self._fill()
        self.samples = [self._sample(group) for group in shape.sampled]

    def _fill(self) -> dict[str, Any]:
        shape, backend = self.shape, self.backend
        a = backend.empty(shape.rows * shape.k, "float8_e4m3fn")
        b = backend.empty(shape.groups * shape.n * shape.k, "float8_e4m3fn")
        for group in range(shape.groups):
            rows = self.source[group * shape.room : (group + 1) * shape.room]
            self._copy(a, group, self.rows_of_a[rows])
            self._copy(b, group, self.weights_of(group))
        sfa = np.ascontiguousarray(self.scales_of_a[self.source].T).reshape(-1)
        d = backend.empty(shape.rows * shape.n, "bfloat16")
        return {"a": a, "sfa": backend.put(sfa), "b": b, "sfb": backend.put(self.sfb.reshape(-1)), "d": d}

    def _copy(self, memory: Any, group: int, part: np.ndarray) -> None:
        part = np.ascontiguousarray(part).reshape(-1)
        view = View("float8_e4m3fn", (part.size,), (1,), part.size, group * part.size)
        self.backend.write(self.backend.view(memory, view), part)

    def weights_of(self, group: int) -> np.ndarray:
        return np.roll(self.rows_of_b, group, 0)

    def _sample(self, group: int) -> Sample:
        rows = np.array([0, self.shape.room // 2 + 1, self.shape.counts[group] - 1, self.shape.room - 1])
        source = self.source[group * self.shape.room + rows]
        operands = self.rows_of_a[source], self.scales_of_a[source], self.weights_of(group), self.sfb[group]
        computed = cpu_backend_product(FAMILY, *operands, 1)(None, np.dtype(ml_dtypes.bfloat16))
        return Sample(group, rows, computed.view(np.uint16))

    def problem(self, kind: Kind) -> Problem:
        size = self.shape.size_for(kind)
        views = views_of(kind, size, CONTIGUOUS, guard_rows=0)
        stride = (self.shape.room, 1, self.shape.rows) if kind.separates_rows else (1, self.shape.rows)
        views["sfa"] = View("float32", views["sfa"].shape, stride, self.shape.rows * self.blocks)
        x = {name: self.backend.view(self.memory[name], view) for name, view in views.items()}
        index = index_of(kind, size)
        index = None if index is None else self.backend.put(index)
        return Problem(
            kind, size, self.backend, x["a"], x["sfa"], x["b"], x["sfb"], None, x["d"], index, self.memory["d"]
        )

    def mismatch(self, kind: Kind, kernel: int) -> str:
        """What is wrong with the sampled rows that a kernel leaves."""
        problem = self.problem(kind)
        problem.reset(POISON_BYTE)
        call(problem, kernel)
        wrong = sum(self._differing(kind, sample) for sample in self.samples)
        return f"{wrong} outputs of the sampled rows differ" if wrong else ""

    def _differing(self, kind: Kind, sample: Sample) -> int:
        n, size = self.shape.n, self.shape.rows * self.shape.n
        starts = [(sample.group * self.shape.room + int(row)) * n for row in sample.rows]
        views = [self.backend.view(self.memory["d"], View("bfloat16", (n,), (1,), size, start)) for start in starts]
        got = np.stack([self.backend.get(view).view(np.uint16) for view in views])
        live = (sample.rows < self.shape.counts[sample.group]) | (kind.grouping == "batched")
        padding = 0 if kind.shares_rows else POISON
        return int((got != np.where(live[:, None], sample.computed, padding)).sum())


def _cases(names: Names) -> Iterator[tuple[Kind, int, str]]:
    for kind, of_kind in names.items():
        for kernel, name in of_kind.items():
            yield kind, kernel, name


def count_large(names: Names) -> int:
    return len(list(_cases(names)))


def run_large(
    shape: LargeShape, names: Names, backend: Backend, tallies: Tallies, seed: int, step: Callable[[str], None]
) -> None:
    """One case for every kernel; `step` is called with its name before."""
    if not names:
        return
    problem = LargeProblem(shape, backend, np.random.default_rng(seed))
    for kind, kernel, name in _cases(names):
        step(name)
        with name_of_failing(f"{name}, {shape}"):
            tallies.count(name, str(shape), problem.mismatch(kind, kernel))

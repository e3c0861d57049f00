"""Grouped GEMMs whose A, B and D hold more than 2^31 elements each, so that no 32-bit offset can reach them all.

All groupings share the same operands: groups of ROOM rows, the first ROOM - g of which are those of group g. A sample
of rows is compared with the CPU backend.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from .. import _core
from ..arrays.device_array import from_numpy, to_numpy
from .framed_output import POISON, POISON_BYTE
from .gpu_gemm import name_of_failing
from .gpu_grouped import kernels_of
from .grouped_calls import call_core
from .grouped_operands import POOL
from .grouped_shapes import GROUPINGS
from .operands import make_finite_operands
from .tally import Tallies

DeviceArray = _core.DeviceArray
GROUPS, ROOM, N, K = 40, 8192, 7680, 7168
ROWS, K_BLOCKS = GROUPS * ROOM, K // 128
COUNTS = ROOM - np.arange(GROUPS, dtype=np.int32)
SAMPLED_GROUPS = (0, 1, 20, GROUPS - 1)
CASE = f"{GROUPS} groups of up to {ROOM} rows, N={N} K={K}"


@dataclass(frozen=True)
class Sample:
    """Rows of one group that are looked at, and what they must be if they are computed."""

    group: int
    rows: np.ndarray
    computed: np.ndarray

    def wanted(self, grouping: str) -> np.ndarray:
        live = (self.rows < COUNTS[self.group]) | (grouping == "batched")
        return np.where(live[:, None], self.computed, POISON).astype(np.uint16)


def _copy_part(memory: DeviceArray, first: int, part: np.ndarray) -> None:
    view = memory.as_strided(part.shape, [part.shape[1], 1], first * part.shape[1])
    view.copy_from(np.ascontiguousarray(part).reshape(-1).view(np.uint8))


class LargeProblem:
    """Operands on the GPU: rows of A from a pool, and for each group the same rows of B in another order."""

    def __init__(self, random: np.random.Generator) -> None:
        self.pool, self.pool_scales, self.weights, _ = make_finite_operands(random, POOL, N, K)
        self.source = random.integers(0, POOL, ROWS)
        self.sfb = np.exp2(random.uniform(-4, 4, (GROUPS, N // 128, K_BLOCKS))).astype(np.float32)
        self.a, self.b = (
            DeviceArray.empty([ROWS, K], "float8_e4m3fn"),
            DeviceArray.empty([GROUPS * N, K], "float8_e4m3fn"),
        )
        for group in range(GROUPS):
            _copy_part(self.a, group * ROOM, self.pool[self.source[group * ROOM : (group + 1) * ROOM]])
            _copy_part(self.b, group * N, self.weights_of(group))
        self.sfa = from_numpy(self.pool_scales[self.source].T)
        self.device_sfb = from_numpy(self.sfb)
        self.d = DeviceArray.empty([ROWS, N], "bfloat16")
        self.indices = self._make_indices()
        self.samples = [self._sample(group) for group in SAMPLED_GROUPS]

    def weights_of(self, group: int) -> np.ndarray:
        return np.roll(self.weights, group, 0)

    def _make_indices(self) -> dict[str, DeviceArray | None]:
        within = np.arange(ROOM) < COUNTS[:, None]
        of_rows = np.where(within, np.arange(GROUPS)[:, None], -1).reshape(-1).astype(np.int32)
        ends = (np.arange(GROUPS) * ROOM + COUNTS).astype(np.int32)
        host = {"contiguous": of_rows, "psum": ends, "masked": COUNTS}
        return {grouping: from_numpy(index) for grouping, index in host.items()} | {"batched": None}

    def _sample(self, group: int) -> Sample:
        rows = np.array([0, ROOM // 2 + 1, COUNTS[group] - 1, ROOM - 1])
        source = self.source[group * ROOM + rows]
        computed = np.empty((len(rows), N), ml_dtypes.bfloat16)
        weights = self.weights_of(group)
        _core.fp8_gemm_nt(self.pool[source], self.pool_scales[source], weights, self.sfb[group], computed)
        return Sample(group, rows, computed.view(np.uint16))

    def _operands(self, grouping: str) -> tuple[DeviceArray, ...]:
        b = self.b.as_strided([GROUPS, N, K], [N * K, K, 1])
        if grouping in ("contiguous", "psum"):
            return self.a, self.sfa.as_strided([ROWS, K_BLOCKS], [1, ROWS]), b, self.device_sfb, self.d
        a = self.a.as_strided([GROUPS, ROOM, K], [ROOM * K, K, 1])
        sfa = self.sfa.as_strided([GROUPS, ROOM, K_BLOCKS], [ROOM, 1, ROWS])
        return a, sfa, b, self.device_sfb, self.d.as_strided([GROUPS, ROOM, N], [ROOM * N, N, 1])

    def problem_of(self, grouping: str, kernel: int) -> str:
        """What is wrong with the sampled rows that a kernel leaves."""
        self.d.fill_bytes(POISON_BYTE)
        call_core(grouping, self._operands(grouping), self.indices[grouping], kernel)
        wrong = sum(self._differing(grouping, sample) for sample in self.samples)
        return f"{wrong} outputs of the sampled rows differ" if wrong else ""

    def _differing(self, grouping: str, sample: Sample) -> int:
        rows = [self.d.as_strided([N], [1], (sample.group * ROOM + int(row)) * N) for row in sample.rows]
        got = np.stack([to_numpy(row).view(np.uint16) for row in rows])
        return int((got != sample.wanted(grouping)).sum())


def _named_kernels(kernels: list[dict[str, Any]]) -> Iterator[tuple[str, int, str]]:
    for grouping in GROUPINGS:
        for kernel, name in kernels_of(kernels, grouping).items():
            yield grouping, kernel, name


def count_cases(kernels: list[dict[str, Any]]) -> int:
    return len(list(_named_kernels(kernels)))


def run_gemms(kernels: list[dict[str, Any]], tallies: Tallies, seed: int, step: Callable[[str], None]) -> None:
    """One case for every kernel; `step` is called with its name before."""
    if not kernels:
        return
    problem = LargeProblem(np.random.default_rng(seed))
    for grouping, kernel, name in _named_kernels(kernels):
        step(name)
        with name_of_failing(f"{name}, {CASE}"):
            tallies.count(name, CASE, problem.problem_of(grouping, kernel))

"""Operands of grouped FP8 GEMMs on the GPU, as in operands.py; all groups have as many rows."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy

from .. import _core
from ..arrays.device_array import from_numpy
from ..arrays.sizes import align, ceil_div
from .operands import Fp8Arrays, Fp8Memory

DeviceArray = _core.DeviceArray
Sizes = tuple[int, int, int, int]  # m, n, k, groups
MASKED_ROOM = 128  # rows of memory for a group, at least


@dataclass(frozen=True)
class GroupedOperands(Fp8Arrays):
    """Those, and which rows are of which group."""

    index: DeviceArray


@dataclass(frozen=True)
class ContiguousOperands(GroupedOperands):
    """A [M, K] and D [M, N]; index [M] holds each row's group or, for psum, index [G] where each ends. B [G, N, K]."""

    use_psum: bool

    def run(self, kernel: int = -1) -> None:
        operands = self.a, self.sfa, self.b, self.sfb, self.d, self.index
        _core.m_grouped_fp8_gemm_nt_contiguous(*operands, self.use_psum, kernel=kernel)


@dataclass(frozen=True)
class MaskedOperands(GroupedOperands):
    """A [G, room, K] and D [G, room, N]; index [G] holds how many rows count, `expected` of each. B [G, N, K]."""

    expected: int

    def run(self, kernel: int = -1) -> None:
        operands = self.a, self.sfa, self.b, self.sfb, self.d, self.index
        _core.m_grouped_fp8_gemm_nt_masked(*operands, self.expected, kernel=kernel)


class BatchedOperands(Fp8Arrays):
    """A [G, M, K], B [G, N, K] and D [G, M, N]."""

    def run(self, kernel: int = -1) -> None:
        _core.fp8_bmm_nt(self.a, self.sfa, self.b, self.sfb, self.d, kernel=kernel)


def room_of(m: int) -> int:
    """Rows of memory of a masked group."""
    return align(max(m, MASKED_ROOM), 4)


def index_of_rows(m: int, groups: int, use_psum: bool) -> numpy.ndarray:
    """What says which of M rows are of which group."""
    if use_psum:
        return numpy.arange(1, groups + 1, dtype=numpy.int32) * (m // groups)
    return numpy.repeat(numpy.arange(groups, dtype=numpy.int32), m // groups)


def _weights(memory: Fp8Memory, n: int, k: int, groups: int) -> tuple[DeviceArray, DeviceArray]:
    blocks = ceil_div(n, 128), ceil_div(k, 128)
    sfb = memory.sfb.as_strided([groups, *blocks], [blocks[0] * blocks[1], blocks[1], 1])
    return memory.b.as_strided([groups, n, k], [n * k, k, 1]), sfb


def _weight_rows(n: int, groups: int) -> int:
    return groups * align(n, 128)


def _batch(memory: Fp8Memory, rows: int, n: int, k: int, groups: int) -> tuple[DeviceArray, ...]:
    """A, its scales, B, its scales and D, all with the group as their first dimension."""
    blocks, pitch = ceil_div(k, 128), align(rows, 4)
    a = memory.a.as_strided([groups, rows, k], [rows * k, k, 1])
    sfa = memory.sfa.as_strided([groups, rows, blocks], [pitch * blocks, 1, pitch])
    d = memory.d.as_strided([groups, rows, n], [rows * n, n, 1])
    return a, sfa, *_weights(memory, n, k, groups), d


class ContiguousPool:
    """Memory for every problem of a list; M counts the rows of all groups."""

    def __init__(self, problems: Iterable[Sizes], use_psum: bool = False) -> None:
        self._memory = Fp8Memory((m, _weight_rows(n, groups), n, k) for m, n, k, groups in problems)
        self._use_psum = use_psum

    def operands(self, m: int, n: int, k: int, groups: int) -> ContiguousOperands:
        memory, blocks = self._memory, ceil_div(k, 128)
        a, d = memory.a.as_strided([m, k], [k, 1]), memory.d.as_strided([m, n], [n, 1])
        sfa = memory.sfa.as_strided([m, blocks], [1, align(m, 4)])
        index = from_numpy(index_of_rows(m, groups, self._use_psum))
        return ContiguousOperands(a, sfa, *_weights(memory, n, k, groups), d, index, self._use_psum)


class MaskedPool:
    """Memory for every problem of a list; M counts the rows of each group."""

    def __init__(self, problems: Iterable[Sizes]) -> None:
        self._memory = Fp8Memory((groups * room_of(m), _weight_rows(n, groups), n, k) for m, n, k, groups in problems)

    def operands(self, m: int, n: int, k: int, groups: int) -> MaskedOperands:
        index = from_numpy(numpy.full(groups, m, numpy.int32))
        return MaskedOperands(*_batch(self._memory, room_of(m), n, k, groups), index, m)


class BatchedPool:
    """Memory for every problem of a list; M counts the rows of each group."""

    def __init__(self, problems: Iterable[Sizes]) -> None:
        sizes = ((groups * align(m, 4), _weight_rows(n, groups), n, k) for m, n, k, groups in problems)
        self._memory = Fp8Memory(sizes)

    def operands(self, m: int, n: int, k: int, groups: int) -> BatchedOperands:
        return BatchedOperands(*_batch(self._memory, m, n, k, groups))

"""Operands of grouped BF16 GEMMs on the GPU, as in operands.py; all groups have as many rows."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy

from .. import _core
from ..arrays.device_array import from_numpy
from .bf16_operands import Bf16Memory, factor
from .grouped_operands import Sizes, index_of_rows, room_of

DeviceArray = _core.DeviceArray


@dataclass(frozen=True)
class Bf16ContiguousOperands:
    """A [M, K], B [G, N, K] (or [G, K, N] with layout nn), D [M, N]; index [M] holds each row's group."""

    layout: str
    a: DeviceArray
    b: DeviceArray
    d: DeviceArray
    index: DeviceArray

    def run(self, kernel: int = -1) -> None:
        _core.m_grouped_bf16_gemm_contiguous(self.layout, self.a, self.b, self.d, self.index, kernel=kernel)


@dataclass(frozen=True)
class Bf16MaskedOperands:
    """A [G, room, K], B [G, N, K], D [G, room, N]; index [G] holds how many rows count, `expected` of each."""

    a: DeviceArray
    b: DeviceArray
    d: DeviceArray
    index: DeviceArray
    expected: int

    def run(self, kernel: int = -1) -> None:
        _core.m_grouped_bf16_gemm_nt_masked(self.a, self.b, self.d, self.index, self.expected, kernel=kernel)


@dataclass(frozen=True)
class Bf16BatchedOperands:
    """A [G, M, K], B [G, N, K] (or [G, K, N] with layout nn), D [G, M, N]."""

    layout: str
    a: DeviceArray
    b: DeviceArray
    d: DeviceArray

    def run(self, kernel: int = -1) -> None:
        _core.bf16_bmm(self.layout, self.a, self.b, self.d, kernel=kernel)


def _batch(memory: DeviceArray, groups: int, rows: int, columns: int) -> DeviceArray:
    return memory.as_strided([groups, rows, columns], [rows * columns, columns, 1])


class Bf16ContiguousPool:
    """Memory for every problem of a list; M counts the rows of all groups."""

    def __init__(self, problems: Iterable[Sizes], layout: str) -> None:
        self._memory, self._layout = Bf16Memory((m, groups * n, n, k) for m, n, k, groups in problems), layout

    def operands(self, m: int, n: int, k: int, groups: int) -> Bf16ContiguousOperands:
        memory = self._memory
        b = _batch(memory.b, groups, *factor(n, k, self._layout[1] == "n"))
        a, d = memory.a.as_strided([m, k], [k, 1]), memory.d.as_strided([m, n], [n, 1])
        return Bf16ContiguousOperands(self._layout, a, b, d, from_numpy(index_of_rows(m, groups, use_psum=False)))


class Bf16MaskedPool:
    """Memory for every problem of a list; M counts the rows of each group."""

    def __init__(self, problems: Iterable[Sizes], layout: str) -> None:
        self._memory = Bf16Memory((groups * room_of(m), groups * n, n, k) for m, n, k, groups in problems)

    def operands(self, m: int, n: int, k: int, groups: int) -> Bf16MaskedOperands:
        memory, room = self._memory, room_of(m)
        a, b, d = (
            _batch(array, groups, *sizes)
            for array, sizes in ((memory.a, (room, k)), (memory.b, (n, k)), (memory.d, (room, n)))
        )
        return Bf16MaskedOperands(a, b, d, from_numpy(numpy.full(groups, m, numpy.int32)), m)


class Bf16BatchedPool:
    """Memory for every problem of a list; M counts the rows of each group."""

    def __init__(self, problems: Iterable[Sizes], layout: str) -> None:
        self._layout = layout
        self._memory = Bf16Memory((groups * m, groups * n, n, k) for m, n, k, groups in problems)

    def operands(self, m: int, n: int, k: int, groups: int) -> Bf16BatchedOperands:
        memory, sizes_of_b = self._memory, factor(n, k, self._layout[1] == "n")
        a, b, d = (
            _batch(array, groups, *sizes)
            for array, sizes in ((memory.a, (m, k)), (memory.b, sizes_of_b), (memory.d, (m, n)))
        )
        return Bf16BatchedOperands(self._layout, a, b, d)

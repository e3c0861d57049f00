"""Every grouped GEMM kernel on the GPU against the CPU backend."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import _core
from ..arrays.device_array import from_numpy
from ..arrays.sizes import align
from .framed_output import POISON_BYTE
from .gpu_gemm import LAYOUTS, Layout, name_of_failing, padded
from .grouped_calls import call_core, call_public
from .grouped_operands import GroupedOperands, computed_by_cpu_backend, make_grouped_operands
from .grouped_shapes import GROUPINGS, GroupedShapes
from .tally import Tallies

DeviceArray = _core.DeviceArray
BY_SELECTION = "kernel chosen for {} groups"


class GroupedRun:
    """One case in one layout, for any kernel. Rows of a strided batch are interleaved: all groups' first, and so on."""

    def __init__(self, operands: GroupedOperands, layout: Layout) -> None:
        placement = self.placement = operands.placement
        self.groups, self.interleaved = len(operands.b), layout.row_padding > 0 and placement.room > 0
        order = np.arange(placement.rows)
        if self.interleaved:
            order = order.reshape(self.groups, placement.room).T.reshape(-1)
        self.frame = layout.frame(placement.rows, operands.wanted.shape[1])
        self.wanted = self.frame.around(operands.wanted[order])
        self.memory = DeviceArray.empty([self.frame.size], "bfloat16")
        self.d = self._rows(self.memory, operands.wanted.shape[1], self.frame.stride, self.frame.offset)
        self._upload(operands, order, layout)

    def _upload(self, operands: GroupedOperands, order: np.ndarray, layout: Layout) -> None:
        k, padding = operands.a.shape[1], layout.row_padding
        stride, offset = k + padding, padding // 3
        self.a = self._rows(padded(operands.a[order], padding), k, stride, offset)
        n = operands.b.shape[1]
        b = padded(operands.b.reshape(-1, k), padding)
        self.b = b.as_strided([self.groups, n, k], [n * stride, stride, 1], offset)
        self.sfb = from_numpy(operands.sfb)
        self.sfa = self._aligned_scales(operands.sfa, layout.column_padding)
        self.plain_sfa = from_numpy(self._in_groups(operands.sfa))
        self.index = None if self.placement.index is None else from_numpy(self.placement.index)

    def _rows(self, memory: DeviceArray, columns: int, stride: int, offset: int) -> DeviceArray:
        """A matrix of all rows, or one for each group."""
        room = self.placement.room
        if not room:
            return memory.as_strided([self.placement.rows, columns], [stride, 1], offset)
        steps = [stride, self.groups * stride] if self.interleaved else [room * stride, stride]
        return memory.as_strided([self.groups, room, columns], [*steps, 1], offset)

    def _in_groups(self, rows: np.ndarray) -> np.ndarray:
        return rows.reshape(-1, self.placement.room, rows.shape[1]) if self.placement.room else rows

    def _aligned_scales(self, sfa: np.ndarray, padding: int) -> DeviceArray:
        scales = self._in_groups(sfa)
        rows, columns = scales.shape[-2:]
        height = align(rows, 4) + padding
        memory = np.full((*scales.shape[:-2], columns, height), np.nan, np.float32)
        memory[..., :rows] = scales.swapaxes(-1, -2)
        stride = [columns * height, 1, height][-scales.ndim :]
        return from_numpy(memory).as_strided(scales.shape, stride)

    def problem_of(self, kernel: int) -> str:
        """What is wrong with a kernel's output (-1: the public call with scales as a cast leaves them)."""
        self.memory.fill_bytes(POISON_BYTE)
        if kernel < 0:
            operands = self.a, self.plain_sfa, self.b, self.sfb, self.d
            call_public(self.placement.grouping, operands, self.index)
        else:
            call_core(self.placement.grouping, (self.a, self.sfa, self.b, self.sfb, self.d), self.index, kernel)
        got = np.empty(self.frame.size, np.uint16)
        self.memory.copy_to(got.view(np.uint8))
        return self.frame.describe_difference(got, self.wanted)


def kernels_of(kernels: list[dict[str, Any]], grouping: str) -> dict[int, str]:
    """Index and name of the kernels of a grouping; with any, also -1 for the choice of the library."""
    names = {spec["kernel"]: spec["name"] for spec in kernels if spec["grouping"] == grouping}
    return names | {-1: BY_SELECTION.format(grouping)} if names else {}


def count_cases(shapes: GroupedShapes, kernels: list[dict[str, Any]]) -> int:
    return sum(shapes.count_cases(grouping) * len(kernels_of(kernels, grouping)) for grouping in GROUPINGS) * len(
        LAYOUTS
    )


def _runs(shapes: GroupedShapes, grouping: str, random: np.random.Generator) -> Iterator[tuple[str, GroupedRun]]:
    """Every case in every layout, with its name; the layout's number of SMs is set while it is out."""
    for counts, n, k in shapes.cases(grouping):
        operands = make_grouped_operands(random, grouping, counts, n, k, computed_by_cpu_backend, special=True)
        for layout in LAYOUTS:
            _core.set_num_sms(layout.num_sms)
            yield f"{layout.name} rows={list(counts)} N={n} K={k}", GroupedRun(operands, layout)


def run_gemms(
    shapes: GroupedShapes, kernels: list[dict[str, Any]], tallies: Tallies, seed: int, step: Callable[[str], None]
) -> None:
    """Every kernel over every case of its grouping; `step` is called with a kernel's name before each."""
    random, before = np.random.default_rng(seed), _core.get_num_sms()
    try:
        for grouping in GROUPINGS:
            names = kernels_of(kernels, grouping)
            for case, run in _runs(shapes, grouping, random) if names else ():
                for kernel, name in names.items():
                    step(name)
                    with name_of_failing(f"{name}, {case}"):
                        tallies.count(name, case, run.problem_of(kernel))
    finally:
        _core.set_num_sms(before)

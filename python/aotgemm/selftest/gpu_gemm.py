"""Every GEMM kernel on the GPU against the CPU backend."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _core
from ..arrays.device_array import from_numpy
from ..arrays.sizes import align
from ..errors import CudaError
from ..ops.fp8_gemm import fp8_gemm_nt
from .framed_output import POISON_BYTE, Frame, contiguous_frame, strided_frame
from .operands import Operands, make_operands
from .shapes import Shapes
from .tally import Tallies

DeviceArray = _core.DeviceArray
FEW_SMS = 30  # strided cases run on part of the GPU, so that thread blocks take several tiles
ROW_PADDING = 48  # FP8 elements between the rows of strided operands; they start at an offset of 16
BY_SELECTION = "kernel chosen by fp8_gemm_nt"


@dataclass(frozen=True)
class Layout:
    """How the operands of a case lie in memory."""

    name: str
    row_padding: int
    column_padding: int  # of SFA, in elements, beyond the multiple of 4
    frame: Callable[[int, int], Frame]
    num_sms: int


LAYOUTS = (
    Layout("contiguous", 0, 0, contiguous_frame, 0),
    Layout("strided", ROW_PADDING, 8, strided_frame, FEW_SMS),
)


class DeviceOperands:
    """The operands of one K and one layout on the GPU; those of a smaller M and N are views."""

    def __init__(self, operands: Operands, layout: Layout) -> None:
        self.layout, self.rows_sfa = layout, operands.sfa
        self.a, self.b = (padded(matrix, layout.row_padding) for matrix in (operands.a, operands.b))
        self.k, self.sfb = operands.a.shape[1], from_numpy(operands.sfb)

    def matrices(self, m: int, n: int) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
        """A [m, k], B [n, k] and B's scales."""
        stride, offset = self.k + self.layout.row_padding, self.layout.row_padding // 3
        a, b = (matrix.as_strided([rows, self.k], [stride, 1], offset) for matrix, rows in ((self.a, m), (self.b, n)))
        blocks = [-(-n // 128), self.sfb.shape[1]]
        return a, b, self.sfb.as_strided(blocks, self.sfb.stride)

    def scales(self, m: int) -> DeviceArray:
        """A's scales, MN-major."""
        rows = self.rows_sfa[:m]
        memory = np.full((rows.shape[1], align(m, 4) + self.layout.column_padding), np.nan, np.float32)
        memory[:, :m] = rows.T
        return from_numpy(memory).as_strided(rows.shape, [1, memory.shape[1]])

    def plain_scales(self, m: int) -> DeviceArray:
        """A's scales as a cast leaves them, row-major."""
        return from_numpy(self.rows_sfa[:m])


def padded(matrix: np.ndarray, padding: int) -> DeviceArray:
    """Rows `padding` further apart, NaN between them."""
    memory = np.full((matrix.shape[0], matrix.shape[1] + padding), np.nan, matrix.dtype)
    memory[:, padding // 3 : padding // 3 + matrix.shape[1]] = matrix
    return from_numpy(memory)


class GemmRun:
    """One shape in one layout, for any kernel."""

    def __init__(self, operands: Operands, on_device: DeviceOperands, memory: DeviceArray, m: int, n: int) -> None:
        self.frame = on_device.layout.frame(m, n)
        self.wanted = self.frame.around(operands.expected(m, n))
        self.a, self.b, self.sfb = on_device.matrices(m, n)
        self.sfa, self.plain_sfa = on_device.scales(m), on_device.plain_scales(m)
        self.memory = memory.as_strided([self.frame.size], [1])
        self.d = memory.as_strided([m, n], [self.frame.stride, 1], self.frame.offset)
        self.got = np.empty(self.frame.size, np.uint16)

    def problem_of(self, kernel: int) -> str:
        """What is wrong with a kernel's output (-1: the public call with scales as a cast leaves them)."""
        self.memory.fill_bytes(POISON_BYTE)
        if kernel < 0:
            fp8_gemm_nt((self.a, self.plain_sfa), (self.b, self.sfb), self.d)
        else:
            _core.fp8_gemm_nt(self.a, self.sfa, self.b, self.sfb, self.d, kernel)
        self.memory.copy_to(self.got.view(np.uint8))
        return self.frame.describe_difference(self.got, self.wanted)


def _output_memory(shapes: Shapes) -> DeviceArray:
    most = max(layout.frame(max(shapes.m), max(shapes.n)).size for layout in LAYOUTS)
    return DeviceArray.empty([most], "bfloat16")


def count_cases(shapes: Shapes, kernels: list[dict[str, Any]]) -> int:
    return len(shapes.k) * len(LAYOUTS) * len(shapes.pairs()) * (len(kernels) + 1)


def _runs(shapes: Shapes, seed: int) -> Iterator[tuple[str, GemmRun]]:
    """Every shape in every layout, with its name; the layout's number of SMs is set while it is out."""
    random, memory = np.random.default_rng(seed), _output_memory(shapes)
    for k in shapes.k:
        operands = make_operands(random, max(shapes.m), max(shapes.n), k)
        for layout in LAYOUTS:
            _core.set_num_sms(layout.num_sms)
            on_device = DeviceOperands(operands, layout)
            for m, n in shapes.pairs():
                yield f"{layout.name} M={m} N={n} K={k}", GemmRun(operands, on_device, memory, m, n)


def run_gemms(
    shapes: Shapes, kernels: list[dict[str, Any]], tallies: Tallies, seed: int, step: Callable[[str], None]
) -> None:
    """Every kernel over every shape and layout; `step` is called with a kernel's name before each case."""
    names = {spec["kernel"]: spec["name"] for spec in kernels} | {-1: BY_SELECTION}
    run_cases(_runs(shapes, seed), names, tallies, step)


def run_cases(
    runs: Iterable[tuple[str, Any]], names: Mapping[int, str], tallies: Tallies, step: Callable[[str], None]
) -> None:
    """Every kernel of `names` over every run, which may set the number of SMs; what it was comes back in the end."""
    before = _core.get_num_sms()
    try:
        for case, run in runs:
            for kernel, name in names.items():
                step(name)
                with name_of_failing(f"{name}, {case}"):
                    tallies.count(name, case, run.problem_of(kernel))
    finally:
        _core.set_num_sms(before)


@contextmanager
def name_of_failing(name: str) -> Iterator[None]:
    """Puts the kernel and the case in front of what the driver says."""
    try:
        yield
    except CudaError as error:
        raise CudaError(f"{name}: {error}") from error

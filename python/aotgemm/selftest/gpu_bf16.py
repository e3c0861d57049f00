"""Every dense kernel of family bf16_gemm on the GPU against the CPU backend, in all layouts, with C and without."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import ml_dtypes
import numpy as np

from .. import _core
from ..arrays.device_array import from_numpy
from ..arrays.sizes import align
from ..ops import bf16_gemm as bf16
from .bf16_operands import DTYPES, LAYOUTS, NAN, Bf16Operands, make_bf16_operands
from .framed_output import Frame, contiguous_frame, strided_frame
from .gpu_gemm import FEW_SMS, name_of_failing
from .shapes import Shapes
from .tally import Tallies

DeviceArray = _core.DeviceArray
BY_SELECTION = "kernel chosen by bf16_gemm_{}, {} output"


@dataclass(frozen=True)
class Placing:
    """How operands lie in memory. Padding, between rows and before the first element, is NaN."""

    name: str
    padding: int  # elements, a multiple of 8
    frame: Callable[[int, int, type], Frame]
    num_sms: int


PLACINGS = (Placing("contiguous", 0, contiguous_frame, 0), Placing("strided", 24, strided_frame, FEW_SMS))


class DeviceFactor:
    """A or B in memory, K adjacent or not; that of fewer rows is a view."""

    def __init__(self, matrix: np.ndarray, transposed: bool, padding: int) -> None:
        self.k, self.transposed, self.padding = matrix.shape[1], transposed, padding
        lines = matrix.T if transposed else matrix
        self.stride = align(lines.shape[1], 8) + padding
        memory = np.full((len(lines), self.stride), NAN, np.uint16)
        memory[:, padding // 3 : padding // 3 + lines.shape[1]] = lines
        self.memory = from_numpy(memory.view(ml_dtypes.bfloat16))

    def view(self, rows: int) -> DeviceArray:
        shape = [self.k, rows] if self.transposed else [rows, self.k]
        return self.memory.as_strided(shape, [self.stride, 1], self.padding // 3)


class Bf16Run:
    """One problem for any kernel of its layout and output type. C, where there is one, is D itself."""

    def __init__(self, operands: Bf16Operands, out: str, with_c: bool, frame: Frame) -> None:
        part = (slice(frame.m), slice(frame.n))
        self.frame, self.wanted = frame, frame.around(operands.expected(out, with_c)[part])
        self.before = frame.around(operands.c_of(out).view(frame.element)[part]) if with_c else frame.poisoned()
        self.memory = DeviceArray.empty([frame.size], "bfloat16" if out == "bf16" else "float32")
        self.d = self.memory.as_strided([frame.m, frame.n], [frame.stride, 1], frame.offset)
        self.c = self.d if with_c else None

    def problem_of(self, layout: str, a: DeviceArray, b: DeviceArray, kernel: int) -> str:
        """What is wrong with a kernel's output (-1: the public call)."""
        self.memory.copy_from(self.before.view(np.uint8))
        if kernel < 0:
            getattr(bf16, f"bf16_gemm_{layout}")(a, b, self.d, self.c)
        else:
            _core.bf16_gemm(layout, a, b, self.c, self.d, kernel)
        got = np.empty_like(self.before)
        self.memory.copy_to(got.view(np.uint8))
        return self.frame.describe_difference(got, self.wanted)


def kernels_of(kernels: list[dict[str, Any]], layout: str, out: str) -> dict[int, str]:
    """Index and name of the kernels of a layout and output type; with any, also -1 for the library's choice."""
    wanted = ("bf16_gemm", "dense", layout, out)
    names = {
        spec["kernel"]: spec["name"]
        for spec in kernels
        if (spec["family"], spec["grouping"], spec["layout"], spec["out_dtype"]) == wanted
    }
    return names | {-1: BY_SELECTION.format(layout, out)} if names else {}


def count_cases(shapes: Shapes, kernels: list[dict[str, Any]]) -> int:
    each = sum(len(kernels_of(kernels, layout, out)) for layout in LAYOUTS for out in DTYPES)
    return len(shapes.k) * len(PLACINGS) * len(shapes.pairs()) * each


def _factors(shapes: Shapes, seed: int) -> Iterator[tuple[Bf16Operands, Placing, str, DeviceFactor, DeviceFactor]]:
    """The operands of every K, placing and layout; the placing's number of SMs is set while they are out."""
    random = np.random.default_rng(seed)
    for k in shapes.k:
        operands = make_bf16_operands(random, max(shapes.m), max(shapes.n), k)
        for placing, layout in product(PLACINGS, LAYOUTS):
            _core.set_num_sms(placing.num_sms)
            a = DeviceFactor(operands.a, layout[0] == "t", placing.padding)
            yield operands, placing, layout, a, DeviceFactor(operands.b, layout[1] == "n", placing.padding)


def run_gemms(
    shapes: Shapes, kernels: list[dict[str, Any]], tallies: Tallies, seed: int, step: Callable[[str], None]
) -> None:
    """Every kernel over every shape; every other shape has a C. `step` is called with a kernel's name before each."""
    before = _core.get_num_sms()
    try:
        for operands, placing, layout, a, b in _factors(shapes, seed) if count_cases(shapes, kernels) else ():
            for out, (i, (m, n)) in product(DTYPES, enumerate(shapes.pairs())):
                names = kernels_of(kernels, layout, out)
                element = np.uint16 if out == "bf16" else np.uint32
                run = Bf16Run(operands, out, i % 2 == 1, placing.frame(m, n, element))
                for kernel, name in names.items():
                    step(name)
                    case = f"{placing.name} M={m} N={n} K={a.k}{' with C' * (i % 2)}"
                    with name_of_failing(f"{name}, {case}"):
                        tallies.count(name, case, run.problem_of(layout, a.view(m), b.view(n), kernel))
    finally:
        _core.set_num_sms(before)

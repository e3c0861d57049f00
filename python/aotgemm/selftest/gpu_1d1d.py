"""Every kernel of family fp8_gemm_1d1d on the GPU against the CPU backend, without and with C."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import ml_dtypes
import numpy as np

from .. import _core
from ..arrays.device_array import from_numpy
from ..arrays.sizes import align
from ..ops.fp8_gemm import fp8_gemm_nt
from .framed_output import POISON_BYTE
from .gpu_gemm import LAYOUTS, Layout, name_of_failing, padded
from .operands import add_special_values, make_finite_operands
from .shapes import Shapes
from .tally import Tallies

DeviceArray = _core.DeviceArray
RECIPE = (1, 1, 128)
DTYPES = {"fp32": (np.dtype(np.float32), np.uint32), "bf16": (np.dtype(ml_dtypes.bfloat16), np.uint16)}
BY_SELECTION = "kernel chosen for fp8_gemm_1d1d, {} out"


@dataclass(frozen=True)
class Operands:
    """The largest operands of one K; those of a smaller M and N are their first rows, and so is what D must be."""

    a: np.ndarray
    sfa: np.ndarray
    b: np.ndarray
    sfb: np.ndarray
    c: np.ndarray
    expected: dict[tuple[str, bool], np.ndarray]  # bits of D by output type and whether C is added


def make_operands(random: np.random.Generator, m: int, n: int, k: int) -> Operands:
    """With NaN and infinities among them; the CPU backend computes what is expected."""
    a, sfa = make_finite_operands(random, m, 0, k)[:2]
    b, sfb = make_finite_operands(random, n, 0, k)[:2]
    add_special_values(a, sfa, b, sfb)
    c = (random.standard_normal((m, n)) * 1e3).astype(np.float32)
    expected = {}
    for (out, (dtype, bits)), accumulate in product(DTYPES.items(), (False, True)):
        d = np.empty((m, n), dtype)
        _core.fp8_gemm_nt_1d1d(a, sfa, b, sfb, c.astype(dtype) if accumulate else None, d)
        expected[out, accumulate] = d.view(bits)
    return Operands(a, sfa, b, sfb, c, expected)


def mn_major(sf: np.ndarray, padding: int) -> DeviceArray:
    """Scales as a kernel reads them, columns `padding` further apart, NaN between them."""
    memory = np.full((sf.shape[1], align(len(sf), 4) + padding), np.nan, np.float32)
    memory[:, : len(sf)] = sf.T
    return from_numpy(memory).as_strided(sf.shape, [1, memory.shape[1]])


class GemmRun:
    """One shape, output type and layout, for any kernel; C is added where the layout is strided."""

    def __init__(self, operands: Operands, layout: Layout, out: str, m: int, n: int) -> None:
        dtype, bits = DTYPES[out]
        accumulate, k = layout.row_padding > 0, operands.a.shape[1]
        self.frame = layout.frame(m, n, bits)
        self.wanted = self.frame.around(operands.expected[out, accumulate][:m, :n])
        stride, offset = k + layout.row_padding, layout.row_padding // 3
        self.a, self.b = (
            padded(matrix, layout.row_padding).as_strided(matrix.shape, [stride, 1], offset)
            for matrix in (operands.a[:m], operands.b[:n])
        )
        self.sfa, self.sfb = (mn_major(sf, layout.column_padding) for sf in (operands.sfa[:m], operands.sfb[:n]))
        self.plain = from_numpy(operands.sfa[:m]), from_numpy(operands.sfb[:n])
        self.c = from_numpy(operands.c[:m, :n].astype(dtype)) if accumulate else None
        self.memory = DeviceArray.empty([self.frame.size], dtype.name)
        self.d = self.memory.as_strided([m, n], [self.frame.stride, 1], self.frame.offset)

    def problem_of(self, kernel: int) -> str:
        """What is wrong with a kernel's output (-1: the public call with row-major scales)."""
        self.memory.fill_bytes(POISON_BYTE)
        if kernel < 0:
            fp8_gemm_nt((self.a, self.plain[0]), (self.b, self.plain[1]), self.d, self.c, recipe=RECIPE)
        else:
            _core.fp8_gemm_nt_1d1d(self.a, self.sfa, self.b, self.sfb, self.c, self.d, kernel)
        got = np.empty(self.frame.size, self.frame.element)
        self.memory.copy_to(got.view(np.uint8))
        return self.frame.describe_difference(got, self.wanted)


def kernels_of(kernels: list[dict[str, Any]], out: str) -> dict[int, str]:
    """Index and name of the kernels of an output type; with any, also -1 for the choice of the library."""
    names = {spec["kernel"]: spec["name"] for spec in kernels if spec["out_dtype"] == out}
    return names | {-1: BY_SELECTION.format(out)} if names else {}


def count_cases(shapes: Shapes, kernels: list[dict[str, Any]]) -> int:
    each = sum(len(kernels_of(kernels, out)) for out in DTYPES)
    return len(shapes.k) * len(LAYOUTS) * len(shapes.pairs()) * each


def _runs(shapes: Shapes, seed: int) -> Iterator[tuple[str, str, GemmRun]]:
    """Output type, name and run of every case; the layout's number of SMs is set while it is out."""
    random = np.random.default_rng(seed)
    for k in shapes.k:
        operands = make_operands(random, max(shapes.m), max(shapes.n), k)
        for layout, out, (m, n) in product(LAYOUTS, DTYPES, shapes.pairs()):
            _core.set_num_sms(layout.num_sms)
            yield out, f"{layout.name} M={m} N={n} K={k}", GemmRun(operands, layout, out, m, n)


def run_gemms(
    shapes: Shapes, kernels: list[dict[str, Any]], tallies: Tallies, seed: int, step: Callable[[str], None]
) -> None:
    """Every kernel over every shape and layout; `step` is called with a kernel's name before each case."""
    before = _core.get_num_sms()
    try:
        for out, case, run in _runs(shapes, seed):
            for kernel, name in kernels_of(kernels, out).items():
                step(name)
                with name_of_failing(f"{name}, {case}"):
                    tallies.count(name, case, run.problem_of(kernel))
    finally:
        _core.set_num_sms(before)

"""fp8_gemm_nt_skip_head_mid by every dense kernel of fp8_gemm_1d2d, on the GPU against the CPU backend."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import ml_dtypes
import numpy as np

from .. import _core
from ..arrays.device_array import from_numpy
from ..ops.fp8_heads import fp8_gemm_nt_skip_head_mid
from .framed_output import POISON_BYTE, Frame
from .gpu_1d1d import mn_major
from .gpu_gemm import LAYOUTS, run_cases
from .operands import add_special_values, make_finite_operands
from .shapes import HeadShapes
from .tally import Tallies

DeviceArray = _core.DeviceArray
BY_SELECTION = "kernel chosen by fp8_gemm_nt_skip_head_mid"


class HeadRun:
    """One problem for any kernel. The middle of each head stays poisoned."""

    def __init__(self, operands: tuple[np.ndarray, ...], splits: tuple[int, int, int], frame: Frame) -> None:
        a, sfa, b, sfb = operands
        self.frame, self.splits, self.wanted = frame, splits, frame.poisoned()
        wanted = frame.inside(self.wanted).view(ml_dtypes.bfloat16)
        _core.fp8_gemm_nt_skip_head_mid(a, sfa, b, sfb, wanted, *splits)
        self.memory = DeviceArray.empty([frame.size], "bfloat16")
        self.d = self.memory.as_strided([frame.m, frame.n], [frame.stride, 1], frame.offset)
        self.a, self.b, self.sfb, self.plain_sfa = map(from_numpy, (a, b, sfb, sfa))
        self.sfa = mn_major(sfa, 0)

    def problem_of(self, kernel: int) -> str:
        """What is wrong with a kernel's output (-1: the public call with scales as a cast leaves them)."""
        self.memory.fill_bytes(POISON_BYTE)
        if kernel < 0:
            fp8_gemm_nt_skip_head_mid((self.a, self.plain_sfa), (self.b, self.sfb), self.d, self.splits)
        else:
            operands = self.a, self.sfa, self.b, self.sfb, self.d
            _core.fp8_gemm_nt_skip_head_mid(*operands, *self.splits, kernel=kernel)
        got = np.empty(self.frame.size, np.uint16)
        self.memory.copy_to(got.view(np.uint8))
        return self.frame.describe_difference(got, self.wanted)


def _names(kernels: list[dict[str, Any]]) -> dict[int, str]:
    return {spec["kernel"]: f"{spec['name']}, skip_head_mid" for spec in kernels} | {-1: BY_SELECTION}


def count_cases(shapes: HeadShapes, kernels: list[dict[str, Any]]) -> int:
    return len(list(shapes.cases())) * len(LAYOUTS) * (len(kernels) + 1)


def _runs(shapes: HeadShapes, seed: int) -> Iterator[tuple[str, HeadRun]]:
    """Every problem in every layout of D, whose number of SMs is set while it is out."""
    random = np.random.default_rng(seed)
    for (splits, heads, m, k), layout in product(shapes.cases(), LAYOUTS):
        left, mid, right = splits
        operands = make_finite_operands(random, m, heads * (left + right), k)
        add_special_values(*operands)
        _core.set_num_sms(layout.num_sms)
        run = HeadRun(operands, splits, layout.frame(m, heads * (left + mid + right)))
        yield f"{layout.name} M={m} K={k}, {heads} heads of {left}, {mid}, {right}", run


def run_gemms(
    shapes: HeadShapes, kernels: list[dict[str, Any]], tallies: Tallies, seed: int, step: Callable[[str], None]
) -> None:
    """Every kernel over every problem; `step` is called with a kernel's name before each case."""
    run_cases(_runs(shapes, seed), _names(kernels), tallies, step)

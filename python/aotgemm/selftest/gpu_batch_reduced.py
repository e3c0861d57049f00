"""Every kernel that sums over batches, and the sum of its parts, on the GPU against the CPU backend."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import ml_dtypes
import numpy as np

from .. import _core
from ..arrays.device_array import from_numpy
from ..arrays.sizes import align
from ..ops.einsum import OVER_BATCHES, einsum
from .bf16_operands import DTYPES, NAN, RAW, add_special_values, random_bf16
from .framed_output import Frame
from .gpu_bf16 import PLACINGS
from .gpu_gemm import run_cases
from .shapes import BatchShapes
from .tally import Tallies

DeviceArray = _core.DeviceArray
BF16 = ml_dtypes.bfloat16
BY_SELECTION = "kernel chosen by einsum over batches"
UNWRITTEN = 0xFF  # bytes of the workspace before a run: NaN, so that a part left out shows in every sum


def _on_device(operand: np.ndarray, padding: int) -> DeviceArray:
    """Rows that start at multiples of 16 bytes, `padding` further apart, NaN between them."""
    batches, rows, k = operand.shape
    stride = align(k, 8) + padding
    memory = np.full((batches, rows, stride), NAN, np.uint16)
    memory[..., :k] = operand
    return from_numpy(memory.view(BF16)).as_strided([batches, rows, k], [rows * stride, stride, 1])


class BatchRun:
    """One problem and output type for any kernel. C, where there is one, is D itself."""

    def __init__(
        self, a: np.ndarray, b: np.ndarray, c: np.ndarray | None, out: str, frame: Frame, padding: int
    ) -> None:
        wanted = np.empty((frame.m, frame.n), DTYPES[out])
        _core.bf16_gemm_nt_batch_reduced(a.view(BF16), b.view(BF16), c, wanted)
        self.frame, self.wanted = frame, frame.around(wanted.view(frame.element))
        self.before = frame.poisoned() if c is None else frame.around(c.view(frame.element))
        self.memory = DeviceArray.empty([frame.size], "bfloat16" if out == "bf16" else "float32")
        self.d = self.memory.as_strided([frame.m, frame.n], [frame.stride, 1], frame.offset)
        self.c = None if c is None else self.d
        self.a, self.b = _on_device(a, padding), _on_device(b, padding)
        ranges = _core.batch_ranges(len(a), frame.m, frame.n)
        self.workspace = DeviceArray.empty([ranges, frame.m, frame.n], "float32")

    def problem_of(self, kernel: int) -> str:
        """What is wrong with a kernel's output (-1: the public call)."""
        self.memory.copy_from(self.before.view(np.uint8))
        self.workspace.fill_bytes(UNWRITTEN)
        if kernel < 0:
            einsum(OVER_BATCHES, self.a, self.b, self.d, self.c)
        else:
            _core.bf16_gemm_nt_batch_reduced(self.a, self.b, self.c, self.d, self.workspace, kernel=kernel)
        got = np.empty_like(self.before)
        self.memory.copy_to(got.view(np.uint8))
        return self.frame.describe_difference(got, self.wanted)


def _names(kernels: list[dict[str, Any]]) -> dict[int, str]:
    return {spec["kernel"]: spec["name"] for spec in kernels} | {-1: BY_SELECTION}


def count_cases(shapes: BatchShapes, kernels: list[dict[str, Any]]) -> int:
    return len(shapes.sizes) * len(PLACINGS) * len(DTYPES) * (len(kernels) + 1)


def _runs(shapes: BatchShapes, seed: int) -> Iterator[tuple[str, BatchRun]]:
    """Every problem, with C where it is strided; the placing's number of SMs is set while it is out."""
    random = np.random.default_rng(seed)
    for batches, m, n, k in shapes.sizes:
        a, b = random_bf16(random, batches, m, k), random_bf16(random, batches, n, k)
        add_special_values(a[batches // 2], b[batches // 2])
        for placing, out in product(PLACINGS, DTYPES):
            c = random.standard_normal((m, n)).astype(DTYPES[out]) if placing.padding else None
            _core.set_num_sms(placing.num_sms)
            case = f"{placing.name} B={batches} M={m} N={n} K={k} {out}{'' if c is None else ' with C'}"
            yield case, BatchRun(a, b, c, out, placing.frame(m, n, RAW[out]), placing.padding)


def run_gemms(
    shapes: BatchShapes, kernels: list[dict[str, Any]], tallies: Tallies, seed: int, step: Callable[[str], None]
) -> None:
    """Every kernel over every problem; `step` is called with a kernel's name before each case."""
    run_cases(_runs(shapes, seed), _names(kernels), tallies, step)

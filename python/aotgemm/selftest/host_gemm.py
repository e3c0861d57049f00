"""The CPU backend against the definition in NumPy, where there is no GPU."""

from collections.abc import Callable

import ml_dtypes
import numpy as np

from .. import _core
from ..reference.fp8 import fp8_gemm_nt as defined
from .framed_output import Frame, contiguous_frame, strided_frame
from .operands import make_finite_operands
from .shapes import Shapes
from .tally import Tallies

FRAMES = {"contiguous": contiguous_frame, "strided": strided_frame}
NAME = "CPU backend, fp8_gemm_1d2d"


def count_cases(shapes: Shapes) -> int:
    return len(shapes.k) * len(shapes.pairs()) * len(FRAMES)


def _problem(operands: tuple[np.ndarray, ...], frame: Frame, wanted: np.ndarray) -> str:
    memory = frame.poisoned()
    a, sfa, b, sfb = operands
    _core.fp8_gemm_nt(a, sfa, b, sfb, frame.inside(memory).view(ml_dtypes.bfloat16))
    return frame.describe_difference(memory, frame.around(wanted))


def run_gemms(shapes: Shapes, tallies: Tallies, seed: int, step: Callable[[str], None]) -> None:
    """Every shape and layout; `step` is called before each case."""
    random = np.random.default_rng(seed)
    for k in shapes.k:
        for m, n in shapes.pairs():
            operands = make_finite_operands(random, m, n, k)
            wanted = defined(*operands).astype(ml_dtypes.bfloat16).view(np.uint16)
            for name, make_frame in FRAMES.items():
                step(NAME)
                tallies.count(NAME, f"{name} M={m} N={n} K={k}", _problem(operands, make_frame(m, n), wanted))

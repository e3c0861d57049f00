"""Family fp8_gemm_1d1d of the CPU backend against the definition in NumPy, where there is no GPU."""

from collections.abc import Callable, Iterator
from itertools import product

import ml_dtypes
import numpy as np

from .. import _core
from ..reference.fp8 import fp8_gemm_nt as defined
from .framed_output import Frame, contiguous_frame, strided_frame
from .operands import make_finite_operands
from .shapes import Shapes
from .tally import Tallies

NAME = "CPU backend, fp8_gemm_1d1d"
BITS = {np.float32: np.uint32, ml_dtypes.bfloat16: np.uint16}
FRAMES = {"D alone": (contiguous_frame, False), "strided, C added": (strided_frame, True)}


def count_cases(shapes: Shapes) -> int:
    return len(shapes.k) * len(shapes.pairs()) * len(FRAMES) * len(BITS)


def _operands(random: np.random.Generator, m: int, n: int, k: int) -> tuple[np.ndarray, ...]:
    """B is scaled as A is."""
    return *make_finite_operands(random, m, 0, k)[:2], *make_finite_operands(random, n, 0, k)[:2]


def _problem(operands: tuple[np.ndarray, ...], c: np.ndarray | None, frame: Frame, wanted: np.ndarray) -> str:
    memory = frame.poisoned()
    _core.fp8_gemm_nt_1d1d(*operands, c, frame.inside(memory).view(wanted.dtype))
    return frame.describe_difference(memory, frame.around(wanted.view(frame.element)))


def _problems(random: np.random.Generator, m: int, n: int, k: int) -> Iterator[tuple[str, str]]:
    operands = _operands(random, m, n, k)
    product_in_fp32 = defined(*operands, rows_per_scale=1)
    for dtype, (layout, (make_frame, accumulate)) in product(BITS, FRAMES.items()):
        c = (random.standard_normal((m, n)) * 1e3).astype(dtype) if accumulate else None
        total = product_in_fp32 if c is None else c.astype(np.float32) + product_in_fp32
        frame = make_frame(m, n, BITS[dtype])
        yield f"{np.dtype(dtype).name}, {layout}", _problem(operands, c, frame, total.astype(dtype))


def run_gemms(shapes: Shapes, tallies: Tallies, seed: int, step: Callable[[str], None]) -> None:
    """Every shape, type of D and layout; `step` is called before each case is counted."""
    random = np.random.default_rng(seed)
    for k in shapes.k:
        for m, n in shapes.pairs():
            for case, problem in _problems(random, m, n, k):
                step(NAME)
                tallies.count(NAME, f"{case} M={m} N={n} K={k}", problem)

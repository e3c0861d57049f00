"""The CPU backend of family bf16_gemm against the definition in NumPy, where there is no GPU."""

from collections.abc import Callable

import ml_dtypes
import numpy as np

from .. import _core
from ..reference.bf16 import bf16_gemm_nt as defined
from .bf16_operands import DTYPES, LAYOUTS, RAW, below_two
from .framed_output import strided_frame
from .shapes import Shapes
from .tally import Tallies

NAME = "CPU backend, bf16"
BF16 = ml_dtypes.bfloat16


def count_cases(shapes: Shapes) -> int:
    return len(shapes.k) * len(shapes.pairs()) * len(LAYOUTS) * len(DTYPES)


def _problem(layout: str, a: np.ndarray, b: np.ndarray, c: np.ndarray | None, wanted: np.ndarray) -> str:
    frame = strided_frame(*wanted.shape, wanted.dtype.type)
    memory = frame.poisoned()
    d = frame.inside(memory).view(BF16 if wanted.dtype == np.uint16 else np.float32)
    _core.bf16_gemm(layout, a.T if layout[0] == "t" else a, b.T if layout[1] == "n" else b, c, d)
    return frame.describe_difference(memory, frame.around(wanted))


def run_gemms(shapes: Shapes, tallies: Tallies, seed: int, step: Callable[[str], None]) -> None:
    """Every shape, layout and output type, FP32 with a C; `step` is called before each case."""
    random = np.random.default_rng(seed)
    for k in shapes.k:
        for m, n in shapes.pairs():
            a, b = below_two(random, m, k), below_two(random, n, k)
            chain, c = defined(a, b), random.standard_normal((m, n)).astype(np.float32)
            for out, layout in ((out, layout) for out in DTYPES for layout in LAYOUTS):
                step(NAME)
                values = chain + c if out == "fp32" else chain
                wanted = values.astype(DTYPES[out]).view(RAW[out])
                problem = _problem(layout, a, b, c if out == "fp32" else None, wanted)
                tallies.count(NAME, f"{layout} {out} M={m} N={n} K={k}", problem)

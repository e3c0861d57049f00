"""Sums over batches of the CPU backend against the definition in NumPy, where there is no GPU."""

from collections.abc import Callable
from itertools import product

import ml_dtypes
import numpy as np

from .. import _core
from ..reference.bf16 import bf16_gemm_nt_batch_reduced as defined
from .bf16_operands import DTYPES, RAW, below_two
from .framed_output import strided_frame
from .shapes import BatchShapes
from .tally import Tallies

NAME = "CPU backend, bf16 over batches"


def count_cases(shapes: BatchShapes) -> int:
    return len(shapes.sizes) * len(DTYPES) * 2


def run_gemms(shapes: BatchShapes, tallies: Tallies, seed: int, step: Callable[[str], None]) -> None:
    """Every size and output type, without and with C; `step` is called before each case is counted."""
    random = np.random.default_rng(seed)
    for batches, m, n, k in shapes.sizes:
        a, b = below_two(random, batches, m, k), below_two(random, batches, n, k)
        total, c = defined(a, b), random.standard_normal((m, n)).astype(np.float32)
        for out, with_c in product(DTYPES, (False, True)):
            step(NAME)
            addend = c.astype(DTYPES[out])
            values = addend.astype(np.float32) + total if with_c else total
            frame = strided_frame(m, n, RAW[out])
            memory = frame.poisoned()
            d = frame.inside(memory).view(np.float32 if out == "fp32" else ml_dtypes.bfloat16)
            _core.bf16_gemm_nt_batch_reduced(a, b, addend if with_c else None, d)
            problem = frame.describe_difference(memory, frame.around(values.astype(DTYPES[out]).view(RAW[out])))
            tallies.count(NAME, f"{out} B={batches} M={m} N={n} K={k}{' with C' * with_c}", problem)

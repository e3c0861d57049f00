"""The grouped calls of the CPU backend against the definition in NumPy, where there is no GPU."""

from collections.abc import Callable

import ml_dtypes
import numpy as np

from ..reference.fp8 import fp8_gemm_nt as defined
from .framed_output import Frame, contiguous_frame, strided_frame
from .grouped_calls import call_public
from .grouped_operands import GroupedOperands, make_grouped_operands
from .grouped_shapes import GROUPINGS, GroupedShapes
from .tally import Tallies

FRAMES = {"contiguous": contiguous_frame, "strided": strided_frame}
NAME = "CPU backend, fp8_gemm_1d2d {}"


def count_cases(shapes: GroupedShapes) -> int:
    return sum(map(shapes.count_cases, GROUPINGS)) * len(FRAMES)


def _computed_by_definition(a: np.ndarray, sfa: np.ndarray, b: np.ndarray, sfb: np.ndarray) -> np.ndarray:
    products = [defined(a, sfa, b[group], sfb[group]) for group in range(len(b))]
    return np.stack(products).astype(ml_dtypes.bfloat16).view(np.uint16)


def _problem(operands: GroupedOperands, frame: Frame) -> str:
    memory, placement = frame.poisoned(), operands.placement
    parts = [operands.a, operands.sfa, frame.inside(memory).view(ml_dtypes.bfloat16)]
    if placement.room:
        parts = [part.reshape(-1, placement.room, part.shape[1]) for part in parts]
    call_public(placement.grouping, (*parts[:2], operands.b, operands.sfb, parts[2]), placement.index)
    return frame.describe_difference(memory, frame.around(operands.wanted))


def run_gemms(shapes: GroupedShapes, tallies: Tallies, seed: int, step: Callable[[str], None]) -> None:
    """Every shape, grouping and layout of D; `step` is called before each case."""
    random = np.random.default_rng(seed)
    for grouping in GROUPINGS:
        name = NAME.format(grouping)
        for counts, n, k in shapes.cases(grouping):
            operands = make_grouped_operands(random, grouping, counts, n, k, _computed_by_definition, special=False)
            for layout, make_frame in FRAMES.items():
                step(name)
                case = f"{layout} rows={list(counts)} N={n} K={k}"
                tallies.count(name, case, _problem(operands, make_frame(operands.placement.rows, n)))

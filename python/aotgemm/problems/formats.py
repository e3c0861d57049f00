"""What kinds with packed scales are run on beside FP8 with scales of 128 of K: FP4, and scales of 32, in any mix."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import _core
from ..arrays.layouts import layout_of
from ..arrays.sizes import ceil_div
from .backends import Backend
from .kind import SKIP_HEAD_MID, Kind
from .make import Problem
from .scales import SCALES_PER_WORD
from .values import finite_fp8
from .views import contiguous_view, mn_major_view

EXPONENTS = 118, 137  # of scales, biased
BOX = 128  # FP4 has a multiple of so many elements along the dimension that is adjacent


@dataclass(frozen=True)
class OperandFormat:
    """Of A or of B. gran_k: elements of K under one scale."""

    is_fp4: bool
    gran_k: int

    def __str__(self) -> str:
        return f"{'fp4' if self.is_fp4 else 'fp8'} {self.gran_k}"


@dataclass(frozen=True)
class Formats:
    """Of both operands."""

    a: OperandFormat
    b: OperandFormat

    def __str__(self) -> str:
        return f"{self.a} {self.b}"

    @property
    def grans(self) -> tuple[int, int]:
        return self.a.gran_k, self.b.gran_k


FP8_32, FP8_128, FP4_32, FP4_128 = (OperandFormat(is_fp4, gran_k) for is_fp4 in (False, True) for gran_k in (32, 128))
FORMATS = (
    Formats(FP8_32, FP8_32),
    Formats(FP8_128, FP4_32),
    Formats(FP4_32, FP8_128),
    Formats(FP4_32, FP4_32),
    Formats(FP4_128, FP4_128),
)


IN_OTHER_LAYOUTS = FORMATS[1:3]  # FP4 in one operand or the other, along whichever dimension is adjacent


def formats_of(kind: Kind) -> tuple[Formats, ...]:
    """A group of K has scales of its own, and none of these."""
    if not kind.packs_scales or kind.grouping in (SKIP_HEAD_MID, "k_grouped"):
        return ()
    return FORMATS if kind.layout == "nt" else IN_OTHER_LAYOUTS


def readers(kind: Kind, formats: Formats, kernels: dict[int, str]) -> dict[int, str]:
    """Those of the kind's kernels that read such operands: of FP4 that lies along M or N, not all do."""
    layout = layout_of(kind.layout, formats.a.is_fp4, formats.b.is_fp4)
    if layout == kind.layout:
        return kernels
    words = kind.grouping, layout, kind.out_dtype
    chosen = _core.select(kind.family, BOX, BOX, BOX, 0, "b200", len(_core.specs()), *words) if kernels else []
    reading = {choice["kernel"] for choice in chosen}
    return {kernel: name for kernel, name in kernels.items() if kernel in reading}


@dataclass(frozen=True)
class Drawn:
    """An operand on the host: codes as in the call, FP4 half as long, and words of scales [.., rows, words]."""

    codes: np.ndarray
    words: np.ndarray

    def placed(self, backend: Backend) -> tuple[Any, Any]:
        """Both on a backend, scales as a GPU reads them."""
        *lead, rows, words = self.words.shape
        view = mn_major_view(lead[0] if lead else 0, rows, words, dtype="int32")
        flat = np.full(view.size, -1, np.int32)  # NaN
        view.of(flat)[...] = self.words
        codes = contiguous_view(self.codes.dtype.name, self.codes.shape)
        return backend.view(backend.put(self.codes.reshape(-1)), codes), backend.view(backend.put(flat), view)


def _drawn(rng: np.random.Generator, shape: tuple[int, ...], of: OperandFormat, is_transposed: bool) -> Drawn:
    """Every finite code, and scales of many sizes; shape: [.., rows, K] or, transposed, [.., K, rows]."""
    *lead, lines, length = shape
    rows, k = (length, lines) if is_transposed else (lines, length)
    codes = finite_fp8(rng, int(np.prod([*lead, lines])), length)
    if of.is_fp4:
        codes = rng.integers(0, 256, (len(codes), length // 2), np.uint8).view(np.int8)
    scales = ceil_div(k, of.gran_k)
    exponents = np.zeros((*lead, rows, ceil_div(scales, SCALES_PER_WORD) * SCALES_PER_WORD), np.uint8)
    exponents[..., :scales] = rng.integers(*EXPONENTS, (*lead, rows, scales), np.uint8)
    return Drawn(codes.reshape(*lead, lines, -1), exponents.view(np.int32))


def in_formats(problems: list[Problem], formats: Formats, rng: np.random.Generator) -> list[Problem]:
    """The same problem on several backends, with an A and a B of these formats, drawn, in the places of theirs."""
    first, layout = problems[0], problems[0].kind.layout
    a = _drawn(rng, tuple(first.a.shape), formats.a, layout[0] == "t")
    b = _drawn(rng, tuple(first.b.shape), formats.b, layout[1] == "n")
    return [_replaced(problem, a, b, formats.grans) for problem in problems]


def _replaced(problem: Problem, a: Drawn, b: Drawn, grans: tuple[int, int]) -> Problem:
    (codes_a, sfa), (codes_b, sfb) = a.placed(problem.backend), b.placed(problem.backend)
    return replace(problem, a=codes_a, sfa=sfa, b=codes_b, sfb=sfb, grans=grans, operands=None)

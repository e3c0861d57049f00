"""What kinds with packed scales are run on beside FP8 with scales of 128 of K: FP4, and scales of 32, in any mix."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..arrays.sizes import ceil_div
from .backends import Backend
from .kind import SKIP_HEAD_MID, Kind
from .make import Problem
from .scales import SCALES_PER_WORD
from .values import finite_fp8
from .views import contiguous_view, mn_major_view

EXPONENTS = 118, 137  # of scales, biased


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


def takes_formats(kind: Kind) -> bool:
    """FP4 lies along K, and a group of K has scales of its own."""
    return kind.packs_scales and kind.layout == "nt" and kind.grouping not in (SKIP_HEAD_MID, "k_grouped")


@dataclass(frozen=True)
class Drawn:
    """An operand on the host: codes [.., rows, K or K / 2], and words of scales [.., rows, words]."""

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


def _drawn(rng: np.random.Generator, shape: tuple[int, ...], of: OperandFormat) -> Drawn:
    """Every finite code, and scales of many sizes; shape: [.., rows, K], K a multiple of 128."""
    *lead, rows, k = shape
    lines, scales = int(np.prod([*lead, rows])), ceil_div(k, of.gran_k)
    codes = finite_fp8(rng, lines, k)
    if of.is_fp4:
        codes = rng.integers(0, 256, (lines, k // 2), np.uint8).view(np.int8)
    exponents = np.zeros((lines, ceil_div(scales, SCALES_PER_WORD) * SCALES_PER_WORD), np.uint8)
    exponents[:, :scales] = rng.integers(*EXPONENTS, (lines, scales), np.uint8)
    return Drawn(codes.reshape(*shape[:-1], -1), exponents.view(np.int32).reshape(*shape[:-1], -1))


def in_formats(problems: list[Problem], formats: Formats, rng: np.random.Generator) -> list[Problem]:
    """The same problem on several backends, with an A and a B of these formats, drawn, in the places of theirs."""
    shapes = tuple(problems[0].a.shape), tuple(problems[0].b.shape)
    a, b = (_drawn(rng, shape, of) for shape, of in zip(shapes, (formats.a, formats.b), strict=True))
    return [_replaced(problem, a, b, formats.grans) for problem in problems]


def _replaced(problem: Problem, a: Drawn, b: Drawn, grans: tuple[int, int]) -> Problem:
    (codes_a, sfa), (codes_b, sfb) = a.placed(problem.backend), b.placed(problem.backend)
    return replace(problem, a=codes_a, sfa=sfa, b=codes_b, sfb=sfb, grans=grans, operands=None)

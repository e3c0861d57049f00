"""What the self-tests run of each family and grouping: sizes, layouts of memory, numbers of SMs, and where C lies."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

from ..problems.kinds import KINDS, SEPARATE_ROWS, SHARED_ROWS, SKIP_HEAD_MID, Kind, kernels_of
from ..problems.make import COperand
from ..problems.memory import CONTIGUOUS, STRIDED, STRIDED_OUTPUT, MemoryLayout
from . import shapes
from .shapes import GroupedShapes, Lists

ROW_GROUPINGS = (*SHARED_ROWS, *SEPARATE_ROWS)
FEW_SMS = 30  # one of the runs has part of the GPU, so that thread blocks take several tiles


@dataclass(frozen=True)
class Run:
    """How sizes are run. num_sms: 0 for all. c: of the sizes of a list in turn."""

    memory: MemoryLayout
    num_sms: int = 0
    c: tuple[COperand, ...] = ("none",)


@dataclass(frozen=True)
class Suite:
    """The calls of one family and grouping. Each size is run in every run, by every kernel of each kind."""

    family: str
    grouping: str
    runs: tuple[Run, ...]
    sizes: dict[str, Lists]  # by level: full, quick, small; host

    @property
    def kinds(self) -> list[Kind]:
        return [kind for kind in KINDS.values() if (kind.family, kind.grouping) == (self.family, self.grouping)]

    def count_cases(self, level: str) -> int:
        """Of one kernel."""
        return sum(map(len, self.sizes[level])) * len(self.runs)

    def kernels(self, specs: Iterable[dict[str, Any]]) -> dict[Kind, list[dict[str, Any]]]:
        """The kernels among `specs` that run each kind."""
        specs = list(specs)
        return {kind: kernels_of(kind, specs) for kind in self.kinds}


def _on_gpu(family: str, grouping: str, runs: tuple[Run, ...], *by_level: Lists) -> Suite:
    return Suite(family, grouping, runs, dict(zip(("full", "quick", "small"), by_level, strict=True)))


def _rows_on_gpu(family: str, grouping: str, runs: tuple[Run, ...], full: GroupedShapes) -> Suite:
    by_level = (shape.of(grouping) for shape in (full, shapes.QUICK_GROUPED, shapes.SMALL_GROUPED))
    return _on_gpu(family, grouping, runs, *by_level)


_BOTH = Run(CONTIGUOUS), Run(STRIDED, FEW_SMS)
_ALTERNATING: tuple[COperand, ...] = ("none", "in_place")
_IN_PLACE: tuple[COperand, ...] = ("in_place",)

# On a GPU, against the CPU backend.
GPU_SUITES = (
    _on_gpu("fp8_gemm_1d2d", "dense", _BOTH, shapes.FULL, shapes.QUICK, shapes.SMALL),
    *(_rows_on_gpu("fp8_gemm_1d2d", grouping, _BOTH, shapes.FULL_GROUPED) for grouping in ROW_GROUPINGS),
    _on_gpu(
        *("fp8_gemm_1d2d", SKIP_HEAD_MID, (Run(CONTIGUOUS), Run(STRIDED_OUTPUT, FEW_SMS))),
        *(shapes.FULL_HEADS, shapes.QUICK_HEADS, shapes.SMALL_HEADS),
    ),
    _on_gpu(
        *("fp8_gemm_1d1d", "dense", (Run(CONTIGUOUS), Run(STRIDED, FEW_SMS, ("separate",)))),
        *(shapes.FULL_1D1D, shapes.QUICK_1D1D, shapes.SMALL),
    ),
    _on_gpu(
        *("fp8_gemm_1d1d", "k_grouped", (Run(CONTIGUOUS), Run(CONTIGUOUS, FEW_SMS, _IN_PLACE))),
        *(shapes.FULL_K_GROUPS, shapes.QUICK_K_GROUPS, shapes.SMALL_K_GROUPS),
    ),
    _on_gpu(
        *("bf16_gemm", "dense", (Run(CONTIGUOUS, 0, _ALTERNATING), Run(STRIDED, FEW_SMS, _ALTERNATING))),
        *(shapes.FULL_BF16, shapes.QUICK_BF16, shapes.SMALL_BF16),
    ),
    *(
        _rows_on_gpu("bf16_gemm", grouping, (Run(CONTIGUOUS), Run(CONTIGUOUS, FEW_SMS)), shapes.FULL_BF16_GROUPED)
        for grouping in ROW_GROUPINGS
    ),
    _on_gpu(
        *("bf16_gemm", "k_grouped", (Run(CONTIGUOUS, 0, _IN_PLACE), Run(CONTIGUOUS, FEW_SMS, _IN_PLACE))),
        *(shapes.FULL_BF16_GROUPED.of_k(), shapes.QUICK_GROUPED.of_k(), shapes.SMALL_GROUPED.of_k()),
    ),
    _on_gpu(
        *("bf16_gemm", "batch_reduced", (Run(CONTIGUOUS), Run(STRIDED, FEW_SMS, _IN_PLACE))),
        *(shapes.FULL_BATCHES, shapes.QUICK_BATCHES, shapes.SMALL_BATCHES),
    ),
)

_SEPARATE_C = Run(STRIDED_OUTPUT, 0, ("separate",))
_D_ALONE = Run(CONTIGUOUS), Run(STRIDED_OUTPUT)
_WITH_C_AND_WITHOUT = Run(STRIDED_OUTPUT), _SEPARATE_C

# The CPU backend, against the definition in NumPy.
HOST_SUITES = (
    Suite("fp8_gemm_1d2d", "dense", _D_ALONE, {"host": shapes.HOST}),
    *(
        Suite(family, grouping, _D_ALONE, {"host": shapes.HOST_GROUPED.of(grouping)})
        for family, grouping in product(("fp8_gemm_1d2d", "bf16_gemm"), ROW_GROUPINGS)
    ),
    Suite("fp8_gemm_1d2d", SKIP_HEAD_MID, _D_ALONE, {"host": shapes.HOST_HEADS}),
    Suite("fp8_gemm_1d1d", "dense", (Run(CONTIGUOUS), _SEPARATE_C), {"host": shapes.HOST}),
    Suite("fp8_gemm_1d1d", "k_grouped", (Run(CONTIGUOUS), _SEPARATE_C), {"host": shapes.HOST_K_GROUPS}),
    Suite("bf16_gemm", "dense", _WITH_C_AND_WITHOUT, {"host": shapes.HOST_BF16}),
    Suite("bf16_gemm", "k_grouped", _WITH_C_AND_WITHOUT, {"host": shapes.HOST_BF16_K_GROUPS}),
    Suite("bf16_gemm", "batch_reduced", _WITH_C_AND_WITHOUT, {"host": shapes.HOST_BATCHES}),
)

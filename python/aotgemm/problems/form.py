"""What a family of GEMMs says of itself, and of each grouping that it runs: all that loops over calls ask of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..typing import Architecture
from .memory import CONTIGUOUS, MemoryLayout
from .prepacked import Prepacked

if TYPE_CHECKING:
    from .make import Problem
    from .sizes import Size

COperand = Literal["none", "separate", "in_place"]  # none; contiguous memory of its own; D itself
Layer = tuple[int, int, int]  # n, k, groups
Lists = list[list["Size"]]  # sizes of one list share operands: the smaller have the first rows and columns
# A [M, K], SFA, B [N, K], SFB and how many batches lie side by side in K -> their product in FP32.
Definition = Callable[[np.ndarray, np.ndarray | None, np.ndarray, np.ndarray | None, int], np.ndarray]


@dataclass(frozen=True)
class Variant:
    """Layout and output of a call. kernels: grouping and out_dtype of those that run it, if others than its own; suite:
    of `aotgemm bench`."""

    layout: str = "nt"
    out_dtype: str = "bf16"
    kernels: tuple[str, str] | None = None
    suite: str | None = None


@dataclass(frozen=True)
class Run:
    """How a self-test runs sizes. num_sms: 0 for all. c: of the sizes of a list in turn."""

    memory: MemoryLayout = CONTIGUOUS
    num_sms: int = 0
    c: tuple[COperand, ...] = ("none",)


FEW_SMS = 30  # one of the runs has part of the GPU, so that thread blocks take several tiles


@dataclass(frozen=True)
class Trials:
    """What the self-tests run: on a GPU at three levels, against the CPU backend; on the host, against NumPy."""

    runs: tuple[Run, ...]
    full: Lists
    quick: Lists
    small: Lists
    host_runs: tuple[Run, ...]
    host: Lists


@dataclass(frozen=True)
class Traffic:
    """What `aotgemm bench` measures: layers, the tokens that are drawn, from a first to a last, and a grid of them.

    size: of a layer's call with so many tokens; groups are drawn from a distribution of draw_counts.
    """

    layers: Callable[[], list[Layer]]
    drawn: tuple[int, int]
    grid: tuple[int, ...]
    size: Callable[[Layer, int, str, np.random.Generator], "Size"]


@dataclass(frozen=True)
class Grid:
    """What `aotgemm tune` measures: layers, and the rows of a group."""

    layers: Callable[[], list[Layer]]
    rows: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Form:
    """A family in one grouping.

    public: the user's call of a problem, through aotgemm or a library with the same names.
    tuned: None where the kernels take the rates of another grouping: STAND_INS in codegen/write/tile_rates.py.
    takes_c: whether D may be C plus the product. sums_over_tokens: whether the call is a gradient, whose K or batches
    vary. k_unit: K of each group of k_grouped is a multiple of it.
    """

    grouping: str
    variants: tuple[Variant, ...]
    public: Callable[[Any, "Problem"], Callable[[], None]]
    trials: Trials
    traffic: Traffic
    tuned: Grid | None = None
    takes_c: bool = False
    sums_over_tokens: bool = False
    k_unit: int = 1
    family: "GemmFamily" = field(init=False, repr=False)


@dataclass(frozen=True, eq=False)
class GemmFamily:
    """A family of GEMMs.

    rows_per_scale_of_b: 1 or 128, None where there are no scales, as in BF16. packs_scales: whether they are packed
    UE8M0, made of FP32 powers of two. prepacked_b: the form of a B that is packed before the call. archs: the
    architectures on which the user's calls run it.
    """

    name: str
    defined: Definition
    forms: tuple[Form, ...]
    rows_per_scale_of_b: int | None = None
    packs_scales: bool = False
    prepacked_b: Prepacked | None = None
    archs: tuple[Architecture, ...] = ("sm_90a",)

    def __post_init__(self) -> None:
        for form in self.forms:
            object.__setattr__(form, "family", self)

    @property
    def is_fp8(self) -> bool:
        return self.rows_per_scale_of_b is not None

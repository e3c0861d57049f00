"""Which scales the FP8 GEMMs of an architecture read, and what brings others into that form."""

from enum import Enum
from typing import Any, NamedTuple, get_args

from ..arrays.sizes import ceil_div
from ..errors import DtypeError, KernelMissingError, ShapeError
from ..scalars import integer, shown
from ..typing import Architecture
from ._arguments import describe
from .packed_layout import SCALES_PER_WORD

HOPPER = "sm_90a"
ARCHITECTURES = get_args(Architecture)


def granularity(recipe: Any, is_sfa: bool | None) -> tuple[int, int]:
    """Rows and columns that share a scale."""
    if not isinstance(recipe, (tuple, list)):
        raise DtypeError(f"recipe: is {describe(recipe)}, allowed is a tuple of ints")
    match tuple(integer("recipe", number) for number in recipe), is_sfa:
        case (gran_m, gran_n, gran_k), bool():
            return (gran_m if is_sfa else gran_n), gran_k
        case (gran_mn, gran_k), _:
            return gran_mn, gran_k
    raise ShapeError(
        f"recipe: is {recipe} with is_sfa = {shown(is_sfa)}, allowed is (gran_m, gran_n, gran_k) with is_sfa True "
        "or False, or (gran_mn, gran_k)"
    )


class Action(Enum):
    """What brings scales into the layout that a GEMM reads."""

    ALIGN, KEEP, PACK, CHECK = range(4)


class Required(NamedTuple):
    """Scales by element type and granularity, and whether powers of two may be packed."""

    dtype: str
    gran_mn: int
    gran_k: int
    is_cast_disabled: bool

    @classmethod
    def of(cls, dtype: str, recipe: Any, is_sfa: bool | None, is_cast_disabled: bool) -> "Required":
        """Raises DtypeError, or ShapeError for a recipe of another form."""
        gran_mn, gran_k = granularity(recipe, is_sfa)
        if dtype not in ("float32", "int32"):
            raise DtypeError(f"sf: dtype is {dtype}, allowed is float32 or int32")
        if min(gran_mn, gran_k) < 1:
            raise ShapeError(f"recipe: is {recipe}, allowed are numbers from 1 on")
        return cls(dtype, gran_mn, gran_k, is_cast_disabled)

    def shape(self, groups: tuple[int, ...], mn: int, k: int) -> tuple[int, ...]:
        """Of scales for mn rows and k columns; a word of int32 holds four."""
        columns = self.gran_k * (SCALES_PER_WORD if self.dtype == "int32" else 1)
        return *groups, ceil_div(mn, self.gran_mn), ceil_div(k, columns)

    def check_shape(self, shape: tuple[int, ...], groups: tuple[int, ...], mn: int, k: int, recipe: Any) -> None:
        """Raises ShapeError."""
        wanted = self.shape(groups, mn, k)
        if shape != wanted:
            belongs_to = f"mn = {mn}, k = {k}, recipe {recipe}"
            raise ShapeError(f"sf: shape is {list(shape)}, must be {list(wanted)} for {belongs_to}")

    def words(self, k: int) -> int:
        """Of a row, once the scales of k columns are packed."""
        return ceil_div(k, self.gran_k * SCALES_PER_WORD)

    def action(self, arch: str, recipe: Any) -> Action:
        """Raises ShapeError where no GEMM takes such scales, KernelMissingError for an unknown architecture."""
        if arch not in ARCHITECTURES:
            raise KernelMissingError(f"arch: is {arch!r}, allowed is {' or '.join(ARCHITECTURES)}")
        is_packed = self.dtype == "int32"
        stays_fp32 = arch == HOPPER or self.is_cast_disabled
        if stays_fp32 and not is_packed and self.gran_k == 128 and self.gran_mn in (1, 128):
            return Action.ALIGN if self.gran_mn == 1 else Action.KEEP
        if not stays_fp32 and self.gran_k in (32, 128) and not (is_packed and self.gran_mn != 1):
            return Action.CHECK if is_packed else Action.PACK
        uncast = " and disable_ue8m0_cast" if self.is_cast_disabled else ""
        raise ShapeError(
            f"recipe: {recipe} with {self.dtype} scales on {arch}{uncast}, allowed is float32 with (1 or 128, 128) "
            f"on {HOPPER}, float32 with gran_k 32 or 128 and int32 with gran_mn 1 on sm_100a"
        )

"""Calls whose operands are changed at random: places in memory alone, so that a call can be made as if on any device.

Only the index lies in memory, which the CPU reads. The other operands are far apart, at addresses of nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import aotgemm
import numpy as np
from aotgemm import _core
from aotgemm.problems.backends import CpuBackend
from aotgemm.problems.kinds import SKIP_HEAD_MID, Kind
from aotgemm.problems.make import Problem, make
from aotgemm.problems.memory import CONTIGUOUS, STRIDED
from aotgemm.problems.scales import granularities
from aotgemm.problems.sizes import Limits, random_size

OPERANDS = ("a", "sfa", "b", "sfb", "c", "d", "index")
DTYPES = ("float8_e4m3fn", "bfloat16", "float32", "int32", "float16", "int8")
FP4_BLOCK = 128  # K of an operand in FP4 is a multiple of it
ODD_SIZES = (0, 1, 2**31 - 513, 2**31 - 512, 2**31, 2**40, 2**62, 2**63 - 1)
ODD_STRIDES = (-16, -1, 0, 1, 2, 8, 2**31, 2**36, 2**40 - 16, 2**40, 2**60, 2**62, 2**63 - 1, -(2**63))


@dataclass(frozen=True)
class Place:
    """A strided tensor: an address in bytes, strides in elements."""

    address: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Call:
    """Arguments of `_core.gemm`; the problem owns the memory of the index."""

    words: tuple[str, str, str]
    operands: dict[str, Place | None]
    options: dict[str, Any]
    problem: Problem

    def run(self, tensor: Callable[[Place], Any]) -> None:
        """tensor: makes an operand of its place."""
        given = {name: None if place is None else tensor(place) for name, place in self.operands.items()}
        _core.gemm(*self.words, **given, **self.options)

    def verdict(self, tensor: Callable[[Place], Any]) -> str:
        """What is raised, in words; empty if nothing is."""
        try:
            self.run(tensor)
        except aotgemm.Error as error:
            return f"{type(error).__name__}: {error}"
        return ""


def place_of(name: str, array: np.ndarray) -> Place:
    """Where an operand of that name is said to lie."""
    steps = tuple(step // array.itemsize for step in array.strides)
    address = array.ctypes.data if name == "index" else OPERANDS.index(name) + 1 << 40
    return Place(address, array.shape, steps, array.dtype.name)


def places_of(arrays: dict[str, Any]) -> dict[str, Place | None]:
    """Of all operands, None for one that the call has not. C may be D."""
    places = {name: None if array is None else place_of(name, array) for name, array in arrays.items()}
    return places | ({"c": places["d"]} if arrays["c"] is arrays["d"] else {})


def in_fp4(place: Place) -> Place:
    """Rows of FP8 as if they were FP4, two codes to a byte along K."""
    *outer, rows, k = place.shape
    strides = (rows * k // 2 for _ in outer)
    return replace(place, shape=(*outer, rows, k // 2), stride=(*strides, k // 2, 1), dtype="int8")


def random_call(rng: np.random.Generator, kind: Kind) -> Call:
    """A sound call."""
    size, fp4 = random_size(rng, kind, Limits(24, 48, 272, 4, 5)), ()
    if kind.packs_scales and kind.layout == "nt" and rng.integers(2):
        fp4 = (("a",), ("b",), ("a", "b"))[rng.integers(3)]
        size = replace(size, k=FP4_BLOCK * int(rng.integers(1, 3)))
    c = str(rng.choice(["none", "separate", "in_place"])) if kind.takes_c else "none"
    problem = make(kind, size, CpuBackend(), rng, memory=(CONTIGUOUS, STRIDED)[rng.integers(2)], values="finite", c=c)
    arrays = {name: getattr(problem, name) for name in OPERANDS}
    grouping = "dense" if kind.grouping == SKIP_HEAD_MID else kind.grouping
    options = {
        "ks": list(size.counts) if kind.grouping == "k_grouped" else None,
        "expected_m": int(rng.integers(0, 100)),
        "head_splits": size.head_splits,
        **granularities(kind.packs_scales),
    }
    places = places_of(arrays)
    places |= {name: in_fp4(places[name]) for name in fp4}
    return Call((kind.family, grouping, kind.layout), places, options, problem)


def _with(values: tuple[int, ...], at: int, value: int) -> tuple[int, ...]:
    """With another value there, as far as an int64 goes."""
    return (*values[:at], max(-(2**63), min(value, 2**63 - 1)), *values[at + 1 :])


def _odd_size(rng: np.random.Generator, place: Place) -> Place:
    at = int(rng.integers(len(place.shape)))
    near = [place.shape[at] + step for step in (-8, -1, 1, 8, 16)]
    return replace(place, shape=_with(place.shape, at, max(int(rng.choice([*ODD_SIZES, *near])), 0)))


def _odd_stride(rng: np.random.Generator, place: Place) -> Place:
    at = int(rng.integers(len(place.stride)))
    near = [place.stride[at] + step for step in (-8, -1, 1, 8, 16)]
    return replace(place, stride=_with(place.stride, at, int(rng.choice([*ODD_STRIDES, *near]))))


def _odd_address(rng: np.random.Generator, place: Place) -> Place:
    return replace(place, address=place.address + int(rng.choice([-16, -4, -1, 1, 2, 4, 8, 16, -place.address])))


def _odd_dtype(rng: np.random.Generator, place: Place) -> Place:
    return replace(place, dtype=str(rng.choice(DTYPES)))


def _transposed(rng: np.random.Generator, place: Place) -> Place:
    """The last two dimensions exchanged in memory, the shape as it was."""
    if len(place.shape) < 2:
        return place
    rows, columns = place.shape[-2:]
    return replace(place, stride=_with((*place.stride[:-2], 1, 0), len(place.stride) - 1, rows + -rows % 16))


def _another_rank(rng: np.random.Generator, place: Place) -> Place:
    if rng.integers(2) and len(place.shape) > 1:
        return replace(place, shape=place.shape[1:], stride=place.stride[1:])
    return replace(place, shape=(1, *place.shape), stride=(16, *place.stride))


_OF_A_PLACE = (_odd_size, _odd_size, _odd_stride, _odd_stride, _odd_stride, _odd_address, _odd_address, _odd_dtype)
_RARE = (_transposed, _transposed, _another_rank)


def _fewer(rng: np.random.Generator, place: Place) -> Place:
    return replace(place, shape=_with(place.shape, 0, int(rng.integers(0, place.shape[0] + 1))))


def _null(rng: np.random.Generator, place: Place) -> Place:
    return replace(place, address=0)


_OF_AN_INDEX = (_fewer, _odd_stride, _odd_dtype, _another_rank, _null)  # within its memory, which the CPU reads


def changed_place(rng: np.random.Generator, place: Place, is_index: bool = False) -> Place:
    """With one thing changed; an index stays within its memory."""
    ways = _OF_AN_INDEX if is_index else _OF_A_PLACE + _RARE
    return ways[rng.integers(len(ways))](rng, place)


def _change_options(rng: np.random.Generator, call: Call) -> Call:
    options, number = dict(call.options), int(rng.choice([-1, 0, 7, 8, 64, 128, 2**31, 2**62, 2**63 - 8]))
    name = str(rng.choice([name for name, value in options.items() if value is not None]))
    if name.startswith("gran_k"):
        options[name] = int(rng.choice([-1, 0, 16, 32, 64, 128, 2**31 - 1]))
    elif name == "expected_m":
        options[name] = number
    else:
        at = int(rng.integers(len(options[name])))
        options[name] = list(_with(tuple(options[name]), at, number))
    return replace(call, options=options)


def mutated_operands(rng: np.random.Generator, operands: dict[str, Place | None]) -> dict[str, Place | None]:
    """One of them left out, elsewhere, over another, or of other sizes, strides or type."""
    draw = rng.random()
    present = {name: place for name, place in operands.items() if place is not None}
    name, other = (str(x) for x in rng.choice(list(present), 2))
    place = present[name]
    if draw < 0.05:
        changed = None
    elif draw < 0.2 and name != "index":
        changed = replace(place, address=present[other].address + 16 * int(rng.integers(-2, 3)))
    else:
        changed = changed_place(rng, place, name == "index")
    return operands | {name: changed}


def mutated(rng: np.random.Generator, call: Call) -> Call:
    """With another operand or other options."""
    if rng.random() < 0.1:
        return _change_options(rng, call)
    return replace(call, operands=mutated_operands(rng, call.operands))

"""Operands of a problem on a place, and the call with a chosen kernel, thread count and stream."""

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from .... import _core
from ....errors import LayoutError
from ....sizes import align
from ...places import CudaPlace, HostPlace
from ..grouped_operands import Placement, place_groups
from ..operands import make_finite_operands
from .kinds import Kind, Size

POISONS = (0xA5, 0x5A)  # bytes that D is filled with before a run; two, so that what is not written differs
OUT_TYPES = {"bf16": ml_dtypes.bfloat16, "fp32": np.float32}


@dataclass(frozen=True)
class Problem:
    """One problem, its operands on the place. `host` keeps A and its scales, for calls on other rows."""

    kind: Kind
    size: Size
    place: HostPlace | CudaPlace
    operands: tuple[Any, ...]  # A, SFA, B, SFB, or A, B
    host: tuple[np.ndarray, ...]  # A, and for FP8 its scales
    index: Any
    d: Any

    @property
    def unwritten_is_allowed(self) -> bool:
        """Whether D has rows of no group, which no kernel writes."""
        return self.kind.grouping in ("contiguous", "psum", "masked")


def mn_major(place: HostPlace | CudaPlace, sfa: np.ndarray) -> Any:
    """A's scales as a GPU kernel reads them; the CPU takes any strides."""
    if isinstance(place, HostPlace):
        return sfa
    rows, columns = sfa.shape[-2:]
    height = align(rows, 4)
    memory = np.zeros((*sfa.shape[:-2], columns, height), np.float32)
    memory[..., :rows] = sfa.swapaxes(-1, -2)
    stride = [columns * height, 1, height][-sfa.ndim :]
    return place.put(memory).as_strided(list(sfa.shape), stride)


def _fp8(random: np.random.Generator, kind: Kind, size: Size, place: HostPlace | CudaPlace) -> Problem:
    grouped = kind.grouping != "dense"
    placement = place_groups(kind.grouping, size.counts) if grouped else None
    rows = placement.rows if placement else size.counts[0]
    groups = len(size.counts)
    a, sfa, b, _ = make_finite_operands(random, rows, groups * size.n, size.k)
    sfb = np.concatenate([make_finite_operands(random, 0, size.n, size.k)[3] for _ in range(groups)])
    shape_d: tuple[int, ...] = (rows, size.n)
    if placement and placement.room:
        a, sfa = (matrix.reshape(groups, placement.room, -1) for matrix in (a, sfa))
        shape_d = (groups, placement.room, size.n)
    if grouped:
        b, sfb = b.reshape(groups, size.n, size.k), sfb.reshape(groups, -1, sfb.shape[1])
    by_row = kind.family == "fp8_1d1d"  # scales of B too
    sfb = mn_major(place, make_finite_operands(random, size.n, 0, size.k)[1]) if by_row else place.put(sfb)
    operands = (place.put(a), mn_major(place, sfa), place.put(b), sfb)
    d = place.put(np.zeros(shape_d, OUT_TYPES[kind.out_dtype]))
    return Problem(kind, size, place, operands, (a, sfa), _index(placement, place), d)


def _index(placement: Placement | None, place: HostPlace | CudaPlace) -> Any:
    return None if placement is None or placement.index is None else place.put(placement.index)


def _stored(matrix: np.ndarray, transposed: bool) -> np.ndarray:
    """The last two dimensions swapped in memory, for the layouts in which K does not come last."""
    return np.ascontiguousarray(matrix.swapaxes(-1, -2)) if transposed else matrix


def _bf16(random: np.random.Generator, kind: Kind, size: Size, place: HostPlace | CudaPlace) -> Problem:
    placement = place_groups(kind.grouping, size.counts) if kind.grouping != "dense" else None
    groups = (len(size.counts),) if placement else ()
    rows = (
        (*groups, placement.room)
        if placement and placement.room
        else (placement.rows if placement else size.counts[0],)
    )
    shapes = ((*rows, size.k), (*groups, size.n, size.k))
    a, b = (random.standard_normal(shape, np.float32).astype(ml_dtypes.bfloat16) for shape in shapes)
    a, b = _stored(a, kind.layout[0] == "t"), _stored(b, kind.layout[1] == "n")
    d = place.put(np.zeros((*rows, size.n), OUT_TYPES[kind.out_dtype]))
    return Problem(kind, size, place, (place.put(a), place.put(b)), (a,), _index(placement, place), d)


def make_problem(random: np.random.Generator, kind: Kind, size: Size, place: HostPlace | CudaPlace) -> Problem:
    return (_bf16 if kind.family == "bf16" else _fp8)(random, kind, size, place)


def _launch_bf16(problem: Problem, how: dict[str, Any]) -> None:
    kind, (a, b), d = problem.kind, problem.operands, problem.d
    if kind.grouping == "dense":
        _core.bf16_gemm(kind.layout, a, b, None, d, **how)
    elif kind.grouping == "batched":
        _core.bf16_bmm(kind.layout, a, b, d, **how)
    elif kind.grouping == "masked":
        _core.m_grouped_bf16_gemm_nt_masked(a, b, d, problem.index, **how)
    else:
        _core.m_grouped_bf16_gemm_contiguous(kind.layout, a, b, d, problem.index, kind.grouping == "psum", **how)


def _launch_fp8(problem: Problem, how: dict[str, Any]) -> bool:
    """False, with nothing done, if scales do not lie as a kernel reads them."""
    grouping, operands = problem.kind.grouping, (*problem.operands, problem.d)
    if problem.kind.family == "fp8_1d1d":
        return _core.fp8_gemm_nt_1d1d(*problem.operands, None, problem.d, **how)
    if grouping == "dense":
        return _core.fp8_gemm_nt(*operands, **how)
    if grouping == "batched":
        return _core.fp8_bmm_nt(*operands, **how)
    if grouping == "masked":
        return _core.m_grouped_fp8_gemm_nt_masked(*operands, problem.index, **how)
    return _core.m_grouped_fp8_gemm_nt_contiguous(*operands, problem.index, grouping == "psum", **how)


def launch(problem: Problem, kernel: int = -1, threads: int = 0, stream: int | None = None) -> None:
    """The call, writing problem.d; it may still be running on the stream when this returns."""
    how = {"kernel": kernel, "threads": threads, "stream": stream}
    if problem.kind.family == "bf16":
        _launch_bf16(problem, how)
    elif not _launch_fp8(problem, how):
        raise LayoutError(f"self-test: the scales of {problem.kind}, {problem.size} were refused, so nothing ran")


def poison(problem: Problem, byte: int) -> None:
    """Fills D, and waits until that is done."""
    if isinstance(problem.place, HostPlace):
        problem.d.view(np.uint8).fill(byte)
    else:
        problem.d.fill_bytes(byte)
        _core.synchronize(problem.place.ordinal)


def read(problem: Problem) -> np.ndarray:
    """D's bytes, after all work on the device."""
    if isinstance(problem.place, CudaPlace):
        _core.synchronize(problem.place.ordinal)
    return np.array(problem.place.get(problem.d)).view(np.uint8)


def differing(one: np.ndarray, two: np.ndarray) -> str:
    """Empty if all bytes are equal."""
    count = int((one != two).sum())
    return f"{count} of {one.size} bytes differ" if count else ""

"""Operands of a problem on a place, and the call with a chosen kernel, thread count and stream."""

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from ... import _core
from ...arrays.sizes import align
from ...errors import LayoutError
from ...problems.backends import CpuBackend, CudaBackend
from ..grouped_operands import Placement, place_groups
from ..operands import make_finite_operands
from .kinds import SKIP_HEAD_MID, Kind, Size, has_groups

POISONS = (0xA5, 0x5A)  # bytes that D is filled with before a run; two, so that what is not written differs
HEAD = (8, 8, 8)  # columns of each head that are computed, left alone and computed
OUT_TYPES = {"bf16": ml_dtypes.bfloat16, "fp32": np.float32}


@dataclass(frozen=True)
class Problem:
    """One problem, its operands on the place. `host` keeps A and its scales, for calls on other rows."""

    kind: Kind
    size: Size
    place: CpuBackend | CudaBackend
    operands: tuple[Any, ...]  # A, SFA, B, SFB; or A, B; or A, B, a workspace
    host: tuple[np.ndarray, ...]  # A, and for FP8 its scales
    index: Any
    d: Any

    @property
    def unwritten_is_allowed(self) -> bool:
        """Whether D has rows of no group, or columns between those of a head, which no kernel writes."""
        return self.kind.grouping in ("contiguous", "psum", "masked", SKIP_HEAD_MID)


def mn_major(place: CpuBackend | CudaBackend, sfa: np.ndarray) -> Any:
    """A's scales as a GPU kernel reads them; the CPU takes any strides."""
    if isinstance(place, CpuBackend):
        return sfa
    rows, columns = sfa.shape[-2:]
    height = align(rows, 4)
    memory = np.zeros((*sfa.shape[:-2], columns, height), np.float32)
    memory[..., :rows] = sfa.swapaxes(-1, -2)
    stride = [columns * height, 1, height][-sfa.ndim :]
    return place.put(memory).as_strided(list(sfa.shape), stride)


def _fp8(random: np.random.Generator, kind: Kind, size: Size, place: CpuBackend | CudaBackend) -> Problem:
    grouped = has_groups(kind)
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
    by_row = kind.family == "fp8_gemm_1d1d"  # scales of B too
    sfb = mn_major(place, make_finite_operands(random, size.n, 0, size.k)[1]) if by_row else place.put(sfb)
    operands = (place.put(a), mn_major(place, sfa), place.put(b), sfb)
    if kind.grouping == SKIP_HEAD_MID:
        shape_d = (rows, size.n // (HEAD[0] + HEAD[2]) * sum(HEAD))
    d = place.put(np.zeros(shape_d, OUT_TYPES[kind.out_dtype]))
    return Problem(kind, size, place, operands, (a, sfa), _index(placement, place), d)


def _index(placement: Placement | None, place: CpuBackend | CudaBackend) -> Any:
    return None if placement is None or placement.index is None else place.put(placement.index)


def _stored(matrix: np.ndarray, transposed: bool) -> np.ndarray:
    """The last two dimensions swapped in memory, for the layouts in which K does not come last."""
    return np.ascontiguousarray(matrix.swapaxes(-1, -2)) if transposed else matrix


def _normal_bf16(random: np.random.Generator, *shape: int) -> np.ndarray:
    return random.standard_normal(shape, np.float32).astype(ml_dtypes.bfloat16)


def _bf16(random: np.random.Generator, kind: Kind, size: Size, place: CpuBackend | CudaBackend) -> Problem:
    placement = place_groups(kind.grouping, size.counts) if has_groups(kind) else None
    groups = (len(size.counts),) if placement else ()
    rows = (
        (*groups, placement.room)
        if placement and placement.room
        else (placement.rows if placement else size.counts[0],)
    )
    shapes = ((*rows, size.k), (*groups, size.n, size.k))
    a, b = (_normal_bf16(random, *shape) for shape in shapes)
    a, b = _stored(a, kind.layout[0] == "t"), _stored(b, kind.layout[1] == "n")
    d = place.put(np.zeros((*rows, size.n), OUT_TYPES[kind.out_dtype]))
    return Problem(kind, size, place, (place.put(a), place.put(b)), (a,), _index(placement, place), d)


def _fp8_k_groups(random: np.random.Generator, kind: Kind, size: Size, place: CpuBackend | CudaBackend) -> Problem:
    """D [G, M, N]. A group's part of A is a matrix of its own, and so is that of B; their scales lie side by side."""
    ks, m, n = size.ks(kind.family), size.k, size.n
    parts = [make_finite_operands(random, rows, 0, sum(ks))[:2] for rows in (m, n)]
    (a, sfa), (b, sfb) = ((matrix.reshape(-1), mn_major(place, scales)) for matrix, scales in parts)
    d = place.put(np.zeros((len(ks), m, n), np.float32))
    index = place.put(np.array(ks, np.int32))
    return Problem(kind, size, place, (place.put(a), sfa, place.put(b), sfb), (), index, d)


def _bf16_k_groups(random: np.random.Generator, kind: Kind, size: Size, place: CpuBackend | CudaBackend) -> Problem:
    """D [G, M, N] from rows of A [K, M] and B [K, N]."""
    ks = size.ks(kind.family)
    a, b = (_normal_bf16(random, sum(ks), columns) for columns in (size.k, size.n))
    d = place.put(np.zeros((len(ks), size.k, size.n), np.float32))
    return Problem(kind, size, place, (place.put(a), place.put(b)), (), place.put(np.array(ks, np.int32)), d)


def _batches(random: np.random.Generator, kind: Kind, size: Size, place: CpuBackend | CudaBackend) -> Problem:
    """D [M, N] of A [B, M, K] and B [B, N, K], and the workspace that a GPU needs."""
    (m,), n = size.counts, size.n
    a, b = (place.put(_normal_bf16(random, size.batches, rows, size.k)) for rows in (m, n))
    workspace = place.put(np.zeros((_core.batch_ranges(size.batches, m, n), m, n), np.float32))
    return Problem(kind, size, place, (a, b, workspace), (), None, place.put(np.zeros((m, n), np.float32)))


def make_problem(random: np.random.Generator, kind: Kind, size: Size, place: CpuBackend | CudaBackend) -> Problem:
    makers = {("fp8_gemm_1d1d", "k_grouped"): _fp8_k_groups, ("bf16_gemm", "k_grouped"): _bf16_k_groups}
    makers |= {("bf16_gemm", "batch_reduced"): _batches}
    make = makers.get((kind.family, kind.grouping), _bf16 if kind.family == "bf16_gemm" else _fp8)
    return make(random, kind, size, place)


def _launch_bf16(problem: Problem, how: dict[str, Any]) -> None:
    kind, (a, b, *workspace), d = problem.kind, problem.operands, problem.d
    if kind.grouping == "batch_reduced":
        _core.bf16_gemm_nt_batch_reduced(a, b, None, d, *workspace, **how)
    elif kind.grouping == "k_grouped":
        ks = problem.size.ks(kind.family)
        _core.k_grouped_bf16_gemm_tn_contiguous(a, b, None, d, ks, problem.index, **how)
    elif kind.grouping == "dense":
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
    if grouping == "k_grouped":
        ks = problem.size.ks(problem.kind.family)
        return _core.k_grouped_fp8_gemm_nt_contiguous(*problem.operands, None, problem.d, ks, problem.index, **how)
    if grouping == SKIP_HEAD_MID:
        return _core.fp8_gemm_nt_skip_head_mid(*operands, *HEAD, **how)
    if problem.kind.family == "fp8_gemm_1d1d":
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
    if problem.kind.family == "bf16_gemm":
        _launch_bf16(problem, how)
    elif not _launch_fp8(problem, how):
        raise LayoutError(f"self-test: the scales of {problem.kind}, {problem.size} were refused, so nothing ran")


def poison(problem: Problem, byte: int) -> None:
    """Fills D, and waits until that is done."""
    if isinstance(problem.place, CpuBackend):
        problem.d.view(np.uint8).fill(byte)
    else:
        problem.d.fill_bytes(byte)
        _core.synchronize(problem.place.ordinal)


def read(problem: Problem) -> np.ndarray:
    """D's bytes, after all work on the device."""
    if isinstance(problem.place, CudaBackend):
        _core.synchronize(problem.place.ordinal)
    return np.array(problem.place.get(problem.d)).view(np.uint8)


def differing(one: np.ndarray, two: np.ndarray) -> str:
    """Empty if all bytes are equal."""
    count = int((one != two).sum())
    return f"{count} of {one.size} bytes differ" if count else ""

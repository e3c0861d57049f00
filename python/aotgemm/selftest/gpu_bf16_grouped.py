"""Every grouped kernel of family bf16_gemm on the GPU against the CPU backend."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from .. import _core
from ..arrays.device_array import from_numpy
from .bf16_operands import NAN, random_bf16
from .framed_output import Frame, contiguous_frame
from .gpu_gemm import FEW_SMS, name_of_failing
from .grouped_operands import POOL, Placement, place_groups
from .grouped_shapes import GROUPINGS, GroupedShapes
from .tally import Tallies

DeviceArray = _core.DeviceArray
BF16 = ml_dtypes.bfloat16
BY_SELECTION = "kernel chosen for {} groups, bf16 {}"
SMS = (0, FEW_SMS)  # all, or so few that thread blocks take several tiles
K_UNIT = 64  # of the ranges of k_grouped
ALL_GROUPINGS = (*GROUPINGS, "k_grouped")


def _chains(a: np.ndarray, b: np.ndarray, dtype: type, c: np.ndarray | None = None) -> np.ndarray:
    """D of bf16_gemm_nt by the CPU backend, from raw bits."""
    d = np.empty((len(a), len(b)), dtype)
    _core.bf16_gemm("nt", np.ascontiguousarray(a).view(BF16), np.ascontiguousarray(b).view(BF16), c, d)
    return d


def _upload(bits: np.ndarray) -> DeviceArray:
    return from_numpy(np.ascontiguousarray(bits).view(BF16))


@dataclass(frozen=True)
class GroupedRun:
    """One case: `call(d, kernel)` runs it, D lies in `frame`."""

    frame: Frame
    before: np.ndarray  # D's memory
    wanted: np.ndarray
    d_shape: tuple[int, ...]
    call: Callable[[DeviceArray, int], None]

    def problem_of(self, kernel: int) -> str:
        memory = DeviceArray.empty([self.frame.size], "bfloat16" if self.frame.element is np.uint16 else "float32")
        memory.copy_from(self.before.view(np.uint8))
        steps = np.cumprod((1, *self.d_shape[:0:-1]))[::-1].tolist()
        self.call(memory.as_strided(list(self.d_shape), steps, self.frame.offset), kernel)
        got = np.empty_like(self.before)
        memory.copy_to(got.view(np.uint8))
        return self.frame.describe_difference(got, self.wanted)


def _row_call(placement: Placement, layout: str, a: np.ndarray, b: np.ndarray) -> Callable[[DeviceArray, int], None]:
    groups, index = len(b), None if placement.index is None else from_numpy(placement.index)
    on_device_a = _upload(a.reshape(groups, -1, a.shape[1]) if placement.room else a)
    on_device_b = _upload(b.swapaxes(1, 2) if layout == "nn" else b)

    def call(d: DeviceArray, kernel: int) -> None:
        if placement.grouping == "batched":
            _core.bf16_bmm(layout, on_device_a, on_device_b, d, kernel=kernel)
        elif placement.grouping == "masked":
            _core.m_grouped_bf16_gemm_nt_masked(on_device_a, on_device_b, d, index, 1, kernel=kernel)
        else:
            use_psum = placement.grouping == "psum"
            _core.m_grouped_bf16_gemm_contiguous(layout, on_device_a, on_device_b, d, index, use_psum, kernel=kernel)

    return call


def _grouped_rows(
    random: np.random.Generator, grouping: str, layout: str, counts: Sequence[int], n: int, k: int
) -> GroupedRun:
    """Rows of A are drawn from a pool, so that what each group makes of it is computed once; others are NaN."""
    placement = place_groups(grouping, counts)
    pool, b = random_bf16(random, POOL, k), random_bf16(random, len(counts), n, k)
    source, live = random.integers(0, POOL, placement.rows), placement.group_of_row >= 0
    a = np.where(live[:, None], pool[source], NAN).astype(np.uint16)
    results = np.stack([_chains(pool, weights, BF16).view(np.uint16) for weights in b])
    frame = contiguous_frame(placement.rows, n)
    wanted = frame.poisoned()
    frame.inside(wanted)[live] = results[placement.group_of_row[live], source[live]]
    shape = (len(counts), placement.room, n) if placement.room else (placement.rows, n)
    return GroupedRun(frame, frame.poisoned(), wanted, shape, _row_call(placement, layout, a, b))


def _grouped_k(random: np.random.Generator, counts: Sequence[int], n: int, m: int) -> GroupedRun:
    """Each count stands for that many rows of A and B, rounded up to what a range of K must be. C is D."""
    ks = [-(-count // K_UNIT) * K_UNIT for count in counts]
    a, b = random_bf16(random, sum(ks), m), random_bf16(random, sum(ks), n)
    c = random.standard_normal((len(ks), m, n)).astype(np.float32)
    ends = np.cumsum([0, *ks])
    parts = [slice(start, end) for start, end in zip(ends[:-1], ends[1:], strict=True)]
    results = [_chains(a[part].T, b[part].T, np.float32, c[group]) for group, part in enumerate(parts)]
    frame = contiguous_frame(len(ks) * m, n, np.uint32)
    before, wanted = (frame.around(np.concatenate(x).view(np.uint32)) for x in (list(c), results))
    on_device_a, on_device_b, index = _upload(a), _upload(b), from_numpy(np.array(ks, np.int32))

    def call(d: DeviceArray, kernel: int) -> None:
        _core.k_grouped_bf16_gemm_tn_contiguous(on_device_a, on_device_b, d, d, ks, index, kernel=kernel)

    return GroupedRun(frame, before, wanted, (len(ks), m, n), call)


def kernels_of(kernels: list[dict[str, Any]], grouping: str) -> dict[str, dict[int, str]]:
    """By layout, index and name of the kernels of a grouping, and -1 for the library's choice."""
    by_layout: dict[str, dict[int, str]] = {}
    for spec in kernels:
        if (spec["family"], spec["grouping"]) == ("bf16_gemm", grouping):
            chosen = {-1: BY_SELECTION.format(grouping, spec["layout"])}
            by_layout.setdefault(spec["layout"], chosen)[spec["kernel"]] = spec["name"]
    return by_layout


def _cases(shapes: GroupedShapes, grouping: str) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """As shapes.cases; the third number is M for k_grouped, K otherwise."""
    for counts, n, k in shapes.cases(grouping):
        if grouping != "k_grouped":
            yield counts, n, k
        elif sum(counts):
            yield counts, n, min(k, 512)


def count_cases(shapes: GroupedShapes, kernels: list[dict[str, Any]]) -> int:
    return sum(
        len(names) * len(SMS) * len(list(_cases(shapes, grouping)))
        for grouping in ALL_GROUPINGS
        for names in kernels_of(kernels, grouping).values()
    )


def run_gemms(
    shapes: GroupedShapes, kernels: list[dict[str, Any]], tallies: Tallies, seed: int, step: Callable[[str], None]
) -> None:
    """Every kernel over every case of its grouping; `step` is called with a kernel's name before each."""
    random, before = np.random.default_rng(seed), _core.get_num_sms()
    try:
        for grouping in ALL_GROUPINGS:
            for layout, names in kernels_of(kernels, grouping).items():
                for counts, n, k in _cases(shapes, grouping):
                    is_k = grouping == "k_grouped"
                    sizes = counts, n, k
                    run = _grouped_k(random, *sizes) if is_k else _grouped_rows(random, grouping, layout, *sizes)
                    case = f"groups={list(counts)} N={n} {'M' if is_k else 'K'}={k}"
                    _run_kernels(run, names, case, tallies, step)
    finally:
        _core.set_num_sms(before)


def _run_kernels(
    run: GroupedRun, names: dict[int, str], case: str, tallies: Tallies, step: Callable[[str], None]
) -> None:
    for num_sms in SMS:
        _core.set_num_sms(num_sms)
        for kernel, name in names.items():
            step(name)
            with name_of_failing(f"{name}, {case}"):
                tallies.count(name, f"{case}, {num_sms or 'all'} SMs", run.problem_of(kernel))

"""Times of the kernels that the selection takes, beside what it predicted."""

from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from ... import _core
from ...bench.timer import GpuTimer
from ...problems.arena import OperandArena
from ...problems.backends import CudaBackend
from ...problems.call import prepared
from ...problems.kinds import KINDS, Kind, kernels_of
from ...problems.make import Problem
from ...problems.sizes import Size

# N and K of DeepSeek V3's layers: narrow, wide with little K, deep, and an expert's.
LAYERS = ((576, 7168), (2112, 7168), (24576, 1536), (7168, 16384), (4096, 7168), (7168, 2048))
ROWS = (1, 16, 64, 128, 512, 2048, 8192)
ROUNDS = 7
Step = Callable[[str], None]


def _kinds(kernels: list[dict[str, Any]]) -> list[Kind]:
    """Dense ones with both operands K-major and BF16 out, which the kernels run."""
    words = ("dense", "nt", "bf16")
    return [k for k in KINDS.values() if (k.grouping, k.layout, k.out_dtype) == words and kernels_of(k, kernels)]


def _measured(problem: Problem, device: dict[str, Any], timer: GpuTimer) -> dict[str, Any]:
    kind, size = problem.kind, problem.size
    chosen = _core.select(kind.family, size.m, size.n, size.k, 0, device, 1, *kind.kernel_words[1:])[0]
    run = prepared(problem)
    run()  # loads its kernel
    us = median(timer.round_us([run])[0] for _ in range(ROUNDS))
    sizes = {"m": size.m, "n": size.n, "k": size.k}
    return {"kind": kind.name, **sizes, "kernel": chosen["name"], "us": us, "predicted_us": chosen["predicted_us"]}


def measured(kernels: list[dict[str, Any]], backend: CudaBackend, step: Step) -> Iterator[dict[str, Any]]:
    timer = GpuTimer(backend.ordinal)
    sizes = [Size(m, n, k) for n, k in LAYERS for m in ROWS]
    for kind in _kinds(kernels):
        step(f"times of {kind.name}: operands")
        arena = OperandArena(kind, sizes, backend)
        timer.warm_up(prepared(arena.problem(sizes[-1])))
        for size in sizes:
            step(f"time of {kind.name}, {size.m} x {size.n} x {size.k}")
            yield _measured(arena.problem(size), backend.device, timer)

"""Times of the kernels that the selection takes, beside what it predicted."""

from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import numpy as np

from ... import _core
from ...bench.timer import GpuTimer
from ...problems.backends import CudaBackend
from ...problems.call import prepared
from ...problems.kinds import KINDS, Kind, kernels_of
from ...problems.make import make
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


def _measured(kind: Kind, size: Size, backend: CudaBackend, timer: GpuTimer) -> dict[str, Any]:
    chosen = _core.select(kind.family, size.m, size.n, size.k, 0, backend.device, 1, *kind.kernel_words[1:])[0]
    run = prepared(make(kind, size, backend, np.random.default_rng(0)))
    timer.warm_up(run)
    us = median(timer.round_us([run])[0] for _ in range(ROUNDS))
    sizes = {"m": size.m, "n": size.n, "k": size.k}
    return {"kind": kind.name, **sizes, "kernel": chosen["name"], "us": us, "predicted_us": chosen["predicted_us"]}


def measured(kernels: list[dict[str, Any]], backend: CudaBackend, step: Step) -> Iterator[dict[str, Any]]:
    timer = GpuTimer(backend.ordinal)
    for kind in _kinds(kernels):
        for n, k in LAYERS:
            for m in ROWS:
                step(f"time of {kind.name}, {m} x {n} x {k}")
                yield _measured(kind, Size(m, n, k), backend, timer)

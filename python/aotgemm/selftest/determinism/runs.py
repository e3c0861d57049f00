"""The whole determinism self-test."""

import argparse
from typing import Any

import numpy as np
from rich.progress import Progress

from ...problems.backends import CpuBackend, CudaBackend
from ..tally import Tallies
from .checks import Subject, compare_pairs, cpu_subjects, gpu_subjects, permute, repeat
from .kinds import Kind, Limits, Size, has_groups
from .ways import Ways

PAIRS, QUICK_PAIRS, CPU_PAIRS = 10_000, 500, 60
GPU_LIMITS = Limits(m=384, n=512, k=1024, groups=4, batches=200)
CPU_LIMITS = Limits(m=40, n=64, k=288, groups=3, batches=150)
# More tiles than SMs for small tiles, tails for all.
GPU_SIZE, CPU_SIZE = Size((656,), 1616, 1552), Size((48,), 80, 272)
GPU_COUNTS, CPU_COUNTS = (300, 0, 129, 1, 226), (17, 0, 30)
GPU_BATCHES, CPU_BATCHES = Size((300,), 328, 200, 37), Size((20,), 40, 24, 140)
ROWS_KEPT = 4  # orders of rows that `permute` runs


def _size_of(kind: Kind, whole: Size, counts: tuple[int, ...], batches: Size) -> Size:
    if kind.grouping == "batch_reduced":
        return batches
    return Size(counts, whole.n, whole.k) if has_groups(kind) else whole


def _total(subjects: list[Subject], ways: Ways, pairs: int) -> int:
    dense = sum(subject.kind.grouping == "dense" for subject in subjects)
    return len(subjects) * len(ways.all) + dense * ROWS_KEPT + pairs


def run_determinism(
    place: CpuBackend | CudaBackend, kernels: list[dict[str, Any]], arguments: argparse.Namespace, display: Progress
) -> Tallies:
    """All three comparisons on a GPU with these kernels, or, smaller, of the CPU backend."""
    random, on_gpu = np.random.default_rng(arguments.seed), isinstance(place, CudaBackend)
    subjects = gpu_subjects(kernels) if on_gpu else cpu_subjects()
    limits, size = (GPU_LIMITS, GPU_SIZE) if on_gpu else (CPU_LIMITS, CPU_SIZE)
    groups = (GPU_COUNTS, GPU_BATCHES) if on_gpu else (CPU_COUNTS, CPU_BATCHES)
    pairs = (QUICK_PAIRS if arguments.quick or arguments.small else PAIRS) if on_gpu else CPU_PAIRS
    ways = Ways(place, random)
    task = display.add_task("", total=_total(subjects, ways, pairs))

    def step(name: str) -> None:
        display.update(task, advance=1, description=name)

    what = (
        "kernels, SM counts, streams, load and neighbours" if on_gpu else "threads, load and neighbours (no GPU here)"
    )
    tallies = Tallies(f"the same bits from all {what}", len({subject.kernel for subject in subjects}) if on_gpu else 0)
    repeat(subjects, lambda kind: _size_of(kind, size, *groups), ways, random, tallies, step)
    permute(subjects, size, ways, random, tallies, step)
    compare_pairs(subjects, limits, pairs, ways, random, tallies, step)
    return tallies

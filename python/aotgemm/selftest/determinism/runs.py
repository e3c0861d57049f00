"""The whole determinism self-test."""

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.progress import Progress

from ...problems.backends import Backend, CudaBackend
from ...problems.kinds import Kind
from ...problems.sizes import Limits, Size, sized
from ..operations import HOST
from ..tally import Tallies
from .checks import PARTS_OF_ROWS, Determinism, Subjects, cpu_subjects, gpu_subjects
from .operations import OperationDeterminism, count_operations
from .variants import LaunchVariants

PAIRS, QUICK_PAIRS, CPU_PAIRS = 10_000, 500, 60


@dataclass(frozen=True)
class Scale:
    """Sizes of what is run: without groups, rows of groups, of a sum over batches; and limits of random ones."""

    whole: Size
    counts: tuple[int, ...]
    batches: Size
    limits: Limits

    def size_for(self, kind: Kind) -> Size:
        if kind.grouping == "batch_reduced":
            return self.batches
        counts = self.counts if kind.has_groups else (self.whole.m,)
        return sized(kind, counts, self.whole.n, self.whole.k)


# More tiles than SMs for small tiles, tails for all.
GPU_SCALE = Scale(
    Size(656, 1616, 1552),
    (300, 0, 129, 1, 226),
    Size(300, 328, 200, batches=37),
    Limits(m=384, n=512, k=1024, groups=4, batches=200),
)
CPU_SCALE = Scale(
    Size(48, 80, 272), (17, 0, 30), Size(20, 40, 24, batches=140), Limits(m=40, n=64, k=288, groups=3, batches=150)
)


def count_cases(subjects: Subjects, variants: int, pairs: int) -> int:
    """Of all three comparisons of GEMMs."""
    dense = sum(len(of_kind) for kind, of_kind in subjects.items() if kind.grouping == "dense")
    return sum(map(len, subjects.values())) * variants + dense * (1 + PARTS_OF_ROWS) + pairs


def run_determinism(
    backend: Backend, kernels: list[dict[str, Any]], arguments: argparse.Namespace, display: Progress
) -> Tallies:
    """All three comparisons on a GPU with these kernels, or, smaller, of the CPU backend; of operations two."""
    rng, on_gpu = np.random.default_rng(arguments.seed), isinstance(backend, CudaBackend)
    subjects, scale = (gpu_subjects(kernels), GPU_SCALE) if on_gpu else (cpu_subjects(), CPU_SCALE)
    pairs = (QUICK_PAIRS if arguments.quick or arguments.small else PAIRS) if on_gpu else CPU_PAIRS
    variants = LaunchVariants(backend, rng)
    level = "quick" if on_gpu else HOST
    cases = count_cases(subjects, len(variants.all), pairs) + count_operations(level, len(variants.all), backend)
    task = display.add_task("", total=cases)

    def step(name: str) -> None:
        display.update(task, advance=1, description=name)

    what = (
        "kernels, SM counts, streams, load and neighbours" if on_gpu else "threads, load and neighbours (no GPU here)"
    )
    compared = {subject.kernel for of_kind in subjects.values() for subject in of_kind} if on_gpu else ()
    tallies = Tallies(f"the same bits from all {what}", len(compared))
    determinism = Determinism(subjects, variants, rng, tallies, step)
    determinism.repeat(scale.size_for)
    determinism.permute(scale.whole)
    determinism.compare_pairs(scale.limits, pairs)
    of_operations = OperationDeterminism(level, variants, rng, tallies, step)
    of_operations.repeat()
    of_operations.permute()
    return tallies

"""FP4, and scales of 32 of K, by every kernel that takes them: what the kinds' own problems do not have."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..arrays.sizes import align
from ..problems.backends import Backend, CpuBackend
from ..problems.call import call
from ..problems.formats import BOX, Formats, formats_of, in_formats, readers
from ..problems.kinds import KINDS, Kind, kernels_of
from ..problems.make import Problem, lay_out
from ..problems.sizes import Size, row_groups
from ..problems.values import draw
from .cases import name_of_failing
from .tally import Tallies

N, K = 136, 384  # three scales of 128, or three words of four
DENSE = Size(1, N, 128), Size(65, N, K)
GROUPS = {"batched": (65, 65)}  # rows of each; of the others:
UNEQUAL_GROUPS = 65, 0, 1, 129
Step = Callable[[str], None]
Names = dict[Kind, dict[int, str]]  # index and name of the kernels of each kind


def names_of(specs: list[dict[str, Any]]) -> Names:
    """Of the kinds that have kernels among these and take formats."""
    kinds = [kind for kind in KINDS.values() if formats_of(kind)]
    named = {kind: {spec["kernel"]: spec["name"] for spec in kernels_of(kind, specs)} for kind in kinds}
    return {kind: kernels for kind, kernels in named.items() if kernels}


def sizes_of(kind: Kind) -> list[Size]:
    n = N if kind.layout[1] == "t" else align(N, BOX)
    if kind.layout[0] == "t":
        return [Size(BOX, n, K)] if kind.grouping == "dense" else [row_groups((BOX, BOX), n, K)]
    if kind.grouping == "dense":
        return [replace(size, n=n) for size in DENSE]
    return [row_groups(GROUPS.get(kind.grouping, UNEQUAL_GROUPS), n, K)]


def cases_of(
    kind: Kind, formats: Formats, backend: Backend, rng: np.random.Generator
) -> Iterator[tuple[str, Problem, np.ndarray]]:
    """Name, problem, and what the memory of D must be by the CPU backend."""
    for size in sizes_of(kind):
        operands = draw(kind, size, rng, "finite")
        both = [lay_out(kind, size, operands, one) for one in (backend, CpuBackend())]
        problem, on_cpu = in_formats(both, formats, rng)
        on_cpu.reset()
        call(on_cpu)
        yield f"{formats}, {size}", problem, np.array(on_cpu.read())


def count_formats(names: Names) -> int:
    return sum(
        len(readers(kind, one, kernels)) * len(sizes_of(kind))
        for kind, kernels in names.items()
        for one in formats_of(kind)
    )


def run_formats(names: Names, backend: Backend, tallies: Tallies, seed: int, step: Step) -> None:
    """Every case; `step` is called with a kernel's name before each."""
    rng = np.random.default_rng(seed)
    for kind, kernels in names.items():
        for formats in formats_of(kind):
            reading = readers(kind, formats, kernels)
            for case, problem, wanted in cases_of(kind, formats, backend, rng) if reading else ():
                for kernel, name in reading.items():
                    step(name)
                    with name_of_failing(f"{name}, {case}"):
                        tallies.count(name, case, _mismatch(problem, kernel, wanted))


def _mismatch(problem: Problem, kernel: int, wanted: np.ndarray) -> str:
    problem.reset()
    call(problem, kernel)
    return problem.mismatch(wanted)

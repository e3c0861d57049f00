"""The three comparisons: every kernel in every launch variant, rows beside other rows, and random pairs of kernels."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...problems.backends import Backend
from ...problems.call import call
from ...problems.kinds import KINDS, Kind, kernels_of
from ...problems.make import Problem, lay_out, make
from ...problems.sizes import Limits, Size, random_size
from ..tally import Tallies
from .variants import PLAIN, LaunchVariant, LaunchVariants

CPU_BACKEND = -1
POISONS = (0xA5, 0x5A)  # bytes that D is filled with before a run; two, so that what is not written differs
PAIRS_OF_A_SHAPE = 5  # drawing operands takes longer than running them
PARTS_OF_ROWS, ROWS_OF_A_PART = 3, 16  # 16: rows that every layout can address
Step = Callable[[str], None]


@dataclass(frozen=True)
class Subject:
    """What is run: a kernel, or the CPU backend."""

    kind: Kind
    kernel: int
    name: str


Subjects = dict[Kind, list[Subject]]


def gpu_subjects(specs: Iterable[dict[str, Any]]) -> Subjects:
    """Every kernel in every kind of call that it can run."""
    specs = list(specs)
    by_kind = {kind: kernels_of(kind, specs) for kind in KINDS.values()}
    return {
        kind: [Subject(kind, spec["kernel"], spec["name"]) for spec in of_kind]
        for kind, of_kind in by_kind.items()
        if of_kind
    }


def cpu_subjects() -> Subjects:
    """The CPU backend in every kind of call."""
    return {kind: [Subject(kind, CPU_BACKEND, "CPU backend")] for kind in KINDS.values()}


def problem_for(kind: Kind, size: Size, backend: Backend, rng: np.random.Generator) -> Problem:
    """FP8 operands hold every finite pattern; BF16 ones are standard normal."""
    return make(kind, size, backend, rng, values="finite" if kind.is_fp8 else "normal")


def run_in(
    problem: Problem, byte: int, kernel: int, variants: LaunchVariants, variant: LaunchVariant = PLAIN
) -> np.ndarray:
    """D's bits after one run of that variant, into memory full of that byte."""
    problem.reset(byte)
    problem.backend.synchronize()  # before the load, on which the run shall not wait
    with variants.applied(variant) as arguments:
        call(problem, kernel, **arguments)
        return problem.output()


def differing(one: np.ndarray, two: np.ndarray) -> str:
    """Empty if all bytes are equal."""
    wrong = one.view(np.uint8) != two.view(np.uint8)
    return f"{int(wrong.sum())} of {wrong.size} bytes differ" if wrong.any() else ""


def second_poison(problem: Problem) -> int:
    """Another byte than the first, unless parts of D stay unwritten."""
    return POISONS[0] if problem.kind.leaves_parts_of_d else POISONS[1]


def orders_of(count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """All rows in another order, and a few of them alone."""
    parts = (rng.permutation(count)[:ROWS_OF_A_PART] for _ in range(PARTS_OF_ROWS))
    return [rng.permutation(count), *parts]


@dataclass(frozen=True)
class Determinism:
    """What the comparisons share."""

    subjects: Subjects
    variants: LaunchVariants
    rng: np.random.Generator
    tallies: Tallies
    step: Step

    @property
    def backend(self) -> Backend:
        return self.variants.backend

    def repeat(self, size_of: Callable[[Kind], Size]) -> None:
        """Every subject in every variant: the bits of the first run, and of every other subject of its kind."""
        for kind, subjects in self.subjects.items():
            problem, first = problem_for(kind, size_of(kind), self.backend, self.rng), None
            for subject in subjects:
                for turn, variant in enumerate(self.variants.all):
                    self.step(subject.name)
                    byte = POISONS[0] if turn % 2 == 0 else second_poison(problem)
                    got = run_in(problem, byte, subject.kernel, self.variants, variant)
                    first = got if first is None else first
                    case = f"{subject.name}, {variant}, {problem.size}"
                    self.tallies.count(f"repeated: {kind}", case, differing(got, first))

    def permute(self, size: Size) -> None:
        """Rows in another order, and some of them alone, by every subject of a dense call: each row keeps its bits."""
        for kind, subjects in self.subjects.items():
            if kind.grouping != "dense":
                continue
            problem = problem_for(kind, size, self.backend, self.rng)
            parts = [(rows, _with_rows(problem, rows)) for rows in orders_of(size.m, self.rng)]
            for subject in subjects:
                whole = run_in(problem, POISONS[0], subject.kernel, self.variants)
                for rows, part in parts:
                    self.step(subject.name)
                    got = run_in(part, POISONS[1], subject.kernel, self.variants)
                    case = f"{subject.name}, {len(rows)} of {size.m} rows, {size}"
                    self.tallies.count(f"batch invariance: {kind}", case, differing(got, whole[rows]))

    def compare_pairs(self, limits: Limits, count: int) -> None:
        """Random shapes, each by a few pairs of random subjects of its kind, in two random variants."""
        for turn, problem in zip(range(count), self._random_problems(limits)):
            self.step(f"pair {turn + 1}")
            subjects, variants = (
                [self._any(pool) for _ in range(2)] for pool in (self.subjects[problem.kind], self.variants.all)
            )
            runs = zip(subjects, variants, (POISONS[0], second_poison(problem)), strict=True)
            outputs = [run_in(problem, byte, subject.kernel, self.variants, variant) for subject, variant, byte in runs]
            words = " against ".join(f"{s.name} ({v})" for s, v in zip(subjects, variants, strict=True))
            self.tallies.count(f"random pairs: {problem.kind}", f"{words}, {problem.size}", differing(*outputs))

    def _any(self, pool: list[Any]) -> Any:
        return pool[int(self.rng.integers(len(pool)))]

    def _random_problems(self, limits: Limits) -> Iterator[Problem]:
        """Of one kind after the other, each for some pairs."""
        while True:
            for kind in self.subjects:
                problem = problem_for(kind, random_size(self.rng, kind, limits), self.backend, self.rng)
                for _ in range(PAIRS_OF_A_SHAPE):
                    yield problem


def _with_rows(problem: Problem, rows: np.ndarray) -> Problem:
    """The problem for those rows of A, in that order."""
    size = Size(len(rows), problem.size.n, problem.size.k)
    return lay_out(problem.kind, size, problem.operands.rows(rows), problem.backend)

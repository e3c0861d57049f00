"""The three comparisons: every kernel in every way, rows in other company, and random pairs of kernels."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ... import _core
from ..tally import Tallies
from .calls import POISONS, Problem, differing, launch, make_problem, mn_major, poison, read
from .kinds import Kind, Limits, Size, kinds_of, random_size
from .ways import PLAIN, Way, Ways

CPU_BACKEND = -1
PAIRS_OF_A_SHAPE = 5  # drawing operands takes longer than running them


@dataclass(frozen=True)
class Subject:
    """What is run: a kernel, or the CPU backend."""

    kind: Kind
    kernel: int
    name: str


Step = Callable[[str], None]


def run_in(problem: Problem, byte: int, kernel: int, ways: Ways, way: Way = PLAIN) -> np.ndarray:
    """D's bytes after one run, that way, into memory full of that byte."""
    poison(problem, byte)  # waits for the device, so it comes before the load
    with ways.taken(way) as arguments:
        launch(problem, kernel, **arguments)
        return read(problem)


def _second_poison(problem: Problem) -> int:
    return POISONS[0] if problem.unwritten_is_allowed else POISONS[1]


def repeat(
    subjects: list[Subject],
    size_of: Callable[[Kind], Size],
    ways: Ways,
    random: np.random.Generator,
    tallies: Tallies,
    step: Step,
) -> None:
    """Every subject in every way: the bits of its first run, and of every other subject of its kind."""
    for kind in dict.fromkeys(subject.kind for subject in subjects):
        problem, first = make_problem(random, kind, size_of(kind), ways.place), None
        for subject in (subject for subject in subjects if subject.kind == kind):
            for turn, way in enumerate(ways.all):
                step(subject.name)
                byte = POISONS[0] if turn % 2 == 0 else _second_poison(problem)
                got = run_in(problem, byte, subject.kernel, ways, way)
                first = got if first is None else first
                tallies.count(f"repeated: {kind}", f"{subject.name}, {way}, {problem.size}", differing(got, first))


def _with_rows(problem: Problem, rows: np.ndarray) -> Problem:
    """The problem for those rows of A, in that order."""
    place, kind = problem.place, problem.kind
    if kind.family == "bf16_gemm":
        (a,) = problem.host
        a = np.ascontiguousarray(a[rows] if kind.layout[0] == "n" else a[:, rows])
        operands = (place.put(a), problem.operands[1])
    else:
        a, sfa = (np.ascontiguousarray(matrix[rows]) for matrix in problem.host)
        operands = (place.put(a), mn_major(place, sfa), *problem.operands[2:])
    d = place.put(np.zeros((len(rows), problem.size.n), problem.place.get(problem.d).dtype))
    return replace(problem, size=Size((len(rows),), problem.size.n, problem.size.k), operands=operands, d=d)


def permute(
    subjects: list[Subject],
    size: Size,
    ways: Ways,
    random: np.random.Generator,
    tallies: Tallies,
    step: Step,
) -> None:
    """Rows in another order, and some of them alone, by every subject without groups: each row keeps its bits."""
    for kind in dict.fromkeys(subject.kind for subject in subjects if subject.kind.grouping == "dense"):
        problem = make_problem(random, kind, size, ways.place)
        orders = [random.permutation(size.counts[0])]
        orders += [random.permutation(size.counts[0])[:16] for _ in range(3)]  # 16: rows that every layout can address
        parts = [(rows, _with_rows(problem, rows)) for rows in orders]
        for subject in (subject for subject in subjects if subject.kind == kind):
            whole = run_in(problem, POISONS[0], subject.kernel, ways)
            for rows, part in parts:
                step(subject.name)
                got = run_in(part, POISONS[1], subject.kernel, ways)
                case = f"{subject.name}, {len(rows)} of {size.counts[0]} rows, {size}"
                tallies.count(f"rows in other company: {kind}", case, differing(got, whole[rows]))


def compare_pairs(
    subjects: list[Subject],
    limits: Limits,
    count: int,
    ways: Ways,
    random: np.random.Generator,
    tallies: Tallies,
    step: Step,
) -> None:
    """Random shapes, each by a few pairs of random subjects of its kind, in two random ways."""
    kinds = list(dict.fromkeys(subject.kind for subject in subjects))
    by_kind = {kind: [subject for subject in subjects if subject.kind == kind] for kind in kinds}
    for turn in range(count):
        if turn % PAIRS_OF_A_SHAPE == 0:
            kind = kinds[turn // PAIRS_OF_A_SHAPE % len(kinds)]
            problem = make_problem(random, kind, random_size(random, kind, limits), ways.place)
        pair = [by_kind[kind][int(random.integers(len(by_kind[kind])))] for _ in range(2)]
        chosen = [ways.all[int(random.integers(len(ways.all)))] for _ in range(2)]
        step(f"pair {turn + 1}")
        bytes_before = (POISONS[0], _second_poison(problem))
        runs = zip(pair, chosen, bytes_before, strict=True)
        outputs = [run_in(problem, byte, subject.kernel, ways, way) for subject, way, byte in runs]
        words = " against ".join(f"{subject.name} ({way})" for subject, way in zip(pair, chosen, strict=True))
        tallies.count(f"random pairs: {kind}", f"{words}, {problem.size}", differing(*outputs))


def gpu_subjects(kernels: list[dict[str, Any]]) -> list[Subject]:
    """Every kernel in every kind of call that it can run."""
    return [Subject(kind, spec["kernel"], spec["name"]) for spec in kernels for kind in kinds_of(spec)]


def cpu_subjects() -> list[Subject]:
    """The CPU backend in every kind of call that the library has kernels of."""
    kinds = dict.fromkeys(kind for spec in _core.specs() for kind in kinds_of(spec))
    return [Subject(kind, CPU_BACKEND, "CPU backend") for kind in kinds]

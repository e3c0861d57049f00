"""The one loop of the self-tests: every kernel of every kind over every size and layout of a suite, bit for bit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _core
from ..errors import CudaError
from ..problems.backends import Backend, CpuBackend
from ..problems.call import call, call_public
from ..problems.form import COperand, Run
from ..problems.kinds import Kind
from ..problems.make import Problem, lay_out, with_row_major_scales
from ..problems.sizes import Size
from ..problems.values import Values, draw
from .expected import Expectation, Product, cpu_backend_product, defined_product
from .suites import Suite
from .tally import Tallies

BY_SELECTION = -1
Names = dict[Kind, dict[int, str]]  # what runs each kind: index and name of kernels, -1 for the library's choice
Step = Callable[[str], None]


@dataclass(frozen=True)
class Trial:
    """Where problems are run, of which values, and what D is compared with."""

    backend: Backend
    values: Values
    product: Product


def trial_on(backend: Backend) -> Trial:
    """A GPU is compared with the CPU backend, which is compared with the definition."""
    if isinstance(backend, CpuBackend):
        return Trial(backend, "finite", defined_product)
    return Trial(backend, "edge", cpu_backend_product)


def names_of(kernels: dict[Kind, list[dict[str, Any]]]) -> Names:
    """The kernels that run each kind and, with any, the choice of the library."""
    return {
        kind: {spec["kernel"]: _name(spec, kind) for spec in specs} | {BY_SELECTION: f"kernel chosen for {kind.name}"}
        for kind, specs in kernels.items()
        if specs
    }


def _name(spec: dict[str, Any], kind: Kind) -> str:
    """A kernel's name, and what it runs if it is made for another call."""
    return spec["name"] if spec["grouping"] == kind.grouping else f"{spec['name']}, {kind.grouping}"


def count_cases(suite: Suite, level: str, names: Names) -> int:
    return suite.count_cases(level) * sum(map(len, names.values()))


def run_suite(suite: Suite, level: str, names: Names, trial: Trial, tallies: Tallies, seed: int, step: Step) -> None:
    """Every case; `step` is called with a kernel's name before each. The number of SMs is put back in the end."""
    before = _core.get_num_sms()
    try:
        for case, problem, wanted in cases_of(suite, level, list(names), trial, np.random.default_rng(seed)):
            for kernel, name in names[problem.kind].items():
                step(name)
                with name_of_failing(f"{name}, {case}"):
                    tallies.count(name, case, mismatch(problem, kernel, wanted))
    finally:
        _core.set_num_sms(before)


Case = tuple[str, Problem, np.ndarray]  # its name, and what the memory of D must be


def cases_of(suite: Suite, level: str, kinds: list[Kind], trial: Trial, rng: np.random.Generator) -> Iterator[Case]:
    """Every case of the suite; the run's number of SMs is set while it is out."""
    for sizes in suite.sizes[level] if kinds else ():
        largest = max(sizes, key=lambda size: (size.m, size.n))
        operands = draw(kinds[0], largest, rng, trial.values)
        expectation = Expectation(kinds[0], largest, operands, trial.product)
        for run in suite.runs:
            _core.set_num_sms(run.num_sms)
            for place, size in enumerate(sizes):
                part = operands if size is largest else operands.first(size.m, size.n)
                c = run.c[place % len(run.c)]
                for kind in kinds:
                    problem = lay_out(kind, size, part, trial.backend, run.memory, c)
                    yield _words(run, size, c), problem, _wanted(problem, expectation)


def _wanted(problem: Problem, expectation: Expectation) -> np.ndarray:
    """The memory of D: the first rows and columns of what is expected of the largest size, amid poison."""
    whole = expectation.bits(problem.kind, problem.c is not None)
    return problem.surrounded(whole[tuple(map(slice, problem.view_of_d.shape))])


def _words(run: Run, size: Size, c: COperand) -> str:
    sms = f", {run.num_sms} SMs" if run.num_sms else ""
    return f"{run.memory.name} {size}{sms}{'' if c == 'none' else ', with C'}"


def mismatch(problem: Problem, kernel: int, wanted: np.ndarray) -> str:
    """What is wrong with a kernel's output; -1 is the call that a user makes, with scales as a cast leaves them."""
    problem.reset()
    if kernel == BY_SELECTION:
        call_public(with_row_major_scales(problem))
    else:
        call(problem, kernel)
    return problem.mismatch(wanted)


@contextmanager
def name_of_failing(name: str) -> Iterator[None]:
    """Puts the kernel and the case in front of what the driver says."""
    try:
        yield
    except CudaError as error:
        raise CudaError(f"{name}: {error}") from error

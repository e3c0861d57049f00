"""Calls that are no GEMM, every one of problems/operations: on a GPU against the CPU backend, there against NumPy."""

from collections.abc import Callable, Iterator

import numpy as np

import aotgemm

from .. import _core
from ..problems.backends import Backend, CpuBackend
from ..problems.operation import Inputs, Operation, OperationCall, Run, difference, lay_out
from ..problems.operations import OPERATIONS
from .cases import name_of_failing
from .kernels_here import has_kernels
from .tally import Tallies

Step = Callable[[str], None]
HOST = "host"
CPU = CpuBackend()


def level_on(backend: Backend, level: str) -> str:
    """The CPU backend is held against a slow definition, so that it has sizes of its own."""
    return HOST if isinstance(backend, CpuBackend) else level


def count_operations(level: str, backend: Backend = CPU) -> int:
    """Cases at a level of all operations that the backend can run."""
    return sum(
        len(operation.sizes[level]) * len(operation.runs)
        for operation in OPERATIONS.values()
        if has_kernels(operation, backend)
    )


def without_kernels(backend: Backend) -> list[str]:
    """Names of the operations that the backend cannot run."""
    return [name for name, operation in OPERATIONS.items() if not has_kernels(operation, backend)]


def _wanted(operation: Operation, size: object, inputs: Inputs, backend: Backend) -> dict[str, np.ndarray]:
    if isinstance(backend, CpuBackend):
        return operation.defined(size, inputs)
    call = lay_out(operation, size, inputs, CpuBackend())
    call.run()
    return call.read()


def mismatch(call: OperationCall, run: Run, wanted: dict[str, np.ndarray]) -> str:
    """What is wrong with the outputs of a call, or beside them."""
    call.reset()
    made = call.run_public(aotgemm) if run.public else call.run()
    return call.mismatch(wanted) if made is None else difference(call.outputs, made, wanted)


def _words(run: Run, size: object) -> str:
    words = [run.memory.name] * (run.memory.row_padding > 0) + [str(size)] + [f"{run.num_sms} SMs"] * (run.num_sms > 0)
    return " ".join(words)


def _cases(operation: Operation, level: str, backend: Backend, rng: np.random.Generator) -> Iterator[tuple[str, str]]:
    """Name of each case, and what is wrong."""
    values = "finite" if isinstance(backend, CpuBackend) else "edge"
    for size in operation.sizes[level]:
        inputs = operation.draw(size, rng, values)
        wanted = _wanted(operation, size, inputs, backend)
        for run in operation.runs:
            _core.set_num_sms(run.num_sms)
            with name_of_failing(f"{operation}, {size}"):
                yield _words(run, size), mismatch(lay_out(operation, size, inputs, backend, run.memory), run, wanted)


def run_operations(backend: Backend, level: str, tallies: Tallies, seed: int, step: Step) -> None:
    """Every case; `step` is called with the operation's name before each is counted. The number of SMs is put back."""
    rng, before = np.random.default_rng(seed), _core.get_num_sms()
    try:
        for operation in (one for one in OPERATIONS.values() if has_kernels(one, backend)):
            for case, wrong in _cases(operation, level, backend, rng):
                step(operation.name)
                tallies.count(operation.name, case, wrong)
    finally:
        _core.set_num_sms(before)

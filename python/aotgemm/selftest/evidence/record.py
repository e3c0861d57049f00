"""Records a run: every case of every assumption by every kernel that can run it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import Error
from ...problems.backends import Backend
from .assumption import Assumption
from .case import CPU_BACKEND, Case, encoded, kernels_of, result

Step = Callable[[str], None]


def _run(case: Case, backend: Backend, kernel: int) -> dict[str, Any]:
    """D, or what the call or the GPU said instead."""
    try:
        return {"d": encoded(result(case, backend, kernel))}
    except Error as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _results(case: Case, backend: Backend, kernels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each outcome once, with the kernels that had it."""
    by_index = {spec["kernel"]: spec["name"] for spec in kernels_of(case, kernels)} if kernels else {-1: CPU_BACKEND}
    found: list[dict[str, Any]] = []
    for index, name in by_index.items():
        outcome = _run(case, backend, index)
        same = next((one for one in found if one["outcome"] == outcome), None)
        if same is None:
            found.append(same := {"kernels": [], "outcome": outcome})
        same["kernels"].append(name)
    return found


def _case(case: Case, backend: Backend, kernels: list[dict[str, Any]]) -> dict[str, Any]:
    operands = {name: encoded(operand) for name, operand in case.operands().items()}
    words = {"family": case.family, "out_dtype": case.out_dtype, "gran": list(case.gran)}
    words["instruction"] = case.instruction and list(case.instruction)
    return words | operands | {"results": _results(case, backend, kernels)}


def record(
    assumptions: list[Assumption], backend: Backend, kernels: list[dict[str, Any]], seed: int, step: Step
) -> list[dict[str, Any]]:
    """The assumptions with their cases and what each kernel gave. kernels: none for the CPU backend."""
    found = []
    for number, one in enumerate(assumptions):
        step(one.name)
        cases = [_case(case, backend, kernels) for case in one.draw(np.random.default_rng((seed, number)))]
        found.append({"name": one.name, "family": one.family, "words": one.words, "cases": cases})
    return found

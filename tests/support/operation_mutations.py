"""Calls that are no GEMM with operands changed at random: places in memory alone, as in call_mutations."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import aotgemm
import numpy as np
from aotgemm.problems.backends import CpuBackend
from aotgemm.problems.operation import Operation, OperationCall, lay_out
from call_mutations import Place, mutated_operands


@dataclass(frozen=True)
class PlacedCall:
    """A call and where its arrays are said to lie; the call owns the memory of the index, which the CPU reads."""

    call: OperationCall
    operands: dict[str, Place | None]

    @property
    def options(self) -> str:
        return str(self.call.size)

    def verdict(self, tensor: Callable[[Place], Any]) -> str:
        """What is raised, in words; empty if nothing is."""
        given = {name: None if place is None else tensor(place) for name, place in self.operands.items()}
        try:
            replace(self.call, operands=self.call.operands | given).run()
        except aotgemm.Error as error:
            return f"{type(error).__name__}: {error}"
        return ""


def _place_of(name: str, at: int, array: np.ndarray) -> Place:
    steps = tuple(step // array.itemsize for step in array.strides)
    return Place(array.ctypes.data if name == "index" else at << 40, array.shape, steps, array.dtype.name)


def random_operation_call(rng: np.random.Generator, operation: Operation) -> PlacedCall:
    """A sound call."""
    sizes = operation.sizes["host"]
    size = sizes[rng.integers(len(sizes))]
    call = lay_out(operation, size, operation.draw(size, rng, "finite"), CpuBackend())
    arrays = {name: array for name, array in call.operands.items() if isinstance(array, np.ndarray)}
    return PlacedCall(call, {name: _place_of(name, at, array) for at, (name, array) in enumerate(arrays.items(), 1)})


def mutated_operation(rng: np.random.Generator, placed: PlacedCall) -> PlacedCall:
    """With another operand."""
    return replace(placed, operands=mutated_operands(rng, placed.operands))

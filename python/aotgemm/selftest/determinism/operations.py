"""Calls that are no GEMM, every one of problems/operations: in every launch variant, and rows beside other rows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...problems.backends import Backend
from ...problems.operation import Inputs, Operation, OperationCall, difference, lay_out
from ...problems.operations import OPERATIONS
from ..kernels_here import has_kernels
from ..operations import CPU
from ..tally import Tallies
from .checks import PARTS_OF_ROWS, POISONS, Step, orders_of
from .variants import PLAIN, LaunchVariant, LaunchVariants

Outputs = dict[str, np.ndarray]


def count_operations(level: str, variants: int, backend: Backend = CPU) -> int:
    """Cases at a level of all operations that the backend can run."""
    return sum(
        len(operation.sizes[level]) * (variants + (operation.rows is not None) * (1 + PARTS_OF_ROWS))
        for operation in OPERATIONS.values()
        if has_kernels(operation, backend)
    )


@dataclass(frozen=True)
class OperationDeterminism:
    """What the comparisons share. level: of the operations' sizes."""

    level: str
    variants: LaunchVariants
    rng: np.random.Generator
    tallies: Tallies
    step: Step

    def _problems(self) -> Iterator[tuple[Operation, object, Inputs]]:
        for operation in (one for one in OPERATIONS.values() if has_kernels(one, self.variants.backend)):
            for size in operation.sizes[self.level]:
                yield operation, size, operation.draw(size, self.rng, "finite")

    def _call(self, operation: Operation, size: object, inputs: Inputs) -> OperationCall:
        return lay_out(operation, size, inputs, self.variants.backend)

    def _run_in(self, call: OperationCall, byte: int, variant: LaunchVariant = PLAIN) -> Outputs:
        """The outputs of one run of that variant, into memory full of that byte."""
        call.reset(byte)
        self.variants.backend.synchronize()  # before the load, on which the run shall not wait
        with self.variants.applied(variant) as arguments:
            call.run(**arguments)
            return call.read()

    def repeat(self) -> None:
        """Every operation in every variant: the bits of the first run."""
        for operation, size, inputs in self._problems():
            call, first = self._call(operation, size, inputs), None
            for turn, variant in enumerate(self.variants.all):
                self.step(operation.name)
                got = self._run_in(call, _poison(call, turn), variant)
                first = got if first is None else first
                case = f"{variant}, {size}"
                self.tallies.count(f"repeated: {operation}", case, difference(call.outputs, got, first))

    def permute(self) -> None:
        """Rows in another order, and some of them alone, where an operation has rows: each keeps its bits."""
        for operation, size, inputs in self._problems():
            if operation.rows is None:
                continue
            count = operation.rows.count(size)
            whole = self._run_in(self._call(operation, size, inputs), POISONS[0])
            for rows in orders_of(count, self.rng):
                self.step(operation.name)
                part = self._call(operation, *operation.rows.chosen(size, inputs, rows))
                wanted = {name: np.take(whole[name], rows, axis) for name, axis in operation.rows.axis.items()}
                wrong = difference(part.outputs, self._run_in(part, POISONS[0]), wanted)
                case = f"{len(rows)} of {count} rows, {size}"
                self.tallies.count(f"batch invariance: {operation}", case, wrong)


def _poison(call: OperationCall, turn: int) -> int:
    """Of every second run another byte, so that what is not written differs; the same where parts stay unwritten."""
    return POISONS[turn % 2 if all(output.part is None for output in call.outputs.values()) else 0]

"""Partial sums of a sum over batches on a GPU, in memory that shows what a kernel leaves out or writes beside them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _core
from .backends import Backend, CudaBackend
from .kind import Kind
from .memory import View
from .sizes import Size

UNWRITTEN = 0xFF  # bytes before a run: NaN, so that a partial sum left out shows in D
DTYPE = "float32"


@dataclass(frozen=True)
class Workspace:
    """Partial sums [ranges, M, N], a matrix of guards before them and one behind."""

    backend: Backend
    memory: Any
    matrix: int  # elements of one [M, N]
    parts: Any  # the view that the call takes

    def reset(self) -> None:
        self.backend.fill(self.memory, UNWRITTEN)

    def mismatch(self) -> str:
        """What was written beside the partial sums; empty if nothing was."""
        raw = self.backend.get(self.memory).view(np.uint8).reshape(-1)
        guard = self.matrix * 4
        written = np.count_nonzero(raw[:guard] != UNWRITTEN) + np.count_nonzero(raw[-guard:] != UNWRITTEN)
        return f"{written} bytes beside the partial sums were written" if written else ""


def workspace_of(kind: Kind, size: Size, backend: Backend) -> Workspace | None:
    """The workspace of the call, where it needs one."""
    if kind.grouping != "batch_reduced" or not isinstance(backend, CudaBackend):
        return None
    ranges, matrix = _core.batch_ranges(size.batches, size.m, size.n), size.m * size.n
    flat = (ranges + 2) * matrix
    memory = backend.empty(flat, DTYPE)
    shape, strides = (ranges, size.m, size.n), (matrix, size.n, 1)
    workspace = Workspace(backend, memory, matrix, backend.view(memory, View(DTYPE, shape, strides, flat, matrix)))
    workspace.reset()
    return workspace

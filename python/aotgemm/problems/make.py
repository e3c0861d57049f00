"""The one maker of problems: operands of any kind of call, on any backend, in any layout of memory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import LayoutError
from .backends import Backend
from .form import COperand
from .kind import Kind
from .memory import CONTIGUOUS, POISON_BYTE, GuardedOutput, MemoryLayout, View, numpy_dtype
from .scales import SCALE_BLOCK, pack
from .sizes import Size
from .values import Operands, Values, blocks_of, column_segments, draw, in_batches
from .views import contiguous_view, guard_of, placement_of, views_of
from .workspace import Workspace, workspace_of


@dataclass(frozen=True)
class Problem:
    """One problem and its operands on a backend; None is an operand that the call has not.

    index: grouped_layout, masked_m or ks_tensor. memory: all of D's, guards included; `before` is what it holds before
    a run, None for poison. operands: the values on the host. grans: elements of K under one packed scale of A and of
    B. workspace: of a sum over batches on a GPU; None leaves it
    to the library.
    """

    kind: Kind
    size: Size
    backend: Backend
    a: Any
    sfa: Any
    b: Any
    sfb: Any
    c: Any
    d: Any
    index: Any
    memory: Any = None
    guard: GuardedOutput | None = None
    view_of_d: View | None = None
    before: np.ndarray | None = None
    operands: Operands | None = None
    grans: tuple[int, int] = (SCALE_BLOCK, SCALE_BLOCK)
    workspace: Workspace | None = None

    def reset(self, byte: int = POISON_BYTE) -> None:
        """Fills the memory of D with poison of that byte, or with C where D holds it, and the workspace with NaN."""
        if self.workspace is not None:
            self.workspace.reset()
        if self.before is None:
            self.backend.fill(self.memory, byte)
        else:
            self.backend.write(self.memory, self.before)

    def read(self) -> np.ndarray:
        """The memory of D as raw bits, after all work on the backend: a copy of a GPU's, the CPU's own."""
        self.backend.synchronize()
        return self.backend.get(self.memory).view(self.guard.element)

    def output(self) -> np.ndarray:
        """A copy of D's rows as raw bits, after all work on the backend."""
        return np.array(self.guard.inside(self.read()))

    def surrounded(self, d: np.ndarray) -> np.ndarray:
        """The memory of D after a run that gives raw bits `d`, of D's shape, with poison where it has none."""
        memory = self.guard.poisoned()
        self.view_of_d.of(memory)[...] = d
        return memory

    def mismatch(self, wanted: np.ndarray) -> str:
        """How the memory of D, or that around the workspace, differs from what is wanted; empty if it does not."""
        found = self.guard.mismatch(self.read(), wanted)
        return found or (self.workspace.mismatch() if self.workspace is not None else "")

    def mapped(self, function: Callable[[Any], Any]) -> "Problem":
        """The problem with function(operand) in the place of every operand, such as another framework's view of it.

        The library brings the workspace then.
        """
        names = ("a", "sfa", "b", "sfb", "c", "d", "index")
        same = {id(getattr(self, name)): getattr(self, name) for name in names}
        done = {key: None if operand is None else function(operand) for key, operand in same.items()}
        return replace(self, workspace=None, **{name: done[id(getattr(self, name))] for name in names})


def _poison(dtype: np.dtype, size: int) -> np.ndarray:
    """NaN, of floating point or of UE8M0."""
    return np.full(size, -1 if dtype == np.int32 else np.nan, dtype)


def _rows_of_a(kind: Kind, size: Size, distinct: np.ndarray, source: np.ndarray) -> np.ndarray:
    """The rows of A, or of its scales, in the order of the call; those of no group are NaN."""
    rows, placement = distinct[source], placement_of(kind, size)
    if placement is not None:
        rows[placement.group_of_row < 0] = np.nan
    return rows.reshape(size.groups, -1, rows.shape[1]) if kind.separates_rows else rows


def _flat_groups(kind: Kind, size: Size, matrix: np.ndarray) -> np.ndarray:
    """The matrices of the groups of K, one after the other."""
    return np.concatenate([matrix[:, columns].reshape(-1) for columns in column_segments(kind, size)])


def _arranged_values(kind: Kind, size: Size, operands: Operands) -> dict[str, np.ndarray]:
    """A and B in the shapes that the call takes."""
    a = _rows_of_a(kind, size, operands.a, operands.source)
    b = operands.b if kind.has_row_groups else operands.b[0]
    if kind.grouping == "batch_reduced":
        a, b = in_batches(a, size.batches), in_batches(b, size.batches)
    if kind.is_flat:
        a, b = _flat_groups(kind, size, a), _flat_groups(kind, size, b)
    a = a.swapaxes(-1, -2) if kind.layout[0] == "t" else a
    return {"a": a, "b": b.swapaxes(-1, -2) if kind.layout[1] == "n" else b}


def _arranged_scales(kind: Kind, size: Size, operands: Operands) -> dict[str, np.ndarray]:
    """The scales, if there are any, in the shapes that the call takes."""
    if not kind.is_fp8:
        return {}
    sfa = _rows_of_a(kind, size, operands.sfa, operands.source)
    return {"sfa": sfa, "sfb": operands.sfb if kind.has_row_groups else operands.sfb[0]}


def _packed(kind: Kind, size: Size, scales: np.ndarray) -> np.ndarray:
    """Each group of K by itself."""
    segments = column_segments(kind, size) if kind.grouping == "k_grouped" else [slice(0, size.k)]
    return np.concatenate([pack(scales[..., blocks_of(columns)]) for columns in segments], -1)


def _scales_of_core(kind: Kind, size: Size, operands: Operands) -> dict[str, np.ndarray]:
    """The scales as the library's core takes them: packed where the family packs them."""
    scales = _arranged_scales(kind, size, operands)
    return {name: _packed(kind, size, x) for name, x in scales.items()} if kind.packs_scales else scales


def _placed(backend: Backend, view: View, values: np.ndarray) -> Any:
    """The values in memory of the backend as the view says, NaN between them."""
    flat = _poison(numpy_dtype(view.dtype), view.size)
    view.of(flat)[...] = values
    return backend.view(backend.put(flat), view)


def index_of(kind: Kind, size: Size) -> np.ndarray | None:
    """grouped_layout, masked_m or ks_tensor of the call, int32."""
    if kind.grouping == "k_grouped":
        return np.array(size.counts, np.int32)
    placement = placement_of(kind, size)
    return None if placement is None else placement.index


def lay_out(
    kind: Kind,
    size: Size,
    operands: Operands,
    backend: Backend,
    memory: MemoryLayout = CONTIGUOUS,
    c: COperand = "none",
    mn_major: bool = True,
) -> Problem:
    """The problem of these values on a backend. mn_major: scales by row as a GPU reads them, else row-major."""
    views, guard = views_of(kind, size, memory, mn_major), guard_of(kind, size, memory)
    arranged = _arranged_values(kind, size, operands) | _scales_of_core(kind, size, operands)
    placed = {name: _placed(backend, views[name], x) for name, x in arranged.items()}
    index = index_of(kind, size)
    output = backend.empty(guard.size, views["d"].dtype)
    backend.fill(output, POISON_BYTE)
    problem = Problem(
        kind=kind,
        size=size,
        backend=backend,
        a=placed["a"],
        sfa=placed.get("sfa"),
        b=placed["b"],
        sfb=placed.get("sfb"),
        c=None,
        d=backend.view(output, views["d"]),
        index=None if index is None else backend.put(index),
        memory=output,
        guard=guard,
        view_of_d=views["d"],
        operands=operands,
        workspace=workspace_of(kind, size, backend),
    )
    return problem if c == "none" else _with_c(problem, c == "in_place")


def _with_c(problem: Problem, in_place: bool) -> Problem:
    """Raises LayoutError where the call has no C."""
    if problem.operands.c is None:
        raise LayoutError(f"c: is {'in_place' if in_place else 'separate'}, allowed is none for {problem.kind}")
    view, backend = problem.view_of_d, problem.backend
    c = problem.operands.c.astype(numpy_dtype(view.dtype))
    if in_place:
        return replace(problem, c=problem.d, before=problem.surrounded(c.view(problem.guard.element)))
    return replace(problem, c=_placed(backend, contiguous_view(view.dtype, view.shape), c))


def with_row_major_scales(problem: Problem) -> Problem:
    """The same problem, in the same D, with FP32 scales as a cast leaves them."""
    scales = _arranged_scales(problem.kind, problem.size, problem.operands)
    return replace(problem, **{name: problem.backend.put(np.ascontiguousarray(x)) for name, x in scales.items()})


def make(
    kind: Kind,
    size: Size,
    backend: Backend,
    rng: np.random.Generator,
    *,
    memory: MemoryLayout = CONTIGUOUS,
    values: Values = "normal",
    c: COperand = "none",
    mn_major: bool = True,
) -> Problem:
    """A problem of random values: draw, then lay_out."""
    return lay_out(kind, size, draw(kind, size, rng, values), backend, memory, c, mn_major)

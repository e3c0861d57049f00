"""Operands for timing: views of a few large arrays, filled once, so that thousands of shapes cost nothing."""

from collections.abc import Callable, Iterable
from typing import Any

import ml_dtypes
import numpy as np

from ..ops.cast import per_token_cast_to_fp8
from .backends import Backend
from .form import COperand
from .kind import Kind
from .make import Problem, index_of
from .memory import CONTIGUOUS, View
from .sizes import Size
from .views import contiguous_view, views_of

Filler = Callable[[np.random.Generator, int], np.ndarray]

CHUNK = 1 << 22  # distinct random elements, repeated over each array
SCALE_RANGE = 2e-3, 8e-3  # of a standard normal block, amax / 448
SEED = 0


def _scales(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.uniform(*SCALE_RANGE, count).astype(np.float32)


def _packed_scales(rng: np.random.Generator, count: int) -> np.ndarray:
    """Of about the same size."""
    return rng.integers(117, 121, 4 * count, np.uint8).view(np.int32)


def _normal(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.standard_normal((count // 1024, 1024), np.float32)


def _bf16(rng: np.random.Generator, count: int) -> np.ndarray:
    return _normal(rng, count).astype(ml_dtypes.bfloat16).reshape(-1)


def _fp8(rng: np.random.Generator, count: int) -> np.ndarray:
    return per_token_cast_to_fp8(_normal(rng, count), False)[0].reshape(-1)


FILLERS: dict[str, Filler] = {"float32": _scales, "int32": _packed_scales, "bfloat16": _bf16, "float8_e4m3fn": _fp8}


def _filler(kind: Kind, name: str, dtype: str) -> Filler:
    """What an operand is filled with: scales, or standard normal values, quantised."""
    form = kind.prepacked_b
    of_form = {"b": form.fill_b, "sfb": form.fill_sfb} if form else {}
    return of_form.get(name) or FILLERS[dtype]


def _filled(backend: Backend, chunk: np.ndarray, dtype: str, size: int) -> Any:
    """Memory of `size` elements that repeats the chunk."""
    memory = backend.empty(size, dtype)
    for start in range(0, size, chunk.size):
        count = min(chunk.size, size - start)
        part = backend.view(memory, View(dtype, (count,), (1,), size, start))
        backend.write(part, chunk[:count])
    return memory


class OperandArena:
    """Memory for every problem of a list of sizes, `sets` times; operands of two problems of a set are the same memory.

    Operands are contiguous, scales as a GPU's kernel reads them, D zero at first. c: as `make` takes it; a C of its own
    lies beside D. Problems of this arena are for timing: they have neither guards around D nor values on the host.
    """

    def __init__(
        self, kind: Kind, sizes: Iterable[Size], backend: Backend, *, c: COperand = "none", sets: int = 1
    ) -> None:
        self._kind, self._backend, self._c = kind, backend, c
        self._indices: dict[Size, Any] = {}
        largest: dict[str, View] = {}
        for size in sizes:
            for name, view in self._views(size).items():
                largest[name] = max(view, largest.get(name, view), key=lambda one: one.size)
        rng = np.random.default_rng(SEED)
        fillers = dict.fromkeys(_filler(kind, name, view.dtype) for name, view in largest.items() if name != "d")
        chunks = {filler: filler(rng, CHUNK) for filler in fillers}
        self._sets = [self._allocate(largest, chunks) for _ in range(sets)]

    def _views(self, size: Size) -> dict[str, View]:
        views = views_of(self._kind, size, CONTIGUOUS, guard_rows=0)
        if self._c == "separate":
            views["c"] = contiguous_view(views["d"].dtype, views["d"].shape)
        return views

    def _allocate(self, largest: dict[str, View], chunks: dict[Filler, np.ndarray]) -> dict[str, Any]:
        backend = self._backend
        memory = {
            name: _filled(backend, chunks[_filler(self._kind, name, view.dtype)], view.dtype, view.size)
            for name, view in largest.items()
            if name != "d"
        }
        memory["d"] = backend.empty(largest["d"].size, largest["d"].dtype)
        backend.fill(memory["d"], 0)
        return memory

    def _index(self, size: Size) -> Any:
        if size not in self._indices:
            index = index_of(self._kind, size)
            self._indices[size] = None if index is None else self._backend.put(index)
        return self._indices[size]

    def problem(self, size: Size, turn: int = 0) -> Problem:
        """The problem of one of the sizes, in the set number `turn`, counted round."""
        memory = self._sets[turn % len(self._sets)]
        x = {name: self._backend.view(memory[name], view) for name, view in self._views(size).items()}
        c = x["d"] if self._c == "in_place" else x.get("c")
        operands = x["a"], x.get("sfa"), x["b"], x.get("sfb"), c, x["d"]
        return Problem(self._kind, size, self._backend, *operands, self._index(size), memory["d"])

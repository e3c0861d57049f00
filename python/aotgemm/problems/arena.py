"""Operands for timing: views of a few large arrays, filled once, so that thousands of shapes cost nothing."""

from collections.abc import Iterable
from typing import Any

import ml_dtypes
import numpy as np

from ..ops.cast import per_token_cast_to_fp8
from .backends import Backend
from .form import COperand
from .fp4_words import random_scale_words
from .kind import Kind
from .make import Problem, index_of
from .memory import CONTIGUOUS, View
from .sizes import Size
from .views import contiguous_view, views_of

CHUNK = 1 << 22  # distinct random elements, repeated over each array
SCALE_RANGE = 2e-3, 8e-3  # of a standard normal block, amax / 448
SEED = 0


def _content(kind: Kind, name: str, dtype: str) -> str:
    """What an operand is filled with: its dtype, or what words of FP4 weights and of their scales are."""
    return {"b": "words", "sfb": "words of scales"}.get(name, dtype) if kind.b_in_words else dtype


def _chunk(rng: np.random.Generator, dtype: str) -> np.ndarray:
    """CHUNK elements of a content: scales, or standard normal values, quantised."""
    if dtype == "words":
        return rng.integers(-(2**31), 2**31, CHUNK, np.int32)
    if dtype == "words of scales":
        return random_scale_words(rng, CHUNK)
    if dtype == "float32":
        return rng.uniform(*SCALE_RANGE, CHUNK).astype(np.float32)
    if dtype == "int32":  # packed, of about the same size
        return rng.integers(117, 121, 4 * CHUNK, np.uint8).view(np.int32)
    values = rng.standard_normal((CHUNK // 1024, 1024), np.float32)
    if dtype == "bfloat16":
        return values.astype(ml_dtypes.bfloat16).reshape(-1)
    return per_token_cast_to_fp8(values, False)[0].reshape(-1)


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
        contents = dict.fromkeys(_content(kind, name, view.dtype) for name, view in largest.items())
        chunks = {content: _chunk(rng, content) for content in contents}
        self._sets = [self._allocate(largest, chunks) for _ in range(sets)]

    def _views(self, size: Size) -> dict[str, View]:
        views = views_of(self._kind, size, CONTIGUOUS, guard_rows=0)
        if self._c == "separate":
            views["c"] = contiguous_view(views["d"].dtype, views["d"].shape)
        return views

    def _allocate(self, largest: dict[str, View], chunks: dict[str, np.ndarray]) -> dict[str, Any]:
        backend = self._backend
        memory = {
            name: _filled(backend, chunks[_content(self._kind, name, view.dtype)], view.dtype, view.size)
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

"""Operation: a call that is no GEMM, with all that the self-tests and `aotgemm bench` ask of it.

operations/NAME.py states each. Its sizes are of a type of its own, hashable, and read well as text.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..arrays.frameworks import contiguous_stride, span
from ..arrays.sizes import get_tma_aligned_size
from .backends import ARCHS, Backend, CpuBackend, speaking_for_one_of
from .form import FEW_SMS
from .memory import CONTIGUOUS, POISON_BYTE, STRIDED, MemoryLayout, View, numpy_dtype
from .values import Values

GUARD = 256  # elements around an output that no kernel may write
Inputs = dict[str, Any]  # by name: arrays, and numbers and flags as they are


@dataclass(frozen=True)
class Output:
    """An output of a call.

    stride: in elements; None for row-major. part: the elements whose bits the call defines, None for all. The others
    may hold anything. An element that the call must leave alone is in the part, and defined to be POISON_BYTE.
    """

    dtype: str
    shape: tuple[int, ...]
    stride: tuple[int, ...] | None = None
    part: np.ndarray | None = None


@dataclass(frozen=True)
class Run:
    """How a self-test runs each size. num_sms: 0 for all. public: the call that a user makes, which may allocate."""

    memory: MemoryLayout = CONTIGUOUS
    num_sms: int = 0
    public: bool = False


RUNS = Run(), Run(STRIDED, FEW_SMS), Run(public=True)
CONTIGUOUS_RUNS = Run(), Run(public=True)
LEVELS = ("full", "quick", "small", "host")  # of the self-tests


def at_every_level(sizes: Sequence[Any]) -> dict[str, Sequence[Any]]:
    """Operation.sizes of an operation whose sizes are few and small."""
    return dict.fromkeys(LEVELS, sizes)


@dataclass(frozen=True)
class Rows:
    """What an operation computes row by row, so that a row has the same bits beside other rows.

    count: rows of a size. chosen: size and inputs of these rows alone, in this order. axis: of the rows, by output.
    """

    count: Callable[[Any], int]
    chosen: Callable[[Any, Inputs, np.ndarray], tuple[Any, Inputs]]
    axis: Mapping[str, int]


@dataclass(frozen=True)
class Measured:
    """What `aotgemm bench` measures, beside DeepGEMM's function of the same name where it has one.

    size: draws one. bytes, flops: what a call moves and computes, over live elements. precision: of the tensor cores,
    fp8 or bf16; None where they are not used. peers: by name what it is, and a call for operands that are PyTorch
    tensors.
    """

    size: Callable[[np.random.Generator], Any]
    bytes: Callable[[Any], int]
    flops: Callable[[Any], int] = lambda size: 0
    precision: str | None = None
    peers: Mapping[str, tuple[str, Callable[["OperationCall"], Callable[[], Any]]]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)  # a key of tables: an operation is itself
class Operation:
    """An operation of the library.

    name: of the public function. families: whose kernels it launches.
    variant: what is particular to it, where several operations are calls of one function.
    archs: the architectures that have the call.
    sizes: by level of the self-tests (full, quick, small; host: of the CPU backend against the definition).
    draw: inputs on the host; "edge" values may hold NaN, "finite" ones are for the definition.
    outputs: what the call writes, in the order in which the public function returns it.
    run: the call with its outputs given; options are `stream` (a CUstream, None for the default one) and `threads` (of
    the CPU backend, 0 for all). public: the user's call through aotgemm or a library with the same names; what it gives
    back are the outputs, unless it writes the call's own and returns None.
    defined: the outputs by the definition in NumPy. strided: operands whose rows may lie apart.
    """

    name: str
    families: tuple[str, ...]
    sizes: Mapping[str, Sequence[Any]]
    draw: Callable[[Any, np.random.Generator, Values], Inputs]
    outputs: Callable[[Any, Inputs], dict[str, Output]]
    run: Callable[..., None]
    public: Callable[["OperationCall", Any], Any]
    defined: Callable[[Any, Inputs], dict[str, np.ndarray]]
    strided: tuple[str, ...] = ()
    runs: tuple[Run, ...] = RUNS
    rows: Rows | None = None
    measured: Measured | None = None
    variant: str = ""
    archs: tuple[str, ...] = ARCHS

    def __str__(self) -> str:
        return f"{self.name}, {self.variant}" if self.variant else self.name


@dataclass(frozen=True)
class OperationCall:
    """One call and its operands on a backend. call["name"] is an operand, or an input that is none.

    values: the inputs on the host. memory: of each output, guards included. views: of the outputs in there.
    """

    operation: Operation
    size: Any
    backend: Backend
    values: Inputs
    operands: dict[str, Any]
    outputs: dict[str, Output]
    memory: dict[str, Any]
    views: dict[str, View]

    def __getitem__(self, name: str) -> Any:
        return self.operands[name]

    @property
    def kind(self) -> Operation:
        """What kind of call it is."""
        return self.operation

    def reset(self, byte: int = POISON_BYTE) -> None:
        """Fills the memory of all outputs with that byte."""
        for memory in self.memory.values():
            self.backend.fill(memory, byte)

    def _made(self) -> AbstractContextManager[None]:
        """In which calls are made: on the CPU for an architecture that has them."""
        return speaking_for_one_of(self.operation.archs) if isinstance(self.backend, CpuBackend) else nullcontext()

    def run(self, **options: Any) -> None:
        with self._made():
            self.operation.run(self, **options)

    def run_public(self, library: Any) -> dict[str, np.ndarray] | None:
        """The user's call: the outputs that it made, on the host; None where it wrote those of this call."""
        with self._made():
            made = self.operation.public(self, library)
        if made is None:
            return None
        made = made if isinstance(made, tuple) else (made,)
        return {name: read_array(self.backend, array) for name, array in zip(self.outputs, made, strict=True)}

    def raw(self, name: str) -> np.ndarray:
        """The bytes of an output's memory, after all work on the backend."""
        self.backend.synchronize()
        return np.ascontiguousarray(self.backend.get(self.memory[name])).view(np.uint8).reshape(-1)

    def read(self) -> dict[str, np.ndarray]:
        """Copies of all outputs."""
        flat = {name: self.raw(name).view(numpy_dtype(view.dtype)) for name, view in self.views.items()}
        return {name: np.array(self.views[name].of(memory)) for name, memory in flat.items()}

    def mismatch(self, wanted: dict[str, np.ndarray]) -> str:
        """How outputs and the memory around them differ from what is wanted; empty if they do not."""
        beside = [self._beside(name) for name in self.outputs]
        return ", ".join(filter(None, [difference(self.outputs, self.read(), wanted), *beside]))

    def _beside(self, name: str) -> str:
        """What was written beside an output."""
        raw, view = np.array(self.raw(name)), self.views[name]
        bits = np.dtype(f"u{numpy_dtype(view.dtype).itemsize}")
        view.of(raw.view(bits))[...] = int.from_bytes(bytes([POISON_BYTE]) * bits.itemsize, "little")
        written = int((raw != POISON_BYTE).sum())
        return f"{written} bytes beside {name} were written" if written else ""

    def mapped(self, function: Callable[[Any], Any]) -> "OperationCall":
        """The call with function(operand) in the place of every array on the backend."""
        arrays = {name for name, value in self.values.items() if isinstance(value, np.ndarray)} | set(self.outputs)
        operands = {name: function(one) if name in arrays else one for name, one in self.operands.items()}
        return replace(self, operands=operands)


def difference(outputs: dict[str, Output], got: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> str:
    """How the defined parts of the outputs differ; empty if they are equal to the bit."""
    return ", ".join(filter(None, (_differs(outputs[name].part, got[name], wanted[name]) for name in outputs)))


def _differs(part: np.ndarray | None, got: np.ndarray, wanted: np.ndarray) -> str:
    if (got.shape, got.dtype) != (wanted.shape, wanted.dtype):
        return f"{got.dtype} {list(got.shape)} instead of {wanted.dtype} {list(wanted.shape)}"
    one, two = (np.ascontiguousarray(array if part is None else array[part]).view(np.uint8) for array in (got, wanted))
    wrong = int((one != two).sum())
    return f"{wrong} of {one.size} bytes differ" if wrong else ""


def read_array(backend: Backend, array: Any) -> np.ndarray:
    """A copy of an array of any strides."""
    if isinstance(backend, CpuBackend):
        return np.array(array)
    flat = backend.get(array.as_strided([span(array.shape, array.stride)], [1], 0))
    return np.array(View(array.dtype, tuple(array.shape), tuple(array.stride), flat.size).of(flat))


def _view(dtype: str, shape: Sequence[int], stride: Sequence[int] | None, padding: int, guard: int) -> View:
    """A view amid `guard` elements; without strides given row-major, with `padding` bytes between rows."""
    stride = list(stride or contiguous_stride(shape))
    if padding and len(shape) > 1:
        size = numpy_dtype(dtype).itemsize
        pitch = get_tma_aligned_size(shape[-1], size) + padding // size
        stride = [*(step * pitch for step in contiguous_stride(shape[:-1])), 1]
    return View(dtype, tuple(shape), tuple(stride), span(shape, stride) + 2 * guard, guard)


def _unused(dtype: np.dtype, size: int) -> np.ndarray:
    """NaN, or of integers a pattern that is no index."""
    if np.issubdtype(dtype, np.integer):
        return np.full(size * dtype.itemsize, POISON_BYTE, np.uint8).view(dtype)
    return np.full(size, np.nan, dtype)


def _placed(backend: Backend, values: np.ndarray, padding: int) -> Any:
    """The values in memory of the backend, NaN between them."""
    view = _view(values.dtype.name, values.shape, None, padding, 0)
    flat = _unused(values.dtype, view.size)
    view.of(flat)[...] = values
    return backend.view(backend.put(flat), view)


def lay_out(
    operation: Operation, size: Any, values: Inputs, backend: Backend, memory: MemoryLayout = CONTIGUOUS
) -> OperationCall:
    """The call of these inputs on a backend, its outputs amid poison."""
    padding = dict.fromkeys(operation.strided, memory.row_padding)
    operands = {
        name: _placed(backend, value, padding.get(name, 0)) if isinstance(value, np.ndarray) else value
        for name, value in values.items()
    }
    outputs = operation.outputs(size, values)
    views = {name: _view(x.dtype, x.shape, x.stride, padding.get(name, 0), GUARD) for name, x in outputs.items()}
    flat = {name: backend.empty(view.size, view.dtype) for name, view in views.items()}
    operands |= {name: backend.view(flat[name], view) for name, view in views.items()}
    call = OperationCall(operation, size, backend, values, operands, outputs, flat, views)
    call.reset()
    return call

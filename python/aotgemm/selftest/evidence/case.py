"""Case: one small dense GEMM, or a few matrix instructions, with all of its bits, and how it is run by a kernel or by
the CPU backend."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import _core
from ...problems.backends import Backend
from ...problems.memory import POISON_BYTE, RAW, View, numpy_dtype

CPU_BACKEND = "CPU backend"


@dataclass(frozen=True, eq=False)
class Case:
    """D [M, N] = C + A [M, K] B [N, K]^T, with scales where the family has them; operands as aotgemm_gemm takes them.

    gran: elements of K under one packed scale of A and of B; 0 for families without packed scales.
    instruction: of family tcgen05_mma, whose operands are raw bits and which has a C: kind of tcgen05.mma, type of A,
        type of B (aotgemm_tcgen05_mma).
    """

    family: str
    a: np.ndarray
    b: np.ndarray
    sfa: np.ndarray | None = None
    sfb: np.ndarray | None = None
    c: np.ndarray | None = None
    out_dtype: str = "float32"
    gran: tuple[int, int] = (0, 0)
    instruction: tuple[str, str, str] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Of D."""
        return len(self.a), len(self.b)

    def operands(self) -> dict[str, np.ndarray | None]:
        return {name: getattr(self, name) for name in ("a", "sfa", "b", "sfb", "c")}


def _placed(backend: Backend, array: np.ndarray | None) -> Any:
    """On the backend, with the array's order of elements: matrices whose first dimension is adjacent stay so."""
    if array is None or array.flags.c_contiguous:
        return None if array is None else backend.put(array)
    flat = backend.put(np.ascontiguousarray(array.T).reshape(-1))
    return backend.view(flat, View(array.dtype.name, array.shape, (1, len(array)), array.size))


def _by_instructions(case: Case, backend: Backend) -> np.ndarray:
    a, sfa, b, sfb = (_placed(backend, operand) for operand in (case.a, case.sfa, case.b, case.sfb))
    kind, type_a, type_b = case.instruction or ("", "", "")
    d = backend.put(np.array(case.c, np.float32))
    _core.tcgen05_mma(kind, type_a, a, sfa, type_b, b, sfb, d)
    backend.synchronize()
    return np.array(backend.get(d)).view(RAW["float32"]).reshape(case.shape)


def result(case: Case, backend: Backend, kernel: int = -1) -> np.ndarray:
    """Raw bits of D by a kernel, -1 for the library's choice. Raises what the call raises."""
    if case.instruction is not None:
        return _by_instructions(case, backend)
    placed = [_placed(backend, operand) for operand in case.operands().values()]
    memory = backend.empty(int(np.prod(case.shape)), case.out_dtype)
    backend.fill(memory, POISON_BYTE)
    d = backend.view(memory, View(case.out_dtype, case.shape, (case.shape[1], 1), int(np.prod(case.shape))))
    grans = {"gran_k_a": case.gran[0], "gran_k_b": case.gran[1]} if any(case.gran) else {}
    _core.gemm(case.family, "dense", "nt", *placed, d, kernel=kernel, **grans)
    backend.synchronize()
    return np.array(backend.get(memory)).view(RAW[case.out_dtype]).reshape(case.shape)


def kernels_of(case: Case, kernels: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Those that run it."""
    if case.instruction is not None:
        yield from (k for k in kernels if k["family"] == case.family)
        return
    out = {"float32": "fp32", "bfloat16": "bf16"}[case.out_dtype]
    words = case.family, "dense", "nt", out
    yield from (k for k in kernels if (k["family"], k["grouping"], k["layout"], k["out_dtype"]) == words)


def encoded(array: np.ndarray | None) -> dict[str, Any] | None:
    """As JSON holds it: hexadecimal bytes in the order of memory."""
    if array is None:
        return None
    order = "C" if array.flags.c_contiguous else "F"
    return {"dtype": array.dtype.name, "shape": list(array.shape), "order": order, "hex": array.tobytes(order).hex()}


def decoded(text: dict[str, Any] | None) -> np.ndarray | None:
    """Raises LookupError, TypeError or ValueError for what `encoded` does not write."""
    if text is None:
        return None
    flat = np.frombuffer(bytes.fromhex(text["hex"]), numpy_dtype(text["dtype"]))
    return flat.reshape(text["shape"], order=text["order"])

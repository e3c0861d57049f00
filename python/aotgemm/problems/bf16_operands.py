"""Operands of BF16 GEMMs on the GPU, as in operands.py."""

from collections.abc import Iterable
from dataclasses import dataclass

import ml_dtypes
import numpy

from .. import _core
from .operands import CHUNK, SEED, filled

DeviceArray = _core.DeviceArray


@dataclass(frozen=True)
class Bf16Operands:
    """A [M, K] and B [N, K], or transposed as the layout says (B [K, N] with n), and D [M, N]; all row-major."""

    layout: str
    a: DeviceArray
    b: DeviceArray
    d: DeviceArray

    def run(self, kernel: int = -1) -> None:
        """D = A @ B^T by the kernel of that index; -1 is the library's choice."""
        _core.bf16_gemm(self.layout, self.a, self.b, None, self.d, kernel)


def factor(rows: int, k: int, is_transposed: bool) -> tuple[int, int]:
    """Shape of a factor in memory."""
    return (k, rows) if is_transposed else (rows, k)


class Bf16Memory:
    """Flat arrays for the largest of several (rows of A, rows of B, N, K): standard normal values; D uninitialised."""

    def __init__(self, sizes: Iterable[tuple[int, int, int, int]], out_dtype: str = "bfloat16") -> None:
        sizes = list(sizes)
        values = numpy.random.default_rng(SEED).standard_normal(CHUNK, numpy.float32).astype(ml_dtypes.bfloat16)
        self.a = filled(values, "bfloat16", max(a * k for a, _, _, k in sizes))
        self.b = filled(values, "bfloat16", max(b * k for _, b, _, k in sizes))
        self.d = DeviceArray.empty([max(a * n for a, _, n, _ in sizes)], out_dtype)


class Bf16Pool:
    """Memory for every problem of a list of (M, N, K, 1)."""

    def __init__(
        self, problems: Iterable[tuple[int, int, int, int]], layout: str = "nt", out_dtype: str = "bfloat16"
    ) -> None:
        self._memory, self._layout = Bf16Memory(((m, n, n, k) for m, n, k, _ in problems), out_dtype), layout

    def operands(self, m: int, n: int, k: int, groups: int = 1) -> Bf16Operands:
        """Views for one problem; those of two problems share memory."""
        memory, (of_a, of_b) = self._memory, self._layout
        sizes = (memory.a, factor(m, k, of_a == "t")), (memory.b, factor(n, k, of_b == "n")), (memory.d, (m, n))
        views = (array.as_strided([rows, columns], [columns, 1]) for array, (rows, columns) in sizes)
        return Bf16Operands(self._layout, *views)

"""Operands of BF16 GEMMs on the GPU, as in operands.py."""

from collections.abc import Iterable
from dataclasses import dataclass

import ml_dtypes
import numpy

from ... import _core
from .operands import CHUNK, SEED, filled

DeviceArray = _core.DeviceArray


@dataclass(frozen=True)
class Bf16Operands:
    """A [M, K], B [N, K] and D [M, N], BF16, row-major."""

    a: DeviceArray
    b: DeviceArray
    d: DeviceArray

    def run(self, kernel: int = -1) -> None:
        """D = A @ B^T by the kernel of that index; -1 is the library's choice."""
        _core.bf16_gemm("nt", self.a, self.b, None, self.d, kernel)


class Bf16Pool:
    """Memory for every problem of a list of (M, N, K, 1): standard normal values."""

    def __init__(self, problems: Iterable[tuple[int, int, int, int]]) -> None:
        problems = list(problems)
        values = numpy.random.default_rng(SEED).standard_normal(CHUNK, numpy.float32).astype(ml_dtypes.bfloat16)
        self._a = filled(values, "bfloat16", max(m * k for m, _, k, _ in problems))
        self._b = filled(values, "bfloat16", max(n * k for _, n, k, _ in problems))
        self._d = DeviceArray.empty([max(m * n for m, n, _, _ in problems)], "bfloat16")

    def operands(self, m: int, n: int, k: int, groups: int = 1) -> Bf16Operands:
        """Views for one problem; those of two problems share memory."""
        views = (
            array.as_strided([rows, width], [width, 1])
            for array, rows, width in ((self._a, m, k), (self._b, n, k), (self._d, m, n))
        )
        return Bf16Operands(*views)

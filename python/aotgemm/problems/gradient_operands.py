"""Operands of FP8 weight gradients on the GPU, as in operands.py: both scaled by row, added to an FP32 D."""

from collections.abc import Iterable

import numpy

from .. import _core
from ..arrays.sizes import align, ceil_div
from .operands import CHUNK, SCALE_RANGE, SEED, Fp8Arrays, filled, fp8_values

DeviceArray = _core.DeviceArray


class GradientOperands(Fp8Arrays):
    """A [M, K] and B [N, K] with 1x128 scales as the TMA reads them, D [M, N] FP32, which is C too."""

    def run(self, kernel: int = -1) -> None:
        """D += A @ B^T by the kernel of that index; -1 is the library's choice."""
        _core.fp8_gemm_nt_1d1d(self.a, self.sfa, self.b, self.sfb, self.d, self.d, kernel)


class _Side:
    """Values and scales of A or B for the largest of several (rows, K)."""

    def __init__(self, values: numpy.ndarray, scales: numpy.ndarray, sizes: list[tuple[int, int]]) -> None:
        self._values = filled(values, "float8_e4m3fn", max(rows * k for rows, k in sizes))
        self._scales = filled(scales, "float32", max(align(rows, 4) * ceil_div(k, 128) for rows, k in sizes))

    def views(self, rows: int, k: int) -> tuple[DeviceArray, DeviceArray]:
        scales = self._scales.as_strided([rows, ceil_div(k, 128)], [1, align(rows, 4)])
        return self._values.as_strided([rows, k], [k, 1]), scales


class GradientPool:
    """Memory for every problem of a list of (M, N, K, 1)."""

    def __init__(self, problems: Iterable[tuple[int, int, int, int]]) -> None:
        problems, random = list(problems), numpy.random.default_rng(SEED)
        values, scales = fp8_values(random), random.uniform(*SCALE_RANGE, CHUNK).astype(numpy.float32)
        self._a = _Side(values, scales, [(m, k) for m, _, k, _ in problems])
        self._b = _Side(values, scales, [(n, k) for _, n, k, _ in problems])
        self._d = filled(numpy.zeros(CHUNK, numpy.float32), "float32", max(m * n for m, n, _, _ in problems))

    def operands(self, m: int, n: int, k: int, groups: int = 1) -> GradientOperands:
        """Views for one problem; those of two problems share memory."""
        return GradientOperands(*self._a.views(m, k), *self._b.views(n, k), self._d.as_strided([m, n], [n, 1]))

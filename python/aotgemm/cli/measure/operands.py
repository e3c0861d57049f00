"""Operands of GEMMs on the GPU: views of a few large arrays, filled once, so that thousands of shapes cost nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import ml_dtypes
import numpy

from ... import _core
from ...cast import per_token_cast_to_fp8
from ...sizes import align, ceil_div

DeviceArray = _core.DeviceArray
CHUNK = 1 << 22  # distinct random elements, repeated over each array
SCALE_RANGE = 2e-3, 8e-3  # of a standard normal block, amax / 448
SEED = 0


@dataclass(frozen=True)
class Fp8Operands:
    """A [M, K] with 1x128 scales as the TMA reads them, B [N, K] with 128x128 scales, D [M, N] BF16."""

    a: DeviceArray
    sfa: DeviceArray
    b: DeviceArray
    sfb: DeviceArray
    d: DeviceArray

    def run(self, kernel: int = -1) -> None:
        """D = A @ B^T by the kernel of that index; -1 is the library's choice."""
        _core.fp8_gemm_nt(self.a, self.sfa, self.b, self.sfb, self.d, kernel)


def _filled(chunk: numpy.ndarray, dtype: str, size: int) -> DeviceArray:
    """An array of `size` elements that repeats the chunk."""
    memory = DeviceArray.empty([size], dtype)
    raw = chunk.reshape(-1).view(numpy.uint8)
    for start in range(0, size, chunk.size):
        count = min(chunk.size, size - start)
        memory.as_strided([count], [1], start).copy_from(raw[: count * chunk.itemsize])
    return memory


class Fp8Pool:
    """Memory for every problem of a list of (M, N, K): standard normal values, quantised; random scales."""

    def __init__(self, problems: Iterable[tuple[int, int, int]]) -> None:
        problems, random = list(problems), numpy.random.default_rng(SEED)
        values, _ = per_token_cast_to_fp8(random.standard_normal((CHUNK // 1024, 1024), numpy.float32), False)
        scales = random.uniform(*SCALE_RANGE, CHUNK).astype(numpy.float32)

        def most(size: Callable[[int, int, int], int]) -> int:
            return max(size(*problem) for problem in problems)

        self._a = _filled(values, "float8_e4m3fn", most(lambda m, n, k: m * k))
        self._b = _filled(values, "float8_e4m3fn", most(lambda m, n, k: n * k))
        self._sfa = _filled(scales, "float32", most(lambda m, n, k: align(m, 4) * ceil_div(k, 128)))
        self._sfb = _filled(scales, "float32", most(lambda m, n, k: ceil_div(n, 128) * ceil_div(k, 128)))
        self._d = DeviceArray.empty([most(lambda m, n, k: m * n)], "bfloat16")

    def operands(self, m: int, n: int, k: int) -> Fp8Operands:
        """Views for one problem; those of two problems share memory."""
        blocks = ceil_div(k, 128)
        return Fp8Operands(
            self._a.as_strided([m, k], [k, 1]),
            self._sfa.as_strided([m, blocks], [1, align(m, 4)]),
            self._b.as_strided([n, k], [k, 1]),
            self._sfb.as_strided([ceil_div(n, 128), blocks], [blocks, 1]),
            self._d.as_strided([m, n], [n, 1]),
        )


@dataclass(frozen=True)
class Bf16Operands:
    """A [M, K], B [N, K] and D [M, N] in BF16."""

    a: DeviceArray
    b: DeviceArray
    d: DeviceArray

    def run(self, kernel: int = -1) -> None:
        """D = A @ B^T by the kernel of that index; -1 is the library's choice."""
        _core.bf16_gemm("nt", self.a, self.b, None, self.d, kernel)


class Bf16Pool:
    """Memory for every problem of a list of (M, N, K): standard normal values."""

    def __init__(self, problems: Iterable[tuple[int, int, int]]) -> None:
        problems, random = list(problems), numpy.random.default_rng(SEED)
        values = random.standard_normal(CHUNK, numpy.float32).astype(ml_dtypes.bfloat16)
        self._a = _filled(values, "bfloat16", max(m * k for m, _, k in problems))
        self._b = _filled(values, "bfloat16", max(n * k for _, n, k in problems))
        self._d = DeviceArray.empty([max(m * n for m, n, _ in problems)], "bfloat16")

    def operands(self, m: int, n: int, k: int) -> Bf16Operands:
        """Views for one problem; those of two problems share memory."""
        return Bf16Operands(
            self._a.as_strided([m, k], [k, 1]),
            self._b.as_strided([n, k], [k, 1]),
            self._d.as_strided([m, n], [n, 1]),
        )

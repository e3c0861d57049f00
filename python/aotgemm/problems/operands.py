"""Operands of GEMMs on the GPU: views of a few large arrays, filled once, so that thousands of shapes cost nothing."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy

from .. import _core
from ..arrays.sizes import align, ceil_div
from ..ops.cast import per_token_cast_to_fp8

DeviceArray = _core.DeviceArray
CHUNK = 1 << 22  # distinct random elements, repeated over each array
SCALE_RANGE = 2e-3, 8e-3  # of a standard normal block, amax / 448
SEED = 0


@dataclass(frozen=True)
class Fp8Arrays:
    """A, its scales, B, its scales and D of a GEMM in FP8."""

    a: DeviceArray
    sfa: DeviceArray
    b: DeviceArray
    sfb: DeviceArray
    d: DeviceArray


class Fp8Operands(Fp8Arrays):
    """A [M, K] with 1x128 scales as the TMA reads them, B [N, K] with 128x128 scales, D [M, N] BF16."""

    def run(self, kernel: int = -1) -> None:
        """D = A @ B^T by the kernel of that index; -1 is the library's choice."""
        _core.fp8_gemm_nt(self.a, self.sfa, self.b, self.sfb, self.d, kernel)


def filled(chunk: numpy.ndarray, dtype: str, size: int) -> DeviceArray:
    """An array of `size` elements that repeats the chunk."""
    memory = DeviceArray.empty([size], dtype)
    raw = chunk.reshape(-1).view(numpy.uint8)
    for start in range(0, size, chunk.size):
        count = min(chunk.size, size - start)
        memory.as_strided([count], [1], start).copy_from(raw[: count * chunk.itemsize])
    return memory


def fp8_values(random: numpy.random.Generator) -> numpy.ndarray:
    """CHUNK standard normal values, quantised."""
    return per_token_cast_to_fp8(random.standard_normal((CHUNK // 1024, 1024), numpy.float32), False)[0]


class Fp8Memory:
    """Flat arrays for the largest of several (rows of A, rows of B, N, K): standard normal values, quantised; random
    scales; D uninitialised."""

    def __init__(self, sizes: Iterable[tuple[int, int, int, int]]) -> None:
        sizes, random = list(sizes), numpy.random.default_rng(SEED)
        values = fp8_values(random)
        scales = random.uniform(*SCALE_RANGE, CHUNK).astype(numpy.float32)
        self.a = filled(values, "float8_e4m3fn", max(a * k for a, _, _, k in sizes))
        self.b = filled(values, "float8_e4m3fn", max(b * k for _, b, _, k in sizes))
        self.sfa = filled(scales, "float32", max(align(a, 4) * ceil_div(k, 128) for a, _, _, k in sizes))
        self.sfb = filled(scales, "float32", max(ceil_div(b, 128) * ceil_div(k, 128) for _, b, _, k in sizes))
        self.d = DeviceArray.empty([max(a * n for a, _, n, _ in sizes)], "bfloat16")


class Fp8Pool:
    """Memory for every problem of a list of (M, N, K, 1)."""

    def __init__(self, problems: Iterable[tuple[int, int, int, int]]) -> None:
        self._memory = Fp8Memory((m, n, n, k) for m, n, k, _ in problems)

    def operands(self, m: int, n: int, k: int, groups: int = 1) -> Fp8Operands:
        """Views for one problem; those of two problems share memory."""
        blocks, memory = ceil_div(k, 128), self._memory
        return Fp8Operands(
            memory.a.as_strided([m, k], [k, 1]),
            memory.sfa.as_strided([m, blocks], [1, align(m, 4)]),
            memory.b.as_strided([n, k], [k, 1]),
            memory.sfb.as_strided([ceil_div(n, 128), blocks], [blocks, 1]),
            memory.d.as_strided([m, n], [n, 1]),
        )

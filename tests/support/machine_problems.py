"""Small problems for the PTX machine: operands on its device, a kernel of one's choice, and what D must be."""

from dataclasses import dataclass

import ml_dtypes
import numpy as np
from aotgemm import _core

POISON = 0xA5
BF16, FP32, FP8 = ml_dtypes.bfloat16, np.float32, ml_dtypes.float8_e4m3fn


def on_device(array):
    out = _core.DeviceArray.empty(array.shape, array.dtype.name, 0)
    out.copy_from(np.ascontiguousarray(array).reshape(-1).view(np.uint8))
    return out


def mn_major(scales):
    """Scales [..., MN, K blocks] as the kernels want them: columns of a multiple of 4, NaN in what is left over."""
    *groups, rows, columns = scales.shape
    height = -(-rows // 4) * 4
    memory = np.full((*groups, columns, height), np.nan, FP32)
    memory[..., :rows] = scales.swapaxes(-1, -2)
    return on_device(memory).as_strided(scales.shape, [columns * height, 1, height][-scales.ndim :])


def random_fp8(random, *shape):
    bits = random.integers(0, 256, shape, np.uint8)
    bits[(bits & 0x7F) == 0x7F] ^= 0x40
    return bits.view(FP8)


def random_scales(random, *shape):
    return np.ldexp(random.uniform(1, 2, shape), random.integers(-12, 4, shape)).astype(FP32)


def kernel_number(name):
    return next(spec["kernel"] for spec in _core.specs() if spec["name"] == name)


@dataclass
class Problem:
    """`run()` launches; `d` is compared with `wanted`, both as raw bytes."""

    run: object
    d: object
    wanted: np.ndarray

    def differing(self):
        got = np.empty(self.wanted.nbytes, np.uint8)
        self.d.copy_to(got)
        return int((got != self.wanted.reshape(-1).view(np.uint8)).sum())


def _out(shape, dtype):
    d = _core.DeviceArray.empty(shape, np.dtype(dtype).name, 0)
    d.fill_bytes(POISON)
    return d


def fp8_1d2d(kernel, m, n, k, random):
    a, b = random_fp8(random, m, k), random_fp8(random, n, k)
    blocks = -(-k // 128)
    sfa, sfb = random_scales(random, m, blocks), random_scales(random, -(-n // 128), blocks)
    wanted = np.empty((m, n), BF16)
    _core.fp8_gemm_nt(a, sfa, b, sfb, wanted)
    operands = on_device(a), mn_major(sfa), on_device(b), on_device(sfb), _out((m, n), BF16)
    return Problem(lambda: _core.fp8_gemm_nt(*operands, kernel_number(kernel)), operands[-1], wanted)


def fp8_1d2d_masked(kernel, m, n, k, random):
    groups, blocks = 3, -(-k // 128)
    a, b = random_fp8(random, groups, m, k), random_fp8(random, groups, n, k)
    sfa, sfb = random_scales(random, groups, m, blocks), random_scales(random, groups, -(-n // 128), blocks)
    rows = np.array([m // 3, 0, m], np.int32)
    wanted = np.full((groups, m, n * 2), POISON, np.uint8).view(BF16)
    _core.m_grouped_fp8_gemm_nt_masked(a, sfa, b, sfb, wanted, rows, m)
    operands = on_device(a), mn_major(sfa), on_device(b), on_device(sfb), _out((groups, m, n), BF16), on_device(rows)
    run = lambda: _core.m_grouped_fp8_gemm_nt_masked(*operands, m, kernel=kernel_number(kernel))  # noqa: E731
    return Problem(run, operands[-2], wanted)


def fp8_1d1d(kernel, m, n, k, random):
    a, b = random_fp8(random, m, k), random_fp8(random, n, k)
    blocks = -(-k // 128)
    sfa, sfb = random_scales(random, m, blocks), random_scales(random, n, blocks)
    c = random.standard_normal((m, n)).astype(FP32)
    wanted = np.empty((m, n), FP32)
    _core.fp8_gemm_nt_1d1d(a, sfa, b, sfb, c, wanted)
    operands = on_device(a), mn_major(sfa), on_device(b), mn_major(sfb), on_device(c), _out((m, n), FP32)
    return Problem(lambda: _core.fp8_gemm_nt_1d1d(*operands, kernel_number(kernel)), operands[-1], wanted)


def bf16(kernel, m, n, k, random):
    layout, dtype = kernel.split("_dense_")[1].split("_")[:2]
    dtype = {"bf16": BF16, "fp32": FP32}[dtype]
    a, b = (random.standard_normal((rows, k)).astype(BF16) for rows in (m, n))
    c = random.standard_normal((m, n)).astype(dtype)
    stored = (a.T if layout[0] == "t" else a), (b.T if layout[1] == "n" else b)
    a, b = (np.ascontiguousarray(matrix) for matrix in stored)
    wanted = np.empty((m, n), dtype)
    _core.bf16_gemm(layout, a, b, c, wanted)
    operands = on_device(a), on_device(b), on_device(c), _out((m, n), dtype)
    return Problem(lambda: _core.bf16_gemm(layout, *operands, kernel_number(kernel)), operands[-1], wanted)


def transpose_sf(kernel, m, n, k, random):
    scales = random_scales(random, m, k)
    wanted = np.ascontiguousarray(scales.T)
    out = _out((k, m), FP32)
    source = on_device(scales)
    return Problem(lambda: _core.sf_to_mn_major(source, out.as_strided([m, k], [1, m])), out, wanted)


def cast(kernel, m, n, k, random):
    x = random.standard_normal((m, k)).astype(FP32)
    wanted, wanted_sf = np.empty((m, k), FP8), np.empty((-(-m // 128), -(-k // 128)), FP32)
    _core.per_block_cast_to_fp8(x, wanted, wanted_sf, False)
    source, q, sf = on_device(x), _out((m, k), FP8), _out(wanted_sf.shape, FP32)
    return Problem(lambda: _core.per_block_cast_to_fp8(source, q, sf, False), q, wanted)


FAMILIES = {f.__name__: f for f in (fp8_1d2d, fp8_1d2d_masked, fp8_1d1d, bf16, transpose_sf, cast)}

"""Calls of the CPU backend on raw bits, and the operands that its tests share."""

from pathlib import Path

import aotgemm
import ml_dtypes
import numpy as np
from aotgemm import _core

DATA = Path(__file__).parents[1] / "data"
VECTORS = {**np.load(DATA / "h100_wgmma_vectors.npz"), **np.load(DATA / "h100_subnormal_vectors.npz")}
DTYPES = {"fp8": ml_dtypes.float8_e4m3fn, "bf16": ml_dtypes.bfloat16, "tf32": np.float32}
BITS = {"fp8": np.uint8, "bf16": np.uint16, "tf32": np.uint32}


def wgmma_bits(family: str, a: np.ndarray, b: np.ndarray, threads: int = 1) -> np.ndarray:
    """FP32 bits [M, N] of the chain over raw operand bits a [M, K] and b [N, K]."""
    d = np.full((a.shape[0], b.shape[0]), -1.0, np.float32)
    _core.emulate_wgmma(a.view(DTYPES[family]), b.view(DTYPES[family]), d, threads)
    return d.view(np.uint32)


def gemm_bits(a: np.ndarray, sfa: np.ndarray, b: np.ndarray, sfb: np.ndarray) -> np.ndarray:
    """BF16 bits [M, N] of fp8_gemm_nt over raw E4M3 bits a [M, K] and b [N, K]."""
    d = np.full((a.shape[0], b.shape[0]), -1.0, ml_dtypes.bfloat16)
    aotgemm.fp8_gemm_nt((a.view(DTYPES["fp8"]), sfa), (b.view(DTYPES["fp8"]), sfb), d)
    return d.view(np.uint16)


def random_bits(rng: np.random.Generator, family: str, shape: tuple[int, int]) -> np.ndarray:
    """Any finite value: subnormals, zeros of both signs and the largest exponents among them."""
    bits = rng.integers(0, np.iinfo(BITS[family]).max, shape, BITS[family], endpoint=True)
    if family == "fp8":
        return np.where(bits & 0x7F == 0x7F, bits & 0x80, bits).astype(np.uint8)
    exponent = 0x7F80 if family == "bf16" else 0x7F800000
    return np.where(bits & exponent == exponent, 0, bits).astype(BITS[family])


def moderate_bits(rng: np.random.Generator, family: str, shape: tuple[int, int]) -> np.ndarray:
    """Normally distributed values with some zeros, in each format's middle range."""
    values = rng.standard_normal(shape).astype(np.float32) * (rng.random(shape) > 0.05)
    return values.astype(DTYPES[family]).view(BITS[family])


MANTISSA_BITS = {"fp8": 3, "bf16": 7, "tf32": 23}
EXPONENT_BITS = {"fp8": 4, "bf16": 8, "tf32": 8}


def sparse_bits(rng: np.random.Generator, family: str, shape: tuple[int, int]) -> np.ndarray:
    """Half zeros, many subnormals, and another ceiling for each row: a step's largest exponent is often theirs."""
    mantissa_bits, exponent_bits = MANTISSA_BITS[family], EXPONENT_BITS[family]
    ceilings = rng.choice([0, 1, 2, 5, (1 << exponent_bits - 1) + 2], (shape[0], 1))
    field = rng.integers(0, ceilings, shape, np.int64, endpoint=True)
    sign = rng.integers(0, 2, shape) << (mantissa_bits + exponent_bits)
    mantissa = rng.integers(0, 1 << mantissa_bits, shape)
    is_zero = rng.random(shape) < 0.5
    return np.where(is_zero, sign, sign | field << mantissa_bits | mantissa).astype(BITS[family])


def random_scales(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return np.exp2(rng.uniform(-12, 4, shape)).astype(np.float32)


def fp8_values(bits: np.ndarray) -> np.ndarray:
    return bits.view(DTYPES["fp8"]).astype(np.float64)

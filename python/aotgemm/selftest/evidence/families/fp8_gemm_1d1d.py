"""What the CPU backend takes for granted of FP8 products on sm_90a."""

import numpy as np

from ..assumption import Assumption
from ..case import Case
from ..draws import FP8, ROWS, every_fp8, fp8, powers, with_some

BLOCK, STEP = 128, 32  # of K under a scale, and in one instruction


def _case(a: np.ndarray, b: np.ndarray, exponents: int = 0, rng: np.random.Generator | None = None) -> Case:
    """Scales are 1, or powers of 2 drawn up to 2^exponents."""
    shape = (ROWS, -(-a.shape[1] // BLOCK))
    scales = [np.exp2(rng.integers(-exponents, exponents, shape)) if rng else np.ones(shape) for _ in "ab"]
    sfa, sfb = (np.asfortranarray(scale.astype(np.float32)) for scale in scales)
    return Case("fp8_gemm_1d1d", a, b, sfa, sfb)


def _one_step(rng: np.random.Generator) -> list[Case]:
    return [_case(every_fp8(rng, STEP), every_fp8(rng, STEP)) for _ in range(3)]


def _chain(rng: np.random.Generator) -> list[Case]:
    return [_case(every_fp8(rng, k), every_fp8(rng, k)) for k in (2 * STEP, BLOCK)]


def _promoted(rng: np.random.Generator) -> list[Case]:
    return [_case(every_fp8(rng, k), every_fp8(rng, k), 12, rng) for k in (2 * BLOCK, 5 * BLOCK)]


def _special(rng: np.random.Generator) -> list[Case]:
    return [_case(*(with_some(rng, every_fp8(rng, STEP), (float("nan"), 0.0, -0.0)) for _ in "ab"))]


def _zeros(rng: np.random.Generator) -> list[Case]:
    zeros = with_some(rng, np.zeros((ROWS, STEP), FP8), (-0.0,), 0.5)
    small = fp8(powers(rng, (ROWS, STEP), -9, -6))
    return [_case(zeros, every_fp8(rng, STEP)), _case(with_some(rng, small, (0.0,), 0.7), small)]


WORDS = {
    "step": ("products of 32 of K are cut to 13 bits below the largest exponent and summed exactly", _one_step),
    "chain": ("the four instructions of a scale block follow one another", _chain),
    "promotion": ("sums of scale blocks are multiplied by their scales and added in FP32", _promoted),
    "special": ("NaN gives 0x7FFFFFFF", _special),
    "zero": ("zero products have no part in the largest exponent, and a sum of zeros is +0", _zeros),
}


ASSUMPTIONS = [
    Assumption(f"fp8 {name}", "fp8_gemm_1d1d", ("sm_90a",), words, draw) for name, (words, draw) in WORDS.items()
]

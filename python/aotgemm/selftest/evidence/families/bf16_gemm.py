"""What the CPU backend takes for granted of BF16 products, on both architectures."""

import numpy as np

from ..assumption import Assumption
from ..case import Case
from ..draws import BF16, ROWS, bf16, cancelling, powers, with_some

STEP = 16  # of K in one instruction
INFINITY, NAN = float("inf"), float("nan")


def _case(a: np.ndarray, b: np.ndarray, c: np.ndarray | None = None, out_dtype: str = "float32") -> Case:
    return Case("bf16_gemm", a, b, c=c, out_dtype=out_dtype)


def _one_step(rng: np.random.Generator) -> list[Case]:
    return [_case(bf16(rng, STEP, -spread, spread), bf16(rng, STEP, -spread, spread)) for spread in (2, 6, 12, 30)]


def _chain(rng: np.random.Generator) -> list[Case]:
    return [_case(bf16(rng, k, -8, 8), bf16(rng, k, -8, 8)) for k in (2 * STEP, 5 * STEP, 32 * STEP)]


def _cancelling(rng: np.random.Generator) -> list[Case]:
    ones = np.ones((ROWS, STEP), BF16)
    near, far = cancelling(bf16(rng, STEP, -12, 12)), cancelling(bf16(rng, 4 * STEP, -20, 20))
    return [_case(near, ones), _case(far, np.tile(ones, 4))]


def _subnormal(rng: np.random.Generator) -> list[Case]:
    ends = ((-66, -60), (-75, -66), (-80, -50))
    operands = powers(rng, (ROWS, STEP), -138, -127).astype(BF16), bf16(rng, STEP, -4, 30)
    return [_case(bf16(rng, STEP, *end), bf16(rng, STEP, *end)) for end in ends] + [_case(*operands)]


def _overflowing(rng: np.random.Generator) -> list[Case]:
    return [_case(bf16(rng, k, 61, 64), bf16(rng, k, 61, 64)) for k in (STEP, 4 * STEP)]


def _special(rng: np.random.Generator) -> list[Case]:
    values = (INFINITY, -INFINITY, NAN, 0.0, -0.0)
    return [_case(*(with_some(rng, bf16(rng, 2 * STEP, -4, 4), values) for _ in "ab")) for _ in range(2)]


def _zeros(rng: np.random.Generator) -> list[Case]:
    zeros = with_some(rng, np.zeros((ROWS, STEP), BF16), (-0.0,), 0.5)
    tiny = np.full((ROWS, STEP), 2.0**-133, BF16)
    mixed = with_some(rng, bf16(rng, STEP, -70, -60), (0.0, -0.0), 0.7)
    return [_case(zeros, bf16(rng, STEP, -4, 4)), _case(-zeros, tiny), _case(mixed, bf16(rng, STEP, -70, -60))]


def _with_c(rng: np.random.Generator) -> list[Case]:
    c = powers(rng, (ROWS, ROWS), -6, 6)
    a, b = (bf16(rng, 4 * STEP, -4, 4) for _ in "ab")
    return [_case(a, b, c.astype(np.float32)), _case(a, b, c.astype(BF16), "bfloat16"), _case(a, b, None, "bfloat16")]


WORDS = {
    "step": ("products of 16 of K are cut to 25 bits below the largest exponent and summed exactly", _one_step),
    "chain": ("instructions follow one another over K, each sum cut to FP32 and fed into the next", _chain),
    "cancelling": ("what is left of terms that cancel has the bits that were not cut, and no others", _cancelling),
    "subnormal": ("operands and sums below 2^-126 are not flushed; sums end at multiples of 2^-149", _subnormal),
    "overflow": ("a sum of 2^128 or more is an infinity", _overflowing),
    "special": ("NaN and infinities give 0x7FFFFFFF and infinities as the definition says", _special),
    "zero": ("zero products have no part in the largest exponent, and a sum of zeros is +0", _zeros),
    "c": ("C is added to the sum with one rounding", _with_c),
}


ASSUMPTIONS = [
    Assumption(f"bf16 {name}", "bf16_gemm", ("sm_90a", "sm_100a"), words, draw) for name, (words, draw) in WORDS.items()
]

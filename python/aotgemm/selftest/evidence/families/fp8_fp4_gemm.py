"""What the CPU backend takes for granted of FP8 and FP4 products with UE8M0 scales, on sm_100a. Each rests on
publications or is inferred: cpp/emulation/sm100/mma.hpp says which.
"""

import numpy as np

from ..assumption import Assumption
from ..case import Case
from ..draws import FP8, ROWS, every_fp8, fp8, packed_fp4, packed_scales, powers, with_some

STEP = 32  # of K in one instruction
FP4_K = 128  # K of a packed FP4 operand is a multiple of it
ONE = 127  # the UE8M0 byte of 1
HALF_CODE, ONE_CODE = 1, 2  # E2M1: 0.5, which is its only subnormal, and 1
LARGEST, NAN_SCALE = 254, 255


def _scales(count: int, least: int = ONE, most: int = ONE, rng: np.random.Generator | None = None) -> np.ndarray:
    """UE8M0 bytes [ROWS, count], drawn from least to most."""
    return np.full((ROWS, count), least) if rng is None else rng.integers(least, most, (ROWS, count), endpoint=True)


def _case(a: np.ndarray, b: np.ndarray, sfa: np.ndarray, sfb: np.ndarray, gran: int = STEP, **rest: object) -> Case:
    """Scales as bytes."""
    return Case("fp8_fp4_gemm", a, b, packed_scales(sfa), packed_scales(sfb), gran=(gran, gran), **rest)


def _of_scales(rng: np.random.Generator, k: int, least: int, most: int, gran: int = STEP) -> Case:
    """Every E4M3, scales drawn from least to most."""
    count = -(-k // gran)
    scales = (_scales(count, least, most, rng) for _ in "ab")
    return _case(every_fp8(rng, k), every_fp8(rng, k), *scales, gran)


def _one_step(rng: np.random.Generator) -> list[Case]:
    return [_of_scales(rng, STEP, ONE, ONE) for _ in range(3)]


def _chain(rng: np.random.Generator) -> list[Case]:
    return [_of_scales(rng, k, ONE, ONE) for k in (2 * STEP, 5 * STEP, 16 * STEP)]


def _scaled(rng: np.random.Generator) -> list[Case]:
    return [_of_scales(rng, 4 * STEP, ONE - spread, ONE + spread) for spread in (3, 10, 40)]


def _coarse(rng: np.random.Generator) -> list[Case]:
    return [_of_scales(rng, k, ONE - 8, ONE + 8, 128) for k in (128, 160, 640)]


def _codes(rng: np.random.Generator) -> np.ndarray:
    """Of E2M1, all as likely; only the first step of K has any."""
    codes = np.zeros((ROWS, FP4_K), np.uint8)
    codes[:, :STEP] = rng.integers(0, 16, (ROWS, STEP))
    return codes


def _fp8_row(rng: np.random.Generator) -> np.ndarray:
    return every_fp8(rng, FP4_K)


def _fp4(rng: np.random.Generator) -> list[Case]:
    ones = _scales(FP4_K // STEP)
    pairs = ((_fp8_row(rng), _codes(rng)), (_codes(rng), _fp8_row(rng)), (_codes(rng), _codes(rng)))
    packed = [[packed_fp4(x) if x.dtype == np.uint8 else x for x in pair] for pair in pairs]
    return [_case(*pair, ones, ones) for pair in packed]


def _halves(rng: np.random.Generator) -> list[Case]:
    """A sum with all 24 bits, then one product of 0.5: bits of the sum below the product's 25 are lost, or one more is
    kept if 0.5 counts as 1 * 2^-1."""
    codes = np.zeros((ROWS, FP4_K), np.uint8)
    codes[:, :STEP], codes[:, STEP] = ONE_CODE, HALF_CODE
    b = fp8(np.zeros((ROWS, FP4_K)))
    b[:, :STEP] = every_fp8(rng, STEP)
    b[:, STEP] = 1
    sfb = _scales(FP4_K // STEP)
    sfb[:, 1] = ONE + rng.integers(8, 24, ROWS)
    return [_case(packed_fp4(codes), b, _scales(FP4_K // STEP), sfb)]


def _scaled_zeros(rng: np.random.Generator) -> list[Case]:
    """A small sum, then zeros under the largest scales: they would take its bits if they took part."""
    a = every_fp8(rng, 4 * STEP)
    a[:, STEP:] = 0
    sfa = _scales(4)
    sfa[:, 1:] = LARGEST
    return [_case(a, every_fp8(rng, 4 * STEP), sfa, _scales(4, 120, LARGEST, rng))]


def _zeros(rng: np.random.Generator) -> list[Case]:
    zeros = with_some(rng, np.zeros((ROWS, STEP), FP8), (-0.0,), 0.5)
    return [_case(zeros, every_fp8(rng, STEP), _scales(1), _scales(1))]


def _subnormal(rng: np.random.Generator) -> list[Case]:
    return [_of_scales(rng, k, least, most) for k, least, most in ((STEP, 0, 0), (STEP, 50, 70), (4 * STEP, 40, 70))]


def _overflowing(rng: np.random.Generator) -> list[Case]:
    return [_of_scales(rng, k, 182, 190) for k in (STEP, 4 * STEP)] + [_of_scales(rng, STEP, LARGEST, LARGEST)]


def _nan_scales(rng: np.random.Generator) -> list[Case]:
    sfa = _scales(4, 120, 134, rng)
    sfa[::3, 1] = NAN_SCALE
    zeros = fp8(np.zeros((ROWS, STEP)))
    of_zeros = _case(zeros, every_fp8(rng, STEP), _scales(1, NAN_SCALE), _scales(1))
    return [_case(every_fp8(rng, 4 * STEP), every_fp8(rng, 4 * STEP), sfa, _scales(4)), of_zeros]


def _special(rng: np.random.Generator) -> list[Case]:
    a, b = (with_some(rng, every_fp8(rng, STEP), (float("nan"), 0.0, -0.0)) for _ in "ab")
    return [_case(a, b, _scales(1), _scales(1))]


def _with_c(rng: np.random.Generator) -> list[Case]:
    c = powers(rng, (ROWS, ROWS), 0, 12).astype(np.float32)
    one = _of_scales(rng, 4 * STEP, ONE, ONE)
    return [Case(**vars(one) | {"c": c}), Case(**vars(one) | {"out_dtype": "bfloat16"})]


WORDS = {
    "step": ("products of 32 of K are cut to 25 bits below the largest exponent and summed exactly", _one_step),
    "chain": ("instructions follow one another over all of K, each sum cut to FP32 and fed into the next", _chain),
    "scale": ("scales are added to the products' exponents before these are aligned; the sum so far has none", _scaled),
    "granularity 128": ("four instructions take the same scale", _coarse),
    "fp4": ("E2M1 multiplies E4M3 and E2M1 as its values say", _fp4),
    "fp4 half": ("0.5 in E2M1 has the exponent of 1, as its only subnormal", _halves),
    "zero under scales": ("zero products have no part in the largest exponent, whatever their scales", _scaled_zeros),
    "zero": ("a sum of zeros is +0", _zeros),
    "subnormal": ("sums below 2^-126 are not flushed; they end at multiples of 2^-149", _subnormal),
    "overflow": ("a sum of 2^128 or more is an infinity", _overflowing),
    "nan scale": ("a scale of 0xFF gives 0x7FFFFFFF, also to zeros", _nan_scales),
    "special": ("NaN gives 0x7FFFFFFF", _special),
    "c": ("C is added to the sum with one rounding", _with_c),
}


ASSUMPTIONS = [
    Assumption(f"fp8_fp4 {name}", "fp8_fp4_gemm", ("sm_100a",), words, draw) for name, (words, draw) in WORDS.items()
]

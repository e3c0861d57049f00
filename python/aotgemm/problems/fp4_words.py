"""FP4 weights in words, as prepack_fp4_weights makes them, for the families whose B is such."""

import numpy as np

from ..arrays.sizes import align
from ..ops.cast import per_token_cast_to_fp4
from ..ops.fp4_words import BLOCK, LEAST_SHIFT, NAN_SHIFT, STEP, Fp4Weights, prepack_fp4_weights
from ..reference.fp4_words import decode
from .prepacked import Prepacked

CODES_OF_WORD = 8
WORDS_OF_BLOCK = BLOCK // CODES_OF_WORD
SPREAD = 20  # of the exponents of a row: E4M3 has no room for more than 14, and what is below is rounded
FIRST_FIELD = 3 - LEAST_SHIFT  # 2^3 times a magnitude, of which 2^6 times the largest is the largest in E4M3
NAN_IN_FIRST_STEP = NAN_SHIFT << 3


def _words_of(columns: int) -> int:
    """Words of a row: whole blocks of 128 columns."""
    return align(columns, BLOCK) // CODES_OF_WORD


def _codes(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Packed FP4 of all patterns, +0 past the columns."""
    packed = rng.integers(0, 256, (rows, align(columns, BLOCK) // 2), np.uint8)
    packed[:, columns // 2 :] = 0
    return packed.view(np.int8)


def _normal(rng: np.random.Generator, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.zeros((rows, align(columns, BLOCK)), np.float32)
    x[:, :columns] = rng.standard_normal((rows, columns), np.float32)
    return per_token_cast_to_fp4(x, True, STEP)


def _draw(rng: np.random.Generator, rows: int, columns: int, values: str) -> Fp4Weights:
    """Of normal values quantised, or of all codes, every fourth row with exponents farther apart than E4M3's."""
    if values == "normal":
        return prepack_fp4_weights(*_normal(rng, rows, columns), allow_inexact=True).weights
    packed = _codes(rng, rows, columns)
    spread = np.where(np.arange(rows) % 4 == 3, SPREAD, 8)[:, None]
    exponents = -rng.integers(0, spread + 1, (rows, packed.shape[1] * 2 // STEP))
    scales = np.exp2(exponents.astype(np.float32))
    return prepack_fp4_weights(packed, scales, allow_inexact=True).weights


def _random_words(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.integers(-(2**31), 2**31, count, np.int32)


def _random_scales(rng: np.random.Generator, count: int) -> np.ndarray:
    """Exponents of standard normal values, those of four FP4 scales among them."""
    fields = rng.integers(FIRST_FIELD, FIRST_FIELD + 4, (4, count))
    of_block = rng.integers(117, 121, count)
    words = of_block << 24 | sum(field << 3 + 5 * step for step, field in enumerate(fields))
    return words.astype(np.int32)


def _add_special(scales: np.ndarray) -> None:
    """A scale that is NaN, and an exponent that stands for infinity, in rows that single outputs meet."""
    scales[40:41, scales.shape[1] // 2] |= NAN_IN_FIRST_STEP
    scales[4:5, 0] |= np.int32(-1) << 24


FP4_WORDS = Prepacked(
    b_dtype="int32",
    sfb_dtype="int32",
    stored_columns=_words_of,
    bytes_of_element=0.5,
    draw=_draw,
    decode=decode,
    fill_b=_random_words,
    fill_sfb=_random_scales,
    add_special=_add_special,
)

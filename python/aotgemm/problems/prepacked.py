"""Prepacked: what a B that the user's weights are packed into is to all that makes, measures and checks problems."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Pair = tuple[np.ndarray, np.ndarray]  # B [rows, columns as they are stored] and its scales [rows, K / 128 rounded up]


@dataclass(frozen=True, eq=False)
class Prepacked:
    """A form of B and of its scales, in the place of the family's usual ones; the scales lie as those of A do.

    b_dtype, sfb_dtype: of what is stored. stored_columns: of a row of B with so many of K. bytes_of_element: of B,
    without its scales. draw: so many rows and columns, of values that are "edge", "finite" or "normal". decode: B, its
    scales and K to the B and the FP32 scales that they stand for. fill_b, fill_sfb: so many elements to time a call on.
    add_special: puts NaN and infinity into rows of the scales that single outputs meet.
    """

    b_dtype: str
    sfb_dtype: str
    stored_columns: Callable[[int], int]
    bytes_of_element: float
    draw: Callable[[np.random.Generator, int, int, str], Pair]
    decode: Callable[[np.ndarray, np.ndarray, int], Pair]
    fill_b: Callable[[np.random.Generator, int], np.ndarray]
    fill_sfb: Callable[[np.random.Generator, int], np.ndarray]
    add_special: Callable[[np.ndarray], None]

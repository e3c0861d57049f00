"""Operands of the grouped BF16 calls, and the rows that they must give."""

import numpy as np
from aotgemm.problems.memory import POISON
from bf16_problems import DRAWS, Bf16Problem

COUNTS = (1, 0, 63, 130, 0, 9)
N, K = 40, 100
KS = (64, 0, 192, 128)


def draw(seed, *shape, kind="random"):
    flat = DRAWS[kind](np.random.default_rng(seed), "bf16", (int(np.prod(shape[:-1])), shape[-1]))
    return flat.reshape(shape)


def expected_rows(placement, a, b):
    """Bits of D [rows, N]: zeros for padding beside rows of a group, poison for other rows of no group."""
    wanted = np.full((placement.rows, b.shape[1]), POISON, np.uint16)
    wanted[placement.zeroed] = 0
    for group in np.unique(placement.group_of_row[placement.group_of_row >= 0]):
        rows = placement.group_of_row == group
        wanted[rows] = Bf16Problem(a[rows], b[group], np.zeros(0)).expected("bf16")
    return wanted

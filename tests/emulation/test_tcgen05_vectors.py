"""Steps of kinds f16 and tf32 return what a B200 returned."""

from pathlib import Path

import numpy as np
import pytest
from tcgen05 import KINDS, step_bits

VECTORS = np.load(Path(__file__).parents[1] / "data" / "b200_mma_vectors.npz")
ROWS_AT_ONCE = 50  # each row is a problem of its own, so of a product of all rows the diagonal counts


def codes_of(kind: str, bits: np.ndarray) -> np.ndarray:
    if kind == "bf16":
        return (bits >> 16).astype(np.uint16)
    return bits.view(np.float32).astype(np.float16).view(np.uint16) if kind == "fp16" else bits


@pytest.mark.parametrize("kind", ["bf16", "fp16", "tf32"])
def test_equals_the_b200(kind: str) -> None:
    a, b = (codes_of(kind, VECTORS[f"{kind}_{name}"]) for name in "ab")
    missing = {"tf32": 8}.get(kind, 16) - a.shape[1]
    a, b = (np.pad(codes, ((0, 0), (0, missing))) for codes in (a, b))
    c, expected = VECTORS[f"{kind}_c"].view(np.float32), VECTORS[f"{kind}_d"]
    assert len(expected) == 5000
    for start in range(0, len(expected), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        full = np.broadcast_to(c[rows, None], (ROWS_AT_ONCE, ROWS_AT_ONCE))
        bits = step_bits(KINDS[kind], (kind, kind), (a[rows], b[rows]), full)
        assert np.array_equal(np.diagonal(bits), expected[rows])

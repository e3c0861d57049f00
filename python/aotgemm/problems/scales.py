"""Packed scales of the kinds that have them: UE8M0 of 128 of K each, four to a word, made of FP32 powers of two."""

import numpy as np

from ..arrays.sizes import ceil_div
from ..ops.packed_layout import SCALES_PER_WORD, get_mn_major_tma_aligned_packed_ue8m0_tensor
from .kind import Kind
from .sizes import Size

SCALE_BLOCK = 128  # of K


def pack(sf: np.ndarray) -> np.ndarray:
    """int32 [.., rows, words], rows adjacent, from FP32 [.., rows, blocks] on the host; NaN for no power of two."""
    return get_mn_major_tma_aligned_packed_ue8m0_tensor(sf)


def words_of_k(kind: Kind, size: Size) -> int:
    """Words of a row: each group of K begins a word."""
    ks = size.counts if kind.grouping == "k_grouped" else (size.k,)
    return sum(ceil_div(k, SCALE_BLOCK * SCALES_PER_WORD) for k in ks)


def granularities(packs_scales: bool, grans: tuple[int, int] = (SCALE_BLOCK, SCALE_BLOCK)) -> dict[str, int]:
    """The arguments of _core.gemm that say what a scale is of."""
    return dict(zip(("gran_k_a", "gran_k_b"), grans, strict=True)) if packs_scales else {}

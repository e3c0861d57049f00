"""The arithmetic of family mqa_logits on sm_90a in NumPy, written out from its definition: slow, and independent of the
C++.
"""

import numpy as np

from .fp8 import _chain, _decode, fma

LANES, PERIOD = 4, 8  # a lane of the tensor cores' output has two of each eight heads


def _sum_heads(positive: np.ndarray, weights: np.ndarray, first: int) -> np.ndarray:
    """positive FP32 [H, N], weights FP32 [H]: of heads first, first + 8, ... the second, the first, then the others."""
    first, second, *others = range(first, len(weights), PERIOD)
    total = positive[second] * weights[second]
    for head in (first, *others):
        total = fma(positive[head], weights[head], total)
    return total


def mqa_logits(q: np.ndarray, k: np.ndarray, k_scales: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Logits FP32 [M, N] of all keys, before any rounding, from FP8 E4M3 q [M, H, D] and k [N, D]. Finite operands."""
    keys, logits = _decode(k), np.empty((len(q), len(k)), np.float32)
    for row, heads in enumerate(q):
        positive = np.maximum(_chain(_decode(heads), keys), 0).astype(np.float32)
        lanes = [2 * lane for lane in range(LANES)]
        even, odd = ([_sum_heads(positive, weights[row], lane + i) for lane in lanes] for i in (0, 1))
        parts = [(e + o) * k_scales for e, o in zip(even, odd, strict=True)]
        logits[row] = (parts[0] + parts[1]) + (parts[2] + parts[3])
    return logits

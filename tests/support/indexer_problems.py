"""Problems of the indexer's logits: operands in NumPy, and what the definition makes of them."""

from dataclasses import dataclass

import ml_dtypes
import numpy as np
from aotgemm.reference.mqa_logits import mqa_logits

FP8, BF16 = ml_dtypes.float8_e4m3fn, ml_dtypes.bfloat16


@dataclass(frozen=True)
class Indexer:
    """q [M, H, D], k [N, D], scales [N], weights [M, H]: any finite numbers."""

    q: np.ndarray
    k: np.ndarray
    scales: np.ndarray
    weights: np.ndarray

    def call(self, function, start, end, *options, **keywords):
        start, end = (np.asarray(each, np.int32) for each in (start, end))
        return function(self.q, (self.k, self.scales), self.weights, start, end, *options, **keywords)

    def logits(self):
        """Of all keys, FP32 [M, N]."""
        return mqa_logits(self.q, self.k, self.scales, self.weights)


def finite_fp8(random, shape):
    codes = random.integers(0, 256, shape, np.uint8)
    return np.where(codes & 0x7F == 0x7F, codes & 0x80, codes).astype(np.uint8).view(FP8)


def draw_indexer(random, rows, heads, head_dim, keys):
    return Indexer(
        finite_fp8(random, (rows, heads, head_dim)),
        finite_fp8(random, (keys, head_dim)),
        random.standard_normal(keys).astype(np.float32),
        random.standard_normal((rows, heads)).astype(np.float32),
    )


def bits(array):
    return np.ascontiguousarray(array).view(np.uint16 if array.dtype == BF16 else np.uint32)

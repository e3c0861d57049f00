"""Problems of the indexer's logits: operands in NumPy, and what the definition makes of them."""

from dataclasses import dataclass

import ml_dtypes
import numpy as np
from aotgemm import _core, align
from aotgemm.problems.operations.mqa_logits import draw_fp4, logits_of

POISON = 0xA5
FP8, BF16 = ml_dtypes.float8_e4m3fn, ml_dtypes.bfloat16


@dataclass(frozen=True)
class Indexer:
    """q [M, H, D], k [N, D], scales [N], weights [M, H]: any finite numbers.

    FP4: two codes to a byte, words of scales, and q_scales too.
    """

    q: np.ndarray
    k: np.ndarray
    scales: np.ndarray
    weights: np.ndarray
    q_scales: np.ndarray | None = None

    def call(self, function, start, end, *options, **keywords):
        start, end = (np.asarray(each, np.int32) for each in (start, end))
        q = self.q if self.q_scales is None else (self.q, self.q_scales)
        return function(q, (self.k, self.scales), self.weights, start, end, *options, **keywords)

    def logits(self):
        """Of all keys, FP32 [M, N], by the definition for the architecture that the CPU backend speaks for."""
        return logits_of(self.q, self.q_scales, self.k, self.scales, self.weights)


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


def draw_fp4_indexer(random, rows, heads, head_dim, keys):
    (q, q_scales), (k, scales) = (draw_fp4(random, shape, head_dim) for shape in ((rows, heads), (keys,)))
    return Indexer(q, k, scales, random.standard_normal((rows, heads)).astype(np.float32), q_scales)


def bits(array):
    return np.ascontiguousarray(array).view(np.uint16 if array.dtype == BF16 else np.uint32)


def poisoned(shape, dtype):
    return np.full(np.prod(shape, dtype=int) * np.dtype(dtype).itemsize, POISON, np.uint8).view(dtype).reshape(shape)


@dataclass(frozen=True)
class PagedIndexer:
    """q [B, R, H, D], cache [blocks, block, 1, D + 4], weights [B * R, H], lengths [B, R], table [B, blocks of one].

    FP4: D / 2 bytes, words of scales, and q_scales too.
    """

    q: np.ndarray
    cache: np.ndarray
    weights: np.ndarray
    lengths: np.ndarray
    table: np.ndarray
    q_scales: np.ndarray | None = None

    def run(self, schedule, width, dtype, **options):
        """Logits in poisoned memory, with a guard behind each row."""
        memory = poisoned((len(self.weights), align(width, 8) + 8), dtype)
        operands = self.q, self.cache.view(self.q.dtype), self.weights, self.lengths, self.table, schedule
        _core.paged_mqa_logits(*operands, memory[:, :width], **options, q_sf=self.q_scales)
        return memory

    def keys_of(self, sequence):
        """Values and scales of a sequence's keys, gathered."""
        block, head_dim = self.cache.shape[1], self.q.shape[3]
        blocks = self.cache.reshape(len(self.cache), -1)[self.table[sequence]]
        values = blocks[:, : block * head_dim].reshape(-1, head_dim).view(self.q.dtype)
        scale = np.float32 if self.q_scales is None else np.int32
        return values, np.ascontiguousarray(blocks[:, block * head_dim :]).view(scale).reshape(-1)

    def expected(self, width, dtype, room=None):
        """By the prefill call on gathered keys."""
        sequences, rows = self.lengths.shape
        memory = poisoned((sequences * rows, align(width if room is None else room, 8) + 8), dtype)
        for sequence in range(sequences):
            keys, scales = self.keys_of(sequence)
            count = min(max(self.lengths[sequence, -1], 0), width, len(keys))
            logits, own = np.zeros((rows, len(keys)), dtype), slice(sequence * rows, (sequence + 1) * rows)
            start, end = np.zeros(rows, np.int32), np.full(rows, count, np.int32)
            q_sf = None if self.q_scales is None else self.q_scales[sequence]
            _core.mqa_logits(
                self.q[sequence], keys, scales, self.weights[own], start, end, logits, False, False, q_sf=q_sf
            )
            memory[own, :count] = logits[:, :count]
        return memory


def draw_paged(random, lengths, rows, heads, head_dim, block, fp4=False):
    """Blocks in random order; the last column of the lengths counts, the others are wrong."""
    needed = max([-(-max(length, 0) // block) for length in lengths], default=0) + 1
    sequences = len(lengths)
    blocks, row = sequences * needed + 1, head_dim // 2 if fp4 else head_dim
    drawn = (draw_fp4_indexer if fp4 else draw_indexer)(random, sequences * rows, heads, head_dim, blocks * block)
    cache = np.empty((blocks, block * (row + 4)), np.uint8)
    cache[:, : block * row] = drawn.k.reshape(blocks, -1).view(np.uint8)
    cache[:, block * row :] = drawn.scales.reshape(blocks, block).view(np.uint8)
    lens = np.full((sequences, rows), -7, np.int32)
    lens[:, -1] = lengths
    return PagedIndexer(
        drawn.q.reshape(sequences, rows, heads, row),
        cache.reshape(blocks, block, 1, row + 4),
        drawn.weights,
        lens,
        random.permutation(blocks)[: sequences * needed].reshape(sequences, needed).astype(np.int32),
        drawn.q_scales.reshape(sequences, rows, heads) if fp4 else None,
    )

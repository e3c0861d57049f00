"""Keys in blocks of a cache, and the schedule of their logits, written out from their definitions in NumPy."""

import numpy as np

SPLIT, SCALE_BYTES = 256, 4  # keys of a split, bytes of a key's scale


def gathered_keys(cache: np.ndarray, blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values [keys, D] and scales [keys] of these blocks of a cache [blocks, block, 1, D + 4]: FP8 and FP32, or packed
    FP4, of half the width, and words where the cache is int8.
    """
    block, head_dim = cache.shape[1], cache.shape[3] - SCALE_BYTES
    scale = np.int32 if cache.dtype == np.int8 else np.float32
    rows = cache.reshape(len(cache), -1)[blocks]
    scales = np.ascontiguousarray(rows[:, block * head_dim :]).view(scale)
    return rows[:, : block * head_dim].reshape(-1, head_dim), scales.reshape(-1)


def schedule_of(lengths: np.ndarray, slots: int) -> np.ndarray:
    """int32 [slots + 1, 2]: {sequence, split} where each slot begins. Definition: aotgemm_paged_mqa_logits_metadata."""
    splits = -(-np.maximum(lengths, 0).astype(np.int64) // SPLIT)
    ends, slot = np.cumsum(splits), np.arange(slots + 1)
    total = int(splits.sum())
    start = slot * (total // slots) + np.maximum(slot - (slots - total % slots), 0)
    sequence = np.searchsorted(ends, start, side="right")
    before = np.concatenate([[0], ends])[sequence]
    return np.stack([sequence, start - before], 1).astype(np.int32)

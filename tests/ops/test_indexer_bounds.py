"""Indexer logits of wild ranges, lengths, tables and schedules: nothing is read or written out of bounds."""

import aotgemm
import numpy as np
import pytest
from aotgemm import _core
from guarded_memory import GuardedMemory
from indexer_problems import BF16, FP8, bits, draw_indexer, draw_paged, poisoned

CASES = 400  # of each of both calls; 10,000 of each, by hand, on 2026-11-28: none out of bounds
WILD = -(2**31), 2**31 - 1, -1
HEADS, HEAD_DIMS, DTYPES = (16, 32, 64), (32, 64, 128), (np.float32, BF16)


@pytest.fixture(scope="module")
def memory():
    return GuardedMemory(count=8, pages=64)


def placed(memory, random, *arrays):
    at_start = bool(random.integers(2))
    return [memory.put(array, at_start, 16 if array.dtype != np.int32 else 4) for array in arrays]


def wild(random, most, shape):
    values = random.integers(-5, most + 40, shape)
    return np.where(random.random(shape) < 0.1, random.choice(WILD, shape), values).astype(np.int32)


def untouched(row):
    return bits(row) == bits(poisoned((1,), row.dtype))[0]


def check_row(row, width, columns, clean):
    outside = np.ones(len(row), bool)
    outside[columns] = False
    if clean:
        assert (row[:width][outside[:width]] == -np.inf).all() and untouched(row[width:]).all()
    else:
        assert untouched(row[outside]).all()
    assert not untouched(row[~outside]).any()


def test_ranges_of_keys(memory):
    for seed in range(CASES):
        random = np.random.default_rng([1, seed])
        rows, keys, form = int(random.integers(0, 9)), int(random.integers(0, 140)), int(random.integers(3))
        problem = draw_indexer(random, rows, int(random.choice(HEADS)), int(random.choice(HEAD_DIMS)), keys)
        start, end = wild(random, keys, rows), wild(random, keys, rows)
        operands = placed(memory, random, problem.q, problem.k, problem.scales, problem.weights, start, end)
        width = int(random.integers(1, 180)) if form == 2 else keys
        (logits,) = placed(memory, random, poisoned((rows, aotgemm.align(width, 8)), DTYPES[seed % 2]))
        _core.mqa_logits(*operands, logits[:, :width], form == 2, form == 1, threads=1)
        for row, first, last in zip(logits, start.tolist(), end.tolist(), strict=True):
            shift = first if form == 2 else 0
            last = min(last, keys, width + shift)
            columns = slice(max(first, 0) - shift, last - shift) if last > max(first, 0) else slice(0, 0)
            check_row(row, width, columns, form == 1)


def test_lengths_tables_and_schedules(memory):
    for seed in range(CASES):
        random = np.random.default_rng([2, seed])
        block, heads, head_dim = (int(random.choice(each)) for each in ((32, 64), HEADS, HEAD_DIMS))
        lengths, rows = random.integers(-3, 300, int(random.integers(1, 4))).tolist(), int(random.integers(1, 4))
        problem = draw_paged(random, lengths, rows, heads, head_dim, block)
        if seed % 4 == 0:
            problem.lengths[:] = wild(random, 300, problem.lengths.shape)
        if seed % 2 == 0:
            problem.table[:] = wild(random, len(problem.cache), problem.table.shape)
        slots = int(random.integers(1, 6))
        schedule = wild(random, 4, (slots + 1, 2))
        if seed % 3 == 0:
            schedule = aotgemm.get_paged_mqa_logits_metadata(problem.lengths, block, slots)
        operands = problem.q, problem.cache.view(FP8), problem.weights, problem.lengths, problem.table, schedule
        width = int(random.integers(1, 330))
        (logits,) = placed(memory, random, poisoned((len(problem.weights), aotgemm.align(width, 8)), DTYPES[seed % 2]))
        _core.paged_mqa_logits(*placed(memory, random, *operands), logits[:, :width], threads=1)
        lives = np.clip(problem.lengths[:, -1], 0, min(width, problem.table.shape[1] * block)).repeat(rows)
        for row, live in zip(logits, lives, strict=True):
            assert untouched(row[live:]).all()

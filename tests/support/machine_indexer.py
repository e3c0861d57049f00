"""Problems of the indexer's logits for the PTX machine."""

import re

import aotgemm
import numpy as np
from aotgemm import _core
from indexer_problems import BF16, draw_fp4_indexer, draw_indexer, draw_paged, poisoned

FORMS = "full", "clean", "compressed"


def _on_device(array):
    out = _core.DeviceArray.empty(array.shape, array.dtype.name, 0)
    out.copy_from(np.ascontiguousarray(array).reshape(-1).view(np.uint8))
    return out


def shape_of(kernel, random):
    """Heads, head_dim and type of the logits, from a kernel's name; those that it takes as arguments by chance. The CPU
    backend speaks for the kernel's architecture from now on.
    """
    if kernel.startswith("sm100_"):
        aotgemm.set_cpu_arch("sm_100a")
        heads, in_dtype = re.search(r"_h(\d+)_(\w+)$", kernel).groups()
        dims = (64, 128) if in_dtype == "fp4" else (32, 64, 128)
        return int(heads), int(random.choice(dims)), (np.float32, BF16)[random.integers(2)]
    heads, head_dim, dtype = re.search(r"_h(\d+)d(\d+)(?:x2)?_(\w+)$", kernel).groups()
    return int(heads), int(head_dim), {"fp32": np.float32, "bf16": BF16}[dtype]


def mqa_logits(kernel, m, n, k, random):
    """m rows and n keys, in form number k. What to run, the memory on the device, and what it must hold."""
    heads, head_dim, dtype = shape_of(kernel, random)
    draw = draw_fp4_indexer if kernel.endswith("_fp4") else draw_indexer
    problem, form = draw(random, m, heads, head_dim, n), FORMS[k]
    start, end = (random.integers(-3, n + extra, m).astype(np.int32) for extra in (3, 30))
    width = max(n * 3 // 4, 1) if form == "compressed" else n
    wanted = poisoned((m, aotgemm.align(width, 8) + 8), dtype)
    memory, flags = _on_device(wanted), (form == "compressed", form == "clean")
    operands = problem.q, problem.k, problem.scales, problem.weights, start, end
    _core.mqa_logits(*operands, wanted[:, :width], *flags, q_sf=problem.q_scales)
    there = [_on_device(operand) for operand in operands]
    q_sf = None if problem.q_scales is None else _on_device(problem.q_scales)
    view = memory.as_strided([m, width], [wanted.shape[1], 1])
    return lambda: _core.mqa_logits(*there, view, *flags, q_sf=q_sf), memory, wanted


def paged_mqa_logits(kernel, m, n, k, random):
    """m sequences of up to n keys, each with k rows of q; slots of the schedule are few, or more than blocks."""
    heads, head_dim, dtype = shape_of(kernel, random)
    lengths = [*random.integers(-2, n + 1, m - 1).tolist(), n]
    block = int(random.choice((32, 64)))
    problem = draw_paged(random, lengths, k, heads, head_dim, block, kernel.endswith("_fp4"))
    problem.table[0, 0] = -1
    schedule = aotgemm.get_paged_mqa_logits_metadata(problem.lengths, 64, int(random.integers(1, 9)))
    width = n - 1
    wanted = problem.run(schedule, width, dtype)
    memory = _on_device(poisoned(wanted.shape, dtype))
    cache = problem.cache.view(problem.q.dtype)
    operands = problem.q, cache, problem.weights, problem.lengths, problem.table, schedule
    there = [_on_device(operand) for operand in operands]
    q_sf = None if problem.q_scales is None else _on_device(problem.q_scales)
    view = memory.as_strided([len(wanted), width], [wanted.shape[1], 1])
    return lambda: _core.paged_mqa_logits(*there, view, q_sf=q_sf), memory, wanted


def paged_mqa_schedule(kernel, m, n, k, random):
    """m sequences of up to n keys on k slots."""
    lengths = random.integers(-2, n + 1, (m, 2)).astype(np.int32)
    wanted = aotgemm.get_paged_mqa_logits_metadata(lengths, 64, k)
    memory, there = _on_device(poisoned(wanted.shape, np.int32)), _on_device(lengths)
    return lambda: _core.paged_mqa_logits_metadata(there, 64, memory), memory, wanted


INDEXER = mqa_logits, paged_mqa_logits, paged_mqa_schedule

"""Times GPU calls one by one with a cold L2, the way `triton.testing.do_bench` does, but several calls interleaved.

Interleaving makes drift of clock and temperature hit every candidate alike; each round runs every candidate once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

import torch

FLUSH_BYTES = 256 << 20  # several times the 50 MB L2 of an H100


def interleaved_medians_us(calls: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Median time of each call in microseconds, events around one call, L2 overwritten before it."""
    flush = torch.empty(FLUSH_BYTES, dtype=torch.int8, device="cuda")
    for call in calls:
        call()
    events = [[_timed(call, flush) for call in calls] for _ in range(rounds)]
    torch.cuda.synchronize()
    return [median(start.elapsed_time(end) * 1e3 for start, end in column) for column in zip(*events, strict=True)]


def _timed(call: Callable[[], object], flush: torch.Tensor) -> tuple[torch.cuda.Event, torch.cuda.Event]:
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    flush.zero_()
    start.record()
    call()
    end.record()
    return start, end

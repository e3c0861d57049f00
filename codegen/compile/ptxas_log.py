"""Reads what ptxas says about a kernel."""

import re
from dataclasses import dataclass

_USED = re.compile(r"Used (\d+) registers")
_SHARED = re.compile(r"(\d+) bytes smem")
_FRAME = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
# Remarks that mean a slower kernel come as "info" or "warning", with or without a number: C7508 to C7514 say that
# matrix instructions run one by one, others that setmaxnreg is ignored.
_COMPLAINT = re.compile(r"warning|serializ|setmaxnreg|\(C7\d+\)", re.IGNORECASE)


@dataclass(frozen=True)
class Usage:
    """Registers a thread, and bytes."""

    registers: int
    static_shared_bytes: int
    stack_bytes: int
    spill_store_bytes: int
    spill_load_bytes: int


def read_usage(log: str) -> Usage:
    """The figures in the text of `ptxas -v` for a file with one kernel."""
    used, shared = _USED.search(log), _SHARED.search(log)
    frames = [tuple(map(int, frame)) for frame in _FRAME.findall(log)]  # of the kernel and of functions it calls
    if used is None or not frames:
        raise ValueError(f"ptxas -v gave no figures: {log.strip()!r}")
    return Usage(int(used[1]), int(shared[1]) if shared else 0, *map(max, zip(*frames)))


def complaints(log: str) -> list[str]:
    """The lines in which ptxas says that it did not do what the source asks."""
    return [line.strip() for line in log.splitlines() if _COMPLAINT.search(line)]

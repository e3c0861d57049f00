"""What the process has done, and a line for each of its calls."""

import os
from pathlib import Path
from typing import Any

from . import _core
from .errors import DtypeError

VERBOSE = "AOTGEMM_VERBOSE"
STDERR = 2
OFF = -1
_opened: int | None = None


def stats() -> dict[str, Any]:
    """Counts since the process began.

    cpu_gemms: GEMMs computed on the CPU. launches, and launches_by_kernel: kernels launched, of all kinds. loads:
    kernels loaded, at first use or by preload. refused: calls that a strict plan did not have.
    """
    return _core.stats()


def set_verbose(target: str | os.PathLike[str] | None) -> None:
    """From now on a line for each GEMM before it runs, and for each launch of another kernel, goes to the target.

    target: "stderr"; a file, to which lines are added, "%p" in its name being the process; or None for no more lines.
    The environment variable AOTGEMM_VERBOSE says the same for a process before its first call; 1 is stderr, 0 none.
    The form of a line is in docs/observing.md. Raises DtypeError, and OSError for a file that
    cannot be opened.
    """
    global _opened
    if target is not None and not isinstance(target, (str, os.PathLike)):
        raise DtypeError(f'target: is a {type(target).__name__}, allowed is None, "stderr" or a path')
    before, _opened = _opened, None
    if target is None:
        _core.set_call_lines(OFF)
    elif target == "stderr":
        _core.set_call_lines(STDERR)
    else:
        if "\0" in os.fspath(target):
            raise DtypeError("target: holds a null byte, allowed is a path without one")
        path = Path(os.fspath(target).replace("%p", str(os.getpid())))
        _opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        _core.set_call_lines(_opened)
    if before is not None:
        os.close(before)


def apply_environment() -> None:
    """What AOTGEMM_VERBOSE asks for; the bindings call this before the process's first call."""
    given = os.environ.get(VERBOSE, "0")
    if given not in ("", "0"):
        set_verbose("stderr" if given == "1" else given)

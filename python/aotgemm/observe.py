"""What the process has done, and a line for each of its calls."""

import os
from pathlib import Path
from typing import Any

from . import _core
from .errors import DtypeError, RequestError

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


def _open(target: Any) -> tuple[int | None, int]:
    """(the file that was opened, if one was; the number of the file that lines go to)."""
    if target is None:
        return None, OFF
    if not isinstance(target, (str, os.PathLike)):
        raise DtypeError(f'target: is a {type(target).__name__}, allowed is None, "stderr" or a path')
    if target == "stderr":
        return None, STDERR
    name = os.fspath(target)
    if "\0" in name:
        raise DtypeError("target: holds a null byte, allowed is a path without one")
    path = Path(name.replace("%p", str(os.getpid())))
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise RequestError(f"target: {path} cannot be opened ({error.strerror})") from error
    return opened, opened


def set_verbose(target: str | os.PathLike[str] | None) -> None:
    """From now on a line for each GEMM before it runs, and for each launch of another kernel, goes to the target.

    target: "stderr"; a file, to which lines are added, "%p" in its name being the process; or None for no more lines.
    The environment variable AOTGEMM_VERBOSE says the same for a process before its first call; 1 is stderr, 0 none.
    The form of a line is in docs/observing.md. Raises DtypeError, and RequestError for a file
    that cannot be opened.
    """
    global _opened
    before, _opened, lines_go_to = _opened, *_open(target)
    _core.set_call_lines(lines_go_to)
    if before is not None:
        os.close(before)


def apply_environment() -> None:
    """What AOTGEMM_VERBOSE asks for; the bindings call this before the process's first call."""
    given = os.environ.get(VERBOSE, "0")
    if given not in ("", "0"):
        set_verbose("stderr" if given == "1" else given)

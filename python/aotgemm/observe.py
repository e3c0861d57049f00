"""What the process has done, and a line or a range for each of its calls."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from . import _core
from .errors import DtypeError, RequestError

VERBOSE, NVTX = "AOTGEMM_VERBOSE", "AOTGEMM_NVTX"
NVTX_LIBRARIES = ("libnvtx3interop.so.1", "libnvToolsExt.so.1")  # of CUDA 13 and 12
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
    name = os.fsdecode(target)
    if "\0" in name:
        raise DtypeError("target: holds a null byte, allowed is a path without one")
    path = Path(name.replace("%p", str(os.getpid())))
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    except (OSError, UnicodeEncodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error.reason
        raise RequestError(f"target: {path} cannot be opened ({reason})") from error
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


def _nvtx_files() -> Iterator[str]:
    """Files of NVIDIA's packages, then names for the loader to look up."""
    for folder in sys.path:
        for name in NVTX_LIBRARIES:
            yield from map(str, sorted(Path(folder).glob(f"nvidia/*/lib/{name}")))
    yield from NVTX_LIBRARIES


def _nvtx_functions(library: str) -> tuple[int, int]:
    """Addresses. Raises OSError for no library, AttributeError for another one."""
    import ctypes

    opened = ctypes.CDLL(library)
    push, pop = (ctypes.cast(getattr(opened, name), ctypes.c_void_p) for name in ("nvtxRangePushA", "nvtxRangePop"))
    return push.value or 0, pop.value or 0


def _open_nvtx(libraries: Iterable[str]) -> tuple[int, int]:
    reasons = []
    for library in libraries:
        try:
            return _nvtx_functions(library)
        except (AttributeError, OSError, UnicodeEncodeError) as error:
            reasons.append(str(error))
    raise RequestError(f"library: NVTX cannot be opened ({'; '.join(reasons)}); `pip install nvidia-nvtx` brings it")


def set_nvtx(library: bool | str | os.PathLike[str] | None) -> None:
    """From now on each GEMM, and each launch of a kernel, is a range of NVTX, which profilers show by name.

    library: True, for libnvtx3interop.so.1 or libnvToolsExt.so.1 of NVIDIA's packages or where the loader finds one;
    the path of one of them; False or None for no more ranges. It stays open. The environment variable AOTGEMM_NVTX says
    the same for a process before its first call; 1 is True, 0 none. Results never depend on it. Raises DtypeError, and
    RequestError for a library that cannot be opened or is another one.
    """
    if library is not None and not isinstance(library, (bool, str, os.PathLike)):
        raise DtypeError(f"library: is a {type(library).__name__}, allowed is True, False, None or a path")
    if library is None or library is False:
        return _core.set_ranges(0, 0)
    name = os.fsdecode(library) if library is not True else ""
    if "\0" in name:
        raise DtypeError("library: holds a null byte, allowed is a path without one")
    _core.set_ranges(*_open_nvtx(_nvtx_files() if library is True else (name,)))


def apply_environment() -> None:
    """What AOTGEMM_VERBOSE and AOTGEMM_NVTX ask for; the bindings call this before the process's first call."""
    given = os.environ.get(VERBOSE, "0")
    if given not in ("", "0"):
        set_verbose("stderr" if given == "1" else given)
    given = os.environ.get(NVTX, "0")
    if given not in ("", "0"):
        set_nvtx(True if given == "1" else given)

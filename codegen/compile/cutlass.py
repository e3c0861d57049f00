"""Finds CUTLASS's headers, whose wrappers of single instructions the kernels for sm_100a call."""

import re
from importlib.util import find_spec
from pathlib import Path

PINNED_CUTLASS = "4.2.0"
PACKAGE = f"nvidia-cutlass=={PINNED_CUTLASS}.0"
CCCL_PACKAGE = "nvidia-cuda-cccl==13.0.85"  # CuTe's headers include its cuda/std
_VERSION = re.compile(r"^#define CUTLASS_(?:MAJOR|MINOR|PATCH) (\d+)", re.MULTILINE)
_INCLUDE = re.compile(r"^\s*#\s*include\s*<(?:cute|cutlass)/", re.MULTILINE)


class CutlassError(RuntimeError):
    """No CUTLASS, one of another version than the pinned one, or none of the headers that it includes."""


def includes_cutlass(text: str) -> bool:
    """Whether a source includes a header of CUTLASS, which it does in angle brackets."""
    return _INCLUDE.search(text) is not None


def _of_package() -> Path:
    """The headers in nvidia-cutlass, which is looked up and not imported: its Python needs more packages."""
    found = find_spec("cutlass_library")
    if found is None or not found.submodule_search_locations:
        raise CutlassError(
            f"CUTLASS not found: `pip install {PACKAGE}` provides it; headers elsewhere are named by -DAOTGEMM_CUTLASS"
        )
    return Path(found.submodule_search_locations[0]) / "source" / "include"


def _check_version(include: Path) -> None:
    header = include / "cutlass" / "version.h"
    if not header.is_file():
        raise CutlassError(f"{include} has no cutlass/version.h: it is not the folder of CUTLASS's headers")
    version = ".".join(_VERSION.findall(header.read_text(encoding="utf-8")))
    if version != PINNED_CUTLASS:
        raise CutlassError(f"{include} is CUTLASS {version}; the kernels are pinned to {PINNED_CUTLASS} ({PACKAGE})")


def find_cutlass(given: str, cuda_h: Path) -> Path:
    """The folder of headers `given` or, where that is "", in the package nvidia-cutlass.

    cuda_h: a header of the CUDA toolkit, beside which CCCL must lie: CuTe includes it.
    """
    include = Path(given) if given else _of_package()
    _check_version(include)
    if not (cuda_h.parent / "cccl" / "cuda" / "std" / "version").is_file():
        raise CutlassError(f"cccl/cuda/std not found in {cuda_h.parent}; `pip install {CCCL_PACKAGE}` provides it")
    return include

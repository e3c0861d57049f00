"""The kernel of single instructions, which is none of a GEMM, as a row beside theirs."""

from fnmatch import fnmatchcase
from typing import Any

from ... import _core
from .families.tcgen05_mma import FAMILY


def instruction_kernels(arch: str, pattern: str = "*") -> list[dict[str, Any]]:
    """Empty where the library has none for the architecture, or its name does not match. It is not chosen by index."""
    name = f"{arch.removesuffix('a').replace('_', '')}_{FAMILY}"
    is_there = any((cubin["name"], cubin["arch"]) == (name, arch) for cubin in _core.cubins())
    if not is_there or not fnmatchcase(name, pattern.lower()):
        return []
    return [{"name": name, "arch": arch, "family": FAMILY, "kernel": -1, "grouping": "", "layout": "", "out_dtype": ""}]

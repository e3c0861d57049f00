"""Which kernels of a plan this library holds as the same machine code, be it under another name.

A plan of format 2 says so by code_sha256. In a plan of format 1 that hash covers the kernel's name too, so it is
computed again from this library's bytes under the plan's name, for kernels whose name ends alike.
"""

import re
from functools import cache
from typing import Any

from .. import _core
from .document import FORMAT
from .machine_code import code_sha256, planned_code_sha256

_TILE = re.compile(r"_(\d+x\d+x\d+_.*)$")


def _ending(name: str) -> str:
    """What a new name of a family leaves alone: tile, stages and cluster; of a conversion the last word, its dtype."""
    tile = _TILE.search(name)
    return tile[1] if tile else name.rpartition("_")[2]


@cache
def _by_ending() -> dict[tuple[str, str], list[str]]:
    """Names of this library's kernels by architecture and ending."""
    names: dict[tuple[str, str], list[str]] = {}
    for cubin in _core.cubins():
        names.setdefault((cubin["arch"], _ending(cubin["name"])), []).append(cubin["name"])
    return names


@cache
def _by_code() -> dict[tuple[str, str], list[str]]:
    """Names of this library's kernels by architecture and code_sha256."""
    names: dict[tuple[str, str], list[str]] = {}
    for cubin in _core.cubins():
        code = code_sha256(_core.cubin_bytes(cubin["name"], cubin["arch"]))
        names.setdefault((cubin["arch"], code), []).append(cubin["name"])
    return names


def _names_of_code(kernel: dict[str, Any], plan_format: str) -> list[str]:
    """This library's names of the planned kernel's machine code."""
    arch, name, code = kernel["arch"], kernel["name"], kernel["code_sha256"]
    if plan_format == FORMAT:
        return _by_code().get((arch, code), [])
    alike = _by_ending().get((arch, _ending(name)), [])
    return [one for one in alike if planned_code_sha256(plan_format, name, _core.cubin_bytes(one, arch)) == code]


def names_here(plan: dict[str, Any]) -> dict[str, str]:
    """This library's name for every kernel of the plan whose machine code it holds; its own where that is one."""
    found = {kernel["name"]: _names_of_code(kernel, plan["format"]) for kernel in plan["kernels"]}
    return {name: name if name in names else names[0] for name, names in found.items() if names}


def missing_sentence(plan: dict[str, Any]) -> str:
    """What to do about a plan that names kernels which this library lacks; "" for any other plan."""
    names = {(cubin["name"], cubin["arch"]) for cubin in _core.cubins()}
    missing = [kernel for kernel in plan["kernels"] if (kernel["name"], kernel["arch"]) not in names]
    if not missing:
        return ""
    here = names_here(plan | {"kernels": missing})
    same = [f"{old} is now {new}" for old, new in here.items()]
    return (
        f"; {len(missing)} of the plan's {len(plan['kernels'])} kernel names are not in this library"
        f" and {len(here)} of those kernels are here under other names as the same machine code"
        + (f" ({same[0]})" if same else "")
        + ": make a new plan with this library, and see with `aotgemm diff OLD NEW` what changed"
    )

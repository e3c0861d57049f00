"""DeepGEMM's modules, made of aotgemm's calls: what `import deep_gemm` finds."""

import importlib
import sys
from functools import cache
from types import ModuleType
from typing import Any

from .. import _core
from .deepgemm_names import ALIASES, NAMES_OF_MODULE

# Where a name is looked up, in this order: a call whose signature differs from aotgemm's comes first.
SOURCES = (
    "aotgemm.compat.k_grouped",
    "aotgemm.compat.deepgemm_v1",
    "aotgemm.compat.deepgemm_settings",
    "aotgemm",
    "aotgemm.utils.math",
    "aotgemm.utils.layout",
    "aotgemm.compat.casts",
    "aotgemm.compat.bench",
    "aotgemm.compat.numeric",
    "aotgemm.compat.testing",
    "aotgemm.compat.distributed",
)
FAMILIES_OF_ALL = ("fp8_gemm_1d2d", "fp8_fp4_gemm")  # no engine can do without one of them


@cache
def _sources() -> tuple[ModuleType, ...]:
    return tuple(importlib.import_module(name) for name in SOURCES)


def _found(name: str) -> Any:
    """What aotgemm has under that name, or None. A module is none of its calls: aotgemm.bench is another thing."""
    candidates = (getattr(module, name, None) for module in _sources())
    return next((each for each in candidates if each is not None and not isinstance(each, ModuleType)), None)


def members_of(module: str) -> dict[str, Any]:
    """The names of one of DeepGEMM's modules that aotgemm has, each with its function."""
    found = {name: _found(name) or _found(ALIASES.get(name, name)) for name in NAMES_OF_MODULE[module]}
    return {name: member for name, member in found.items() if member is not None}


def check_devices() -> None:
    """Raises ImportError where the machine has GPUs and this build multiplies on none of them.

    A machine without a GPU passes: the CPU backend computes there.
    """
    from .devices import compute_capabilities  # ctypes takes milliseconds to import

    supported = {spec["arch"] for spec in _core.specs() if spec["family"] in FAMILIES_OF_ALL}
    present = compute_capabilities()
    if present and not any(f"sm_{major}{minor}a" in supported for major, minor in present):
        listed = ", ".join(sorted({f"sm_{major}{minor}" for major, minor in present}))
        raise ImportError(f"deep_gemm: this machine's GPUs are {listed}, allowed is {', '.join(sorted(supported))}")


def _module(name: str) -> ModuleType:
    module = ModuleType(name, f"{name} of aotgemm")
    vars(module).update(members_of(name))
    module.__all__ = list(members_of(name))
    if any(other.startswith(f"{name}.") for other in NAMES_OF_MODULE):
        module.__path__ = []
    return module


def install_as_deep_gemm() -> ModuleType:
    """From now on `import deep_gemm`, and of its submodules, gives aotgemm in this process; returns that module.

    For a program that cannot install the distribution aotgemm-deepgemm, which does the same for every process. It may
    be called again. Raises ImportError if another deep_gemm has been imported before, or if this build has no kernels
    for the machine's GPUs. No CUDA context is made.
    """
    before = sys.modules.get("deep_gemm")
    if before is not None:
        if not hasattr(before, "aotgemm_version"):
            raise ImportError("deep_gemm: another one has been imported in this process, allowed is none before this")
        return before
    check_devices()
    modules = {name: _module(name) for name in NAMES_OF_MODULE}
    for name, module in modules.items():
        parent, _, child = name.rpartition(".")
        if parent and child not in NAMES_OF_MODULE[parent]:  # deep_gemm.testing.bench is the function, as there
            setattr(modules[parent], child, module)
    modules["deep_gemm"].aotgemm_version = _core.version()
    sys.modules.update(modules)
    return modules["deep_gemm"]

"""Whether a library still holds what a plan says, from the bytes of its file."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import KernelMissingError, PlanError, ShapeError
from ..plan.machine_code import planned_code_sha256
from .calls import Call
from .library import MEMBER, Cubin, cubins_in, loaded_library, read_member
from .names import nearest
from .plan import intervals_of

OTHER_BUILD = "another build"


def _kernel(planned: dict[str, Any], found: Cubin | None, plan_format: str) -> dict[str, Any]:
    """One planned kernel against the file."""
    if found is None or found.arch != planned["arch"]:
        state, sha256 = "missing", ""
    elif found.sha256 == planned["sha256"]:
        state, sha256 = "equal", found.sha256
    else:
        code_equal = planned_code_sha256(plan_format, found.name, found.data) == planned["code_sha256"]
        state, sha256 = "metadata differs" if code_equal else "code differs", found.sha256
    return {
        "name": planned["name"],
        "arch": planned["arch"],
        "planned": planned["sha256"],
        "found": sha256,
        "state": state,
    }


def _damaged(cubins: dict[str, Cubin], planned: set[str]) -> Iterator[dict[str, Any]]:
    """Kernels beside the plan whose bytes are not what their library itself says of them."""
    for cubin in cubins.values():
        if cubin.name not in planned and cubin.sha256 != cubin.stated_sha256:
            state = "damaged, not in the plan"
            names = {"name": cubin.name, "arch": cubin.arch, "planned": cubin.stated_sha256}
            yield names | {"found": cubin.sha256, "state": state}


def _selection_differs(call: dict[str, Any], device: dict[str, Any]) -> bool:
    """Whether the loaded library would choose otherwise for any M of the call."""
    kind = {name: call[name] for name in ("family", "n", "k", "grouping", "layout", "out_dtype", "groups")}
    first, last = (1, 1) if call["missing"] else (call["intervals"][0]["m"][0], call["intervals"][-1]["m"][1])
    try:
        chosen = intervals_of(Call(tuple(call["layers"]), **kind), device, call["num_sms"], last, first)
    except (KernelMissingError, ShapeError):
        return not call["missing"]
    return [(i["m"], i["kernel"]) for i in call["intervals"]] != [(i["m"], i["kernel"]) for i in chosen]


def _same_file(path: Path | None, data: bytes) -> bool:
    return path is None or data == loaded_library().read_bytes()


def _library(planned: dict[str, Any], data: bytes) -> dict[str, str]:
    """The file itself, whose host code chooses and launches, against the plan."""
    sha256, stated = hashlib.sha256(data).hexdigest(), planned.get("sha256", "")
    state = "not stated in the plan" if not stated else "equal" if sha256 == stated else OTHER_BUILD
    return {"planned": stated, "found": sha256, "state": state}


def part_of(plan: dict[str, Any], name: str) -> dict[str, Any]:
    """One kernel of the plan, and the calls that choose it. Raises PlanError where the plan has no such kernel."""
    name = name.lower()
    kernels = [kernel for kernel in plan["kernels"] if kernel["name"] == name]
    if not kernels:
        like = nearest(name, (kernel["name"] for kernel in plan["kernels"]))
        raise PlanError(f"--kernel: is {name[:128]!r}, which the plan lacks; {like}")
    calls = [call for call in plan["calls"] if any(interval["kernel"] == name for interval in call["intervals"])]
    return plan | {"kernels": kernels, "calls": calls}


def verify(
    plan: dict[str, Any], path: Path | None = None, other_build: bool = False, beside: bool = True
) -> dict[str, Any]:
    """The plan against a library or a wheel; None for the library of this process.

    other_build: kernels and choices count, and not the bytes of the host code. beside: kernels that are not in the plan
    are listed too if they are damaged, if their bytes do not have the sha256 that the library itself states. Of the
    library of this process the selection is recomputed: another one is read, not run.
    """
    data = read_member(path or loaded_library(), MEMBER)
    cubins = cubins_in(data)
    kernels = [_kernel(kernel, cubins.get(kernel["name"]), plan["format"]) for kernel in plan["kernels"]]
    kernels += _damaged(cubins, {kernel["name"] for kernel in kernels}) if beside else ()
    selection_checked = _same_file(path, data)
    changed = [
        {name: call[name] for name in ("layers", "family", "grouping", "groups", "n", "k", "num_sms")}
        for call in plan["calls"]
        if selection_checked and _selection_differs(call, plan["device"])
    ]
    library = _library(plan["library"], data)
    as_built = other_build or library["state"] != OTHER_BUILD
    return {
        "library": str(path or loaded_library()),
        "library_file": library,
        "kernels": kernels,
        "differing": sum(kernel["state"] != "equal" for kernel in kernels),
        "selection_checked": selection_checked,
        "selection_changed": changed,
        "ok": as_built and not changed and all(kernel["state"] == "equal" for kernel in kernels),
    }

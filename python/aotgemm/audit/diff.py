"""Two plans, or two libraries, side by side: what changes for whom.

A kernel or a family that has another name and the same machine code is told apart from one that came or went.
"""

from collections.abc import Iterator
from typing import Any

from .. import _core
from ..plan.document import FORMAT
from ..plan.machine_code import code_sha256
from ..plan.renames import names_here
from .library import Cubin

KEY = ("family", "grouping", "layout", "out_dtype", "groups", "n", "k", "num_sms")
Interval = dict[str, Any]


def time_at(interval: Interval, m: int) -> float:
    """The predicted time at M, on the line between the ends of the interval, which has times."""
    (first, last), (first_us, last_us) = interval["m"], interval["us"]
    return first_us if first == last else first_us + (last_us - first_us) * (m - first) / (last - first)


def _times(interval: Interval, ms: tuple[int, int]) -> list[float]:
    return [round(time_at(interval, m), 2) for m in ms] if interval["us"] else []


def _overlaps(old: list[Interval], new: list[Interval]) -> Iterator[tuple[int, int, Interval, Interval]]:
    """First and last M of each piece that both have, with the interval of each; both ascend."""
    at_old = at_new = 0
    while at_old < len(old) and at_new < len(new):
        one, two = old[at_old], new[at_new]
        first, last = max(one["m"][0], two["m"][0]), min(one["m"][1], two["m"][1])
        if first <= last:
            yield first, last, one, two
        if one["m"][1] <= two["m"][1]:
            at_old += 1
        else:
            at_new += 1


def _changes(old: list[Interval], new: list[Interval]) -> list[dict[str, Any]]:
    return [
        {
            "m": [first, last],
            "old": one["kernel"],
            "new": two["kernel"],
            "old_us": _times(one, (first, last)),
            "new_us": _times(two, (first, last)),
        }
        for first, last, one, two in _overlaps(old, new)
        if one["kernel"] != two["kernel"]
    ]


def _range(call: dict[str, Any]) -> list[int]:
    return [call["intervals"][0]["m"][0], call["intervals"][-1]["m"][1]] if call["intervals"] else []


def _by_key(plan: dict[str, Any]) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(call[name] for name in KEY): call for call in plan["calls"]}


def _named(call: dict[str, Any]) -> dict[str, Any]:
    return {"layers": call["layers"], **{name: call[name] for name in KEY}}


def compare_calls(old: dict[str, Any], new: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Calls that one plan alone has, and those whose kernel or range of M changes."""
    one, two = _by_key(old), _by_key(new)
    changed = []
    for key in one.keys() & two.keys():
        changes = _changes(one[key]["intervals"], two[key]["intervals"])
        ranges = [_range(one[key]), _range(two[key])]
        if changes or ranges[0] != ranges[1]:
            changed.append(_named(two[key]) | {"old_m": ranges[0], "new_m": ranges[1], "changes": changes})
    return {
        "added": [_named(two[key]) for key in sorted(two.keys() - one.keys())],
        "removed": [_named(one[key]) for key in sorted(one.keys() - two.keys())],
        "changed": sorted(changed, key=lambda call: tuple(call[name] for name in KEY)),
    }


def _state(old: dict[str, Any], new: dict[str, Any]) -> str:
    if old["sha256"] == new["sha256"]:
        return "equal"
    return "metadata" if old["code_sha256"] == new["code_sha256"] else "code"


def _renamed(gone: list[dict[str, Any]], came: list[dict[str, Any]]) -> dict[str, str]:
    """Old name -> new name of kernels with the same machine code, each kernel in one pair at most."""
    free: dict[tuple[str, str], list[str]] = {}
    for kernel in came:
        free.setdefault((kernel["arch"], kernel["code_sha256"]), []).append(kernel["name"])
    names = {}
    for kernel in gone:
        if same := free.get((kernel["arch"], kernel["code_sha256"])):
            names[kernel["name"]] = same.pop(0)
    return names


def compare_kernels(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> dict[str, Any]:
    """Names of kernels that one side alone has, that have another name and the same machine code, that differ in their
    instructions, and in their metadata alone."""
    one, two = ({(kernel["name"], kernel["arch"]): kernel for kernel in kernels} for kernels in (old, new))
    states = {key: _state(one[key], two[key]) for key in sorted(one.keys() & two.keys())}
    gone, came = ([side[key] for key in sorted(side.keys() - states.keys())] for side in (one, two))
    renamed = _renamed(gone, came)
    return {
        "added": [kernel["name"] for kernel in came if kernel["name"] not in renamed.values()],
        "removed": [kernel["name"] for kernel in gone if kernel["name"] not in renamed],
        "renamed": [{"old": name, "new": now} for name, now in renamed.items()],
        "code_changed": [name for (name, _), state in states.items() if state == "code"],
        "metadata_changed": [name for (name, _), state in states.items() if state == "metadata"],
        "equal": sum(state == "equal" for state in states.values()),
    }


def _families(plan: dict[str, Any]) -> dict[str, str]:
    """The family of every kernel that calls of the plan choose."""
    return {interval["kernel"]: call["family"] for call in plan["calls"] for interval in call["intervals"]}


def _renamed_families(old: dict[str, Any], new: dict[str, Any], kernels: dict[str, str]) -> dict[str, str]:
    """Old name -> new name of families, of which renamed kernels tell."""
    one, two = _families(old), _families(new)
    pairs = {one[name]: two[now] for name, now in kernels.items() if name in one and now in two}
    return {name: now for name, now in pairs.items() if name != now}


def _with_new_names(plan: dict[str, Any], kernels: dict[str, str], families: dict[str, str]) -> dict[str, Any]:
    """The plan's calls as they read with these names of kernels and families."""
    calls = [
        call
        | {"family": families.get(call["family"], call["family"])}
        | {"intervals": [i | {"kernel": kernels.get(i["kernel"], i["kernel"])} for i in call["intervals"]]}
        for call in plan["calls"]
    ]
    return plan | {"calls": calls}


def _planned_kernels(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """The plan's kernels with code_sha256 as plans have it today.

    Of a plan of format 1 that takes the machine code itself, so it is done for kernels which this library holds; others
    equal nothing but themselves.
    """
    if plan["format"] == FORMAT:
        return plan["kernels"]
    here = names_here(plan)
    return [
        kernel | {"code_sha256": code_sha256(_core.cubin_bytes(here[kernel["name"]], kernel["arch"]))}
        if kernel["name"] in here
        else kernel
        for kernel in plan["kernels"]
    ]


def compare_plans(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """All that differs between two plans. Calls whose family or kernel has another name alone are not changed."""
    heads = [name for name in ("format", "library", "device", "source") if old[name] != new[name]]
    kernels = compare_kernels(_planned_kernels(old), _planned_kernels(new))
    names = {pair["old"]: pair["new"] for pair in kernels["renamed"]}
    families = _renamed_families(old, new, names)
    return {
        "facts": {name: [old[name], new[name]] for name in heads},
        "families_renamed": [{"old": name, "new": now} for name, now in families.items()],
        "calls": compare_calls(_with_new_names(old, names, families), new),
        "kernels": kernels,
    }


def facts_of(cubins: dict[str, Cubin]) -> list[dict[str, Any]]:
    """Kernels of a library as compare_kernels takes them."""
    return [{"name": c.name, "arch": c.arch, "sha256": c.sha256, "code_sha256": c.code_sha256} for c in cubins.values()]

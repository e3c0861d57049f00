"""Two plans, or two libraries, side by side: what changes for whom."""

from collections.abc import Iterator
from typing import Any

from .library import Cubin

KEY = ("family", "grouping", "layout", "out_dtype", "groups", "n", "k", "num_sms")
Interval = dict[str, Any]


def time_at(interval: Interval, m: int) -> float:
    """The predicted time at M, on the line between the ends of the interval."""
    (first, last), (first_us, last_us) = interval["m"], interval["us"]
    return first_us if first == last else first_us + (last_us - first_us) * (m - first) / (last - first)


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
            "old_us": [round(time_at(one, m), 2) for m in (first, last)],
            "new_us": [round(time_at(two, m), 2) for m in (first, last)],
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


def compare_kernels(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> dict[str, Any]:
    """Names of kernels that one side alone has, that differ in their instructions, and in their metadata alone."""
    one, two = ({(kernel["name"], kernel["arch"]): kernel for kernel in kernels} for kernels in (old, new))
    both = sorted(one.keys() & two.keys())
    states = {key: _state(one[key], two[key]) for key in both}
    return {
        "added": [name for name, _ in sorted(two.keys() - one.keys())],
        "removed": [name for name, _ in sorted(one.keys() - two.keys())],
        "code_changed": [name for (name, _), state in states.items() if state == "code"],
        "metadata_changed": [name for (name, _), state in states.items() if state == "metadata"],
        "equal": sum(state == "equal" for state in states.values()),
    }


def compare_plans(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """All that differs between two plans."""
    heads = [name for name in ("library", "device", "source") if old[name] != new[name]]
    return {
        "facts": {name: [old[name], new[name]] for name in heads},
        "calls": compare_calls(old, new),
        "kernels": compare_kernels(old["kernels"], new["kernels"]),
    }


def facts_of(cubins: dict[str, Cubin]) -> list[dict[str, Any]]:
    """Kernels of a library as compare_kernels takes them."""
    return [{"name": c.name, "arch": c.arch, "sha256": c.sha256, "code_sha256": c.code_sha256} for c in cubins.values()]

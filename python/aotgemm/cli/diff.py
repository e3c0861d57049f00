"""`aotgemm diff`: what changes from one plan, or one wheel, to the next."""

import argparse
from pathlib import Path
from typing import Any

from ..audit.diff import compare_kernels, compare_plans, facts_of
from ..audit.library import read_library
from ..audit.names import CUT, shortened
from ..plan.plan_file import read_plan
from .output import add_command, print_facts, print_json, print_table

EXAMPLES = """\
examples:
  aotgemm diff old.json new.json              which calls change their kernel, which kernels change their code
  aotgemm diff --wheel old.whl new.whl        two wheels, or two libaotgemm.so, without installing or loading them
  aotgemm diff old.json new.json --json | jq '.kernels.code_changed'

A kernel whose sha256 differs has either other instructions ("code") or the same instructions in another wrapping
("metadata"); one that is "renamed" has another name and the same instructions. No such change alters a bit of a result.
Exit status: 0 if nothing differs, 1 if something does.
"""


def add_parser(subparsers: Any) -> None:
    parser = add_command(subparsers, "diff", "Compare two plans, or two wheels; needs no GPU.", EXAMPLES, run)
    parser.add_argument("old", type=Path, help="plan file; a wheel or a libaotgemm.so with --wheel")
    parser.add_argument("new", type=Path, help="the other one")
    parser.add_argument("--wheel", action="store_true", help="compare the kernels of two wheels or libraries")


def _kernel_rows(kernels: dict[str, Any]) -> list[list[str]]:
    words = {"added": "added", "removed": "removed", "code_changed": "other code", "metadata_changed": "metadata alone"}
    rows = [[name, word, ""] for key, word in words.items() for name in kernels[key]]
    return rows + [[pair["old"], "renamed, same code", pair["new"]] for pair in kernels["renamed"]]


def _title(call: dict[str, Any]) -> str:
    groups = f", {call['groups']} groups" if call["groups"] > 1 else ""
    kind = f"{call['family']} {call['grouping']} {call['layout']}, {call['out_dtype']} out{groups}"
    return f"{', '.join(call['layers'])}: {call['n']}x{call['k']}, {kind}, {call['num_sms']} SMs"


def _range(ends: list[int]) -> str:
    return " to ".join(map(str, sorted(set(ends)))) or "none"


def _effect(change: dict[str, Any]) -> str:
    """Predicted times at the first M."""
    return " -> ".join(f"{us[0]:.1f}" if us else "none" for us in (change["old_us"], change["new_us"]))


def _print_changed(call: dict[str, Any]) -> None:
    """One call's table. What its kernels' names have in common stands above it."""
    changes = call["changes"]
    shared, names = shortened(name for change in changes for name in (change["old"], change["new"]))
    rows = [[_range(c["m"]), names[c["old"]], names[c["new"]], _effect(c)] for c in changes]
    if call["old_m"] != call["new_m"]:
        rows.append(["all", f"M {_range(call['old_m'])}", f"M {_range(call['new_m'])}", ""])
    kernels = f"\nkernels {shared}{CUT}" if shared else ""
    print_table(("M", "old", "new", "predicted us"), rows, _title(call) + kernels)


def _print_calls(calls: dict[str, Any]) -> None:
    for call in calls["changed"]:
        _print_changed(call)
    rows = [[_title(call), word] for word in ("added", "removed") for call in calls[word]]
    if rows:
        print_table(("call", "change"), rows, "Calls")


def _differing(name: str, old: Any, new: Any) -> dict[str, str]:
    """What differs of a fact, part by part where it has parts."""
    if isinstance(old, dict) and isinstance(new, dict):
        pairs = {f"{name} {key}": (old.get(key), new.get(key)) for key in {**old, **new}}
        return {part: f"{one} -> {two}" for part, (one, two) in pairs.items() if one != two}
    return {name: f"{old} -> {new}"}


def _print(report: dict[str, Any]) -> None:
    if rows := _kernel_rows(report["kernels"]):
        print_table(("kernel", "change", "new name"), rows, "Kernels")
    if rows := [[pair["old"], pair["new"]] for pair in report.get("families_renamed", [])]:
        print_table(("family", "new name"), rows, "Families")
    _print_calls(report.get("calls", {"added": [], "removed": [], "changed": []}))
    facts: dict[str, Any] = {}
    for name, pair in report.get("facts", {}).items():
        facts |= _differing(name, *pair)
    kernels = report["kernels"]
    counts = {"kernels that are equal": kernels["equal"], "of the same code under a new name": len(kernels["renamed"])}
    print_facts(facts | counts | {"verdict": _verdict(report)})


def _verdict(report: dict[str, Any]) -> str:
    return "something differs" if _differs(report) else "nothing differs"


def _differs(report: dict[str, Any]) -> bool:
    calls = report.get("calls", {})
    return bool(report.get("facts") or any(calls.values()) or _kernel_rows(report["kernels"]))


def run(arguments: argparse.Namespace) -> int:
    if arguments.wheel:
        old, new = (facts_of(read_library(path)) for path in (arguments.old, arguments.new))
        report: dict[str, Any] = {"kernels": compare_kernels(old, new)}
    else:
        report = compare_plans(read_plan(arguments.old), read_plan(arguments.new))
    print_json(report) if arguments.json else _print(report)
    return 1 if _differs(report) else 0

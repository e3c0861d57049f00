"""`aotgemm verify`: whether a library holds, byte for byte, the kernels of a plan."""

import argparse
from pathlib import Path
from typing import Any

from ..audit.verify import OTHER_BUILD, part_of, verify
from ..plan.plan_file import read_plan
from .output import INCOMPLETE, add_command, print_facts, print_json, print_table

EXAMPLES = """\
examples:
  aotgemm verify plan.json                               the library that this command runs with
  aotgemm verify plan.json --kernel sm90_transpose_sf_fp32
                                                         one kernel of it
  aotgemm verify plan.json --library libaotgemm.so       another one: its file is read, not loaded
  aotgemm verify plan.json --library aotgemm.whl         the one in a wheel that is not installed
  aotgemm verify plan.json --json | jq '.kernels[] | select(.state != "equal")'

Every sha256 is recomputed from the bytes in the file: of each kernel, and of libaotgemm.so itself, whose host code
chooses and launches them. For the library that this command runs with, the selection is recomputed too. Another build
of the library may hold the same kernels; --allow-other-build accepts it. Exit status: 0 if all is as planned, 1 if not,
2 if the plan or the library cannot be read, 3 if all is as planned but the plan has calls without a kernel and
--allow-missing is not given.
"""


def add_parser(subparsers: Any) -> None:
    help = "Recompute the hash of every kernel of a plan; needs no GPU."
    parser = add_command(subparsers, "verify", help, EXAMPLES, run)
    parser.add_argument("plan", type=Path, help="plan file")
    parser.add_argument(
        "--library", type=Path, metavar="FILE", help="libaotgemm.so or a wheel; default: the installed one"
    )
    parser.add_argument("--kernel", metavar="NAME", help="this kernel of the plan alone, and the calls that run it")
    parser.add_argument("--allow-other-build", action="store_true", help="its kernels count, not libaotgemm.so itself")
    parser.add_argument("--allow-missing", action="store_true", help="exit status 0 also where a call has no kernel")


def _file_words(file: dict[str, str]) -> str:
    words = file["state"]
    return f"{words}: {file['found']}" + (f", planned {file['planned']}" if words == OTHER_BUILD else "")


def _print(report: dict[str, Any]) -> None:
    wrong = [kernel for kernel in report["kernels"] if kernel["state"] != "equal"]
    if wrong:
        rows = [[k["name"], k["state"], k["planned"][:12], k["found"][:12]] for k in wrong]
        print_table(("kernel", "state", "planned", "found"), rows, "Not as planned")
    changed = report["selection_changed"]
    if changed:
        rows = [[", ".join(call["layers"]), call["family"], call["grouping"], call["n"], call["k"]] for call in changed]
        print_table(("layers", "family", "grouping", "N", "K"), rows, "Calls for which the library chooses otherwise")
    selection = (
        f"{len(changed)} calls changed" if report["selection_checked"] else "not checked: the library is not loaded"
    )
    print_facts(
        {
            "library": report["library"],
            "its file": _file_words(report["library_file"]),
            "kernels": f"{len(report['kernels']) - len(wrong)} of {len(report['kernels'])} equal",
            "selection": selection,
            "calls without a kernel": report["without_a_kernel"],
            "verdict": "as planned" if report["ok"] else "NOT as planned",
        }
    )


def _print_kernel(kernel: dict[str, str], layers: list[str]) -> None:
    print_facts(
        {
            "kernel": kernel["name"],
            "planned sha256": kernel["planned"],
            "found sha256": kernel["found"] or "-",
            "state": kernel["state"],
            "runs for": ", ".join(layers) or "beside calls: layouts, casts and the like",
        }
    )


def run(arguments: argparse.Namespace) -> int:
    plan = read_plan(arguments.plan)
    if arguments.kernel:
        plan = part_of(plan, arguments.kernel)
    without = sum(bool(call["missing"]) for call in plan["calls"])
    report = verify(plan, arguments.library, arguments.allow_other_build, beside=not arguments.kernel)
    report |= {"without_a_kernel": without}
    if arguments.kernel and not arguments.json:
        _print_kernel(report["kernels"][0], sorted({layer for call in plan["calls"] for layer in call["layers"]}))
    print_json(report) if arguments.json else _print(report)
    if report["ok"] and without and not arguments.allow_missing:
        return INCOMPLETE
    return 0 if report["ok"] else 1

"""`aotgemm rebuild`: whether a kernel is what its sources give."""

import argparse
from pathlib import Path
from typing import Any

from ..audit.library import read_library
from ..audit.rebuild import STEPS, rebuild
from ..audit.sass import find_cubin
from .output import add_command, print_facts, print_json, progress

EXAMPLES = """\
examples:
  aotgemm rebuild sm90_transpose_sf_fp32 --source .                     from a checkout
  aotgemm rebuild sm90_transpose_sf_fp32 --source aotgemm-0.1.0.tar.gz  from a source distribution

Compiles the kernel with the compiler that the sources pin (`pip install 'aotgemm[rebuild]'` provides it) and compares
it, byte for byte, with the one in the library. Exit status: 0 if equal, 1 if not.
"""


def add_parser(subparsers: Any) -> None:
    help = "Compile one kernel again from the sources and compare the bytes."
    parser = add_command(subparsers, "rebuild", help, EXAMPLES, run)
    parser.add_argument("kernel", help="its name, as `aotgemm list` shows it")
    parser.add_argument(
        "--source", type=Path, default=Path("."), metavar="PATH", help="checkout or source distribution; default: ."
    )
    parser.add_argument(
        "--library", type=Path, metavar="FILE", help="libaotgemm.so or a wheel; default: the installed one"
    )


def _print(report: dict[str, Any]) -> None:
    words = "equal, byte for byte" if report["equal"] else "DIFFERENT" + ", same code" * report["code_equal"]
    print_facts(
        {name: report[name] for name in ("name", "compiler", "library_sha256", "rebuilt_sha256")} | {"verdict": words}
    )


def run(arguments: argparse.Namespace) -> int:
    cubin = find_cubin(read_library(arguments.library), arguments.kernel)
    with progress(not arguments.json) as display:
        task = display.add_task("", total=STEPS)
        report = rebuild(cubin, arguments.source, lambda name: display.update(task, advance=1, description=name))
    print_json(report) if arguments.json else _print(report)
    return 0 if report["equal"] else 1

"""`aotgemm sass`: the machine code of a kernel."""

import argparse
from pathlib import Path
from typing import Any

from ..audit.library import read_library
from ..audit.sass import PACKAGE, disassemble, find_cubin
from .output import add_command, print_json

EXAMPLES = f"""\
examples:
  aotgemm sass sm90_transpose_sf_fp32                        as nvdisasm prints it
  aotgemm sass sm90_transpose_sf_fp32 --library aotgemm.whl  of a wheel that is not installed

Needs nvdisasm, from the package {PACKAGE} or on PATH. `aotgemm list` shows the names.
"""


def add_parser(subparsers: Any) -> None:
    parser = add_command(subparsers, "sass", "Print the machine code of a kernel, disassembled.", EXAMPLES, run)
    parser.add_argument("kernel", help="its name")
    parser.add_argument(
        "--library", type=Path, metavar="FILE", help="libaotgemm.so or a wheel; default: the installed one"
    )


def run(arguments: argparse.Namespace) -> int:
    cubin = find_cubin(read_library(arguments.library), arguments.kernel)
    text = disassemble(cubin)
    if arguments.json:
        print_json({"name": cubin.name, "arch": cubin.arch, "sha256": cubin.sha256, "sass": text})
    else:
        print(text, end="")
    return 0

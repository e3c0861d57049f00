"""`aotgemm list`: every kernel in this build."""

import argparse
from fnmatch import fnmatchcase
from typing import Any

from .. import _core
from ..audit.names import nearest
from ..errors import KernelMissingError
from .output import add_command, print_json, print_table

EXAMPLES = """\
examples:
  aotgemm list                        every kernel
  aotgemm list --kernel '*swap*'      those whose name matches
  aotgemm list --arch sm_100a         those for a B200
  aotgemm list --json | jq '.gemm[] | {name, sha256}'

A name tells the architecture, family, grouping, layout, output, whether the weights are on the tensor core's M side
(swap), the tile of D and K that a thread block works on (rows x columns x K), stages in shared memory (s), K blocks in
flight (f) and the cluster (c). It has no sizes: M, N, K and the number of SMs are run-time values of every kernel.
sha256 is that of the compiled kernel; the same source gives the same one everywhere.
"""


def add_parser(subparsers: Any) -> None:
    parser = add_command(subparsers, "list", "List every kernel compiled into this build.", EXAMPLES, run)
    parser.add_argument("--kernel", metavar="GLOB", default="*", help="only kernels whose name matches, as in a shell")
    archs = list(dict.fromkeys(cubin["arch"] for cubin in _core.cubins()))
    parser.add_argument("--arch", type=str.lower, choices=archs, help="only kernels of this architecture")


def _inventory(pattern: str, arch: str | None) -> dict[str, list[dict[str, Any]]]:
    """The kernels of the architecture (None: of all) whose name matches, in any case. Raises KernelMissingError where
    none does.
    """
    pattern, cubins = pattern.lower(), [cubin for cubin in _core.cubins() if arch in (None, cubin["arch"])]
    names = [cubin["name"] for cubin in cubins]
    if not any(fnmatchcase(name, pattern) for name in names):
        like = nearest(pattern.strip("*"), names)
        raise KernelMissingError(f"--kernel: is {pattern[:128]!r}, which no kernel's name matches; {like}")
    specs = [spec for spec in _core.specs() if fnmatchcase(spec["name"], pattern) and arch in (None, spec["arch"])]
    gemms = {spec["name"] for spec in _core.specs()}
    others = [cubin for cubin in cubins if cubin["name"] not in gemms]
    return {"gemm": specs, "conversion": [cubin for cubin in others if fnmatchcase(cubin["name"], pattern)]}


def run(arguments: argparse.Namespace) -> int:
    found = _inventory(arguments.kernel, arguments.arch)
    if arguments.json:
        print_json(found)
        return 0
    if rows := [[s["name"], s["threads"], s["shared_bytes"] // 1024, s["sha256"][:12]] for s in found["gemm"]]:
        print_table(("name", "threads", "KiB", "sha256"), rows, f"GEMM kernels: {len(rows)}")
    if rows := [[cubin["name"], cubin["size"], cubin["sha256"][:12]] for cubin in found["conversion"]]:
        print_table(("name", "bytes", "sha256"), rows, f"Other kernels: {len(rows)}")
    return 0

"""The `aotgemm` command. One file a command; each has add_parser(subparsers) and run(arguments) -> exit status."""

import argparse
import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import Error
from . import bench, demo, diff, doctor, explain, list_kernels, plan, rebuild, report, sass, selftest, tune, verify

AUDIT_COMMANDS = (plan, verify, diff, report, sass, rebuild)
COMMANDS = (demo, list_kernels, explain, selftest, tune, bench, doctor, *AUDIT_COMMANDS)
BAD_REQUEST = 2  # argparse's own status for arguments it refuses

DESCRIPTION = "Block-scaled FP8 GEMM from kernels compiled ahead of time: what is in this build, and does it work here?"
EXAMPLES = """\
start here:
  aotgemm demo                                  an FP8 linear layer on the device at hand, checked
  aotgemm explain --m 64 --n 2112 --k 7168      which kernel such a call runs, and why; needs no GPU
  aotgemm selftest --quick                      kernels against the CPU backend, bit for bit
  aotgemm doctor                                what works on this machine

exit status: 0 all well, 1 a check failed, 2 the request could not be carried out
"""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aotgemm", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"aotgemm {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line (None: this process's) and returns its exit status."""
    arguments = build_parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except Error as error:
        print(f"aotgemm: {error}", file=sys.stderr)
        return BAD_REQUEST

"""The `aotgemm` command. One file a command; each has add_parser(subparsers) and run(arguments) -> exit status."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from .. import __version__
from ..errors import Error
from . import (
    bench,
    demo,
    diff,
    doctor,
    explain,
    list_kernels,
    plan,
    rebuild,
    replay,
    report,
    sass,
    selftest,
    tune,
    verify,
)
from .output import print_error, printable

AUDIT_COMMANDS = (plan, verify, diff, report, sass, rebuild)
COMMANDS = (demo, list_kernels, explain, selftest, replay, tune, bench, doctor, *AUDIT_COMMANDS)
BAD_REQUEST = 2  # argparse's own status for arguments it refuses
NO_VALUE = "=--"  # argparse takes it for an option without one, and gives the command an empty list
PIPE_CLOSED = 141  # what a shell makes of a command that SIGPIPE ended

DESCRIPTION = "Matrix products in FP8 and BF16 from kernels compiled ahead of time: what is here, and does it work?"
EXAMPLES = """\
start here:
  aotgemm demo                                  an FP8 linear layer on the device at hand, checked
  aotgemm explain --m 64 --n 2112 --k 7168      which kernel such a call runs, and why; needs no GPU
  aotgemm selftest --quick                      kernels against the CPU backend, bit for bit
  aotgemm doctor                                what works on this machine

exit status: 0 all well, 1 a check failed, 2 the request could not be carried out, 3 a planned call has no kernel,
141 whoever read the output stopped
"""


class CommandParser(argparse.ArgumentParser):
    """Prints what it refuses as JSON where JSON is asked for."""

    as_json = False

    def error(self, message: str) -> NoReturn:
        if self.as_json:
            print_error("UsageError", f"{self.prog}: {message}")
            self.exit(BAD_REQUEST)
        super().error(message)


def build_parser(as_json: bool = False) -> argparse.ArgumentParser:
    """as_json: refusals of the command line itself are JSON too."""
    parser = CommandParser(
        prog="aotgemm", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"aotgemm {__version__}")
    package = Path(__file__).parents[1]
    cmake, kernel = package / "cmake", f"kernels-community/finegrained-fp8={package / 'torch' / 'hub_kernel'}"
    parser.add_argument("--cmake-dir", action="version", version=str(cmake), help="the folder for CMake's aotgemm_DIR")
    parser.add_argument(
        "--local-kernels",
        action="version",
        version=kernel,
        help="what transformers wants in the variable LOCAL_KERNELS",
    )
    parser.set_defaults(run=lambda arguments: _print_help(parser), json=as_json)
    subparsers = parser.add_subparsers(metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(subparsers)
    for each in (parser, *subparsers.choices.values()):
        each.as_json = as_json
    return parser


def _print_help(parser: argparse.ArgumentParser) -> int:
    """The answer to a command line without a command."""
    print(parser.format_help(), end="")
    return 0


def _refuse(error: Exception, as_json: bool) -> None:
    """As JSON on the standard output, unless that is what fails: its buffer must not fail again at the exit."""
    try:
        if as_json:
            print_error(type(error).__name__, str(error))
        sys.stdout.flush()
        if as_json:
            return
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    print(f"aotgemm: {printable(str(error))}", file=sys.stderr)


def _prepare_output() -> None:
    """What the encoding of the standard output lacks is escaped, as Python does for standard error. Streams that were
    closed when the process began, of which Python makes None, swallow what is written.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line (None: this process's) and returns its exit status."""
    _prepare_output()
    words = sys.argv[1:] if argv is None else argv
    parser = build_parser("--json" in words)
    for word in words:
        if word.startswith("--") and word.endswith(NO_VALUE):
            parser.error(f"argument {word.removesuffix(NO_VALUE)}: is --, which is no value")
    arguments = parser.parse_args(words)
    try:
        status = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter's last flush fails too
        return PIPE_CLOSED
    except (Error, OSError) as error:
        _refuse(error, arguments.json)
        return BAD_REQUEST

"""`aotgemm selftest`: every kernel against the CPU backend, bit for bit."""

import argparse
from contextlib import AbstractContextManager, nullcontext
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, get_args

from rich.progress import Progress

from .. import _core
from ..choice import arch_of
from ..errors import DeviceError, KernelMissingError
from ..problems.backends import ARCHS, CpuBackend, CudaBackend, default_backend, speaking_for
from ..selftest.tally import Tallies
from ..typing import Architecture
from .output import add_command, natural, print_facts, print_json, print_table, progress

EXAMPLES = """\
examples:
  aotgemm selftest                           everything: minutes on a GPU
  aotgemm selftest --quick                   a subset of the shapes: seconds
  aotgemm selftest --kernel '*swap*'         only kernels whose name matches
  aotgemm selftest --determinism             the same bits in every circumstance, with 10,000 random pairs of kernels
  aotgemm selftest --arch sm_100a            without a GPU: the calls of Blackwell, against NumPy
  aotgemm selftest --report gpu.json         a file of bits and times besides, for aotgemm replay
  compute-sanitizer aotgemm selftest --small tiny shapes of every kernel, for tools that slow it down

On a GPU, each kernel runs each shape twice: on contiguous operands, and on strided views with part of the SMs. D lies
in poisoned memory; all of it is compared, and what surrounds it must not have been written. Operands hold every finite
FP8 pattern, and some NaN and infinities. Without a GPU, the CPU backend is compared with a slow NumPy version written
from the definition. Exit status: 0 if no case differs, 1 if one does.

--report writes, before anything else runs, what can be judged elsewhere: products of a few instructions whose bits show
what the tensor cores do, a digest of every kernel's bits, and times beside the predicted ones (not with --small). It is
written after each part, so that a run which hangs leaves what came before.
"""


def add_parser(subparsers: Any) -> None:
    help = "Compare every kernel with the CPU backend, bit for bit."
    parser = add_command(subparsers, "selftest", help, EXAMPLES, run)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a subset of the shapes")
    size.add_argument("--small", action="store_true", help="tiny shapes only")
    determinism = "compare runs with one another: kernels, SMs, streams, load, neighbours; docs/determinism.md"
    parser.add_argument("--determinism", action="store_true", help=determinism)
    parser.add_argument("--kernel", metavar="GLOB", default="*", help="only GEMM kernels of such a name, as in a shell")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write what `aotgemm replay` reads")
    arch = "without a GPU: only GEMMs of that architecture, which the CPU backend speaks for"
    parser.add_argument("--arch", choices=get_args(Architecture), help=arch)
    parser.add_argument("--seed", type=natural, default=0, help="of the random operands; default: 0")


def _kernels(backend: CpuBackend | CudaBackend, pattern: str) -> list[dict[str, Any]]:
    """The GEMM kernels that run there and match."""
    if isinstance(backend, CpuBackend):
        if pattern != "*":
            raise DeviceError(f"--kernel: is {pattern}, but there is no CUDA device to run a kernel on")
        return []
    arch = arch_of(backend.device)
    specs = [spec for spec in _core.specs() if spec["arch"] == arch and fnmatchcase(spec["name"], pattern.lower())]
    if not specs:
        raise KernelMissingError(f"--kernel: is {pattern}, allowed is a pattern of names that `aotgemm list` shows")
    return specs


def _instructions(backend: CpuBackend | CudaBackend, pattern: str) -> list[dict[str, Any]]:
    """What a report asks besides them."""
    from ..selftest.evidence.instructions import instruction_kernels

    return [] if isinstance(backend, CpuBackend) else instruction_kernels(arch_of(backend.device), pattern)


def _speaking_for(backend: CpuBackend | CudaBackend, arch: str | None) -> AbstractContextManager[None]:
    """The CPU backend speaks for that architecture meanwhile, or for the GPU's, which is held against it."""
    if arch is not None and isinstance(backend, CudaBackend):
        raise DeviceError(f"--arch: is {arch}, allowed is none on a GPU ({backend.name}), which has its own")
    wanted = arch_of(backend.device) if isinstance(backend, CudaBackend) else arch
    return speaking_for(wanted) if wanted in ARCHS else nullcontext()


def _tallies(
    backend: CpuBackend | CudaBackend, kernels: list[dict[str, Any]], arguments: argparse.Namespace, display: Progress
) -> Tallies:
    from ..selftest.determinism import run_determinism
    from ..selftest.runs import run_on_cpu, run_on_gpu

    if arguments.determinism:
        return run_determinism(backend, kernels, arguments, display)
    if isinstance(backend, CudaBackend):
        return run_on_gpu(backend, kernels, arguments, display)
    return run_on_cpu(backend, arguments, display)


def run(arguments: argparse.Namespace) -> int:
    from ..selftest.evidence.run import begin_report

    backend = default_backend()
    kernels, report = _kernels(backend, arguments.kernel), None
    with _speaking_for(backend, arguments.arch), progress(not arguments.json) as display:
        if arguments.report is not None:
            asked = kernels + _instructions(backend, arguments.kernel)
            report = begin_report(arguments.report, backend, asked, arguments.seed, not arguments.small, display)
        tallies = _tallies(backend, kernels, arguments, display)
    if report is not None:
        report.add("selftest", lambda: _document(backend.name, tallies))
    print_json(_document(backend.name, tallies)) if arguments.json else _print(backend.name, tallies)
    return 1 if tallies.differing else 0


def _totals(tallies: Tallies) -> dict[str, int]:
    equal = tallies.cases - tallies.differing
    return {"specs": tallies.specs, "cases": tallies.cases, "equal": equal, "differing": tallies.differing}


def _print(device: str, tallies: Tallies) -> None:
    rows = [[tally.name, tally.cases, tally.equal, tally.differing] for tally in tallies.by_name.values()]
    print_table(("kernel or operation", "cases", "equal to the bit", "differing"), rows)
    for failure in tallies.failures:
        print("differs:", failure)
    print_facts({"device": device, "checked": tallies.checked} | _totals(tallies))


def _document(device: str, tallies: Tallies) -> dict[str, Any]:
    rows = [
        {"name": tally.name, "cases": tally.cases, "equal": tally.equal, "differing": tally.differing}
        for tally in tallies.by_name.values()
    ]
    head = {"device": device, "checked": tallies.checked} | _totals(tallies)
    return head | {"tallies": rows, "failures": tallies.failures}

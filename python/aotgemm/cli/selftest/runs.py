"""The two self-tests: of a GPU against the CPU backend, and of the CPU backend against the definition."""

import argparse
from collections.abc import Callable
from typing import Any

from rich.progress import Progress

from ..places import CudaPlace, HostPlace
from . import conversions, gpu_gemm, host_gemm
from .shapes import FULL, HOST, QUICK, SMALL
from .tally import Tallies


def _stepper(display: Progress, total: int) -> Callable[[str], None]:
    """Called with the name of each case before it runs."""
    task = display.add_task("", total=total)
    return lambda name: display.update(task, advance=1, description=name)


def run_on_gpu(
    place: CudaPlace, kernels: list[dict[str, Any]], arguments: argparse.Namespace, display: Progress
) -> Tallies:
    shapes = SMALL if arguments.small else QUICK if arguments.quick else FULL
    step = _stepper(display, gpu_gemm.count_cases(shapes, kernels) + conversions.count_cases())
    tallies = Tallies(f"{len(kernels)} GEMM kernels, casts and layouts against the CPU backend", len(kernels))
    conversions.run_conversions(place, tallies, arguments.seed, step)
    gpu_gemm.run_gemms(shapes, kernels, tallies, arguments.seed, step)
    return tallies


def run_on_cpu(place: HostPlace, arguments: argparse.Namespace, display: Progress) -> Tallies:
    step = _stepper(display, host_gemm.count_cases(HOST) + conversions.count_cases())
    tallies = Tallies("no GPU here: the CPU backend against its definition in NumPy")
    conversions.run_conversions(place, tallies, arguments.seed, step)
    host_gemm.run_gemms(HOST, tallies, arguments.seed, step)
    return tallies

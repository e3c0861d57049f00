"""The two self-tests: of a GPU against the CPU backend, and of the CPU backend against the definition."""

import argparse
from collections.abc import Callable
from typing import Any

from rich.progress import Progress

from ..places import CudaPlace, HostPlace
from . import (
    conversions,
    gpu_bf16,
    gpu_bf16_grouped,
    gpu_gemm,
    gpu_grouped,
    host_bf16,
    host_gemm,
    host_grouped,
    large_grouped,
)
from .grouped_shapes import FULL_BF16_GROUPED, FULL_GROUPED, HOST_GROUPED, QUICK_GROUPED, SMALL_GROUPED
from .shapes import FULL, FULL_BF16, HOST, HOST_BF16, QUICK, QUICK_BF16, SMALL, SMALL_BF16
from .tally import Tallies


def _stepper(display: Progress, total: int) -> Callable[[str], None]:
    """Called with the name of each case before it runs."""
    task = display.add_task("", total=total)
    return lambda name: display.update(task, advance=1, description=name)


def _dense_kernels(kernels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [spec for spec in kernels if (spec["family"], spec["grouping"]) == ("fp8_1d2d", "dense")]


def _grouped_kernels(kernels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [spec for spec in kernels if spec["family"] == "fp8_1d2d" and spec["grouping"] != "dense"]


def run_on_gpu(
    place: CudaPlace, kernels: list[dict[str, Any]], arguments: argparse.Namespace, display: Progress
) -> Tallies:
    shapes = SMALL if arguments.small else QUICK if arguments.quick else FULL
    grouped_shapes = SMALL_GROUPED if arguments.small else QUICK_GROUPED if arguments.quick else FULL_GROUPED
    bf16_shapes = SMALL_BF16 if arguments.small else QUICK_BF16 if arguments.quick else FULL_BF16
    bf16_grouped = SMALL_GROUPED if arguments.small else QUICK_GROUPED if arguments.quick else FULL_BF16_GROUPED
    dense, grouped = _dense_kernels(kernels), _grouped_kernels(kernels)
    large = [] if arguments.small or arguments.quick else grouped
    step = _stepper(
        display,
        conversions.count_cases()
        + (gpu_gemm.count_cases(shapes, dense) if dense else 0)
        + gpu_grouped.count_cases(grouped_shapes, grouped)
        + large_grouped.count_cases(large)
        + gpu_bf16.count_cases(bf16_shapes, kernels)
        + gpu_bf16_grouped.count_cases(bf16_grouped, kernels),
    )
    tallies = Tallies(f"{len(kernels)} GEMM kernels, casts and layouts against the CPU backend", len(kernels))
    conversions.run_conversions(place, tallies, arguments.seed, step)
    if dense:
        gpu_gemm.run_gemms(shapes, dense, tallies, arguments.seed, step)
    gpu_grouped.run_gemms(grouped_shapes, grouped, tallies, arguments.seed, step)
    large_grouped.run_gemms(large, tallies, arguments.seed, step)
    gpu_bf16.run_gemms(bf16_shapes, kernels, tallies, arguments.seed, step)
    gpu_bf16_grouped.run_gemms(bf16_grouped, kernels, tallies, arguments.seed, step)
    return tallies


def run_on_cpu(place: HostPlace, arguments: argparse.Namespace, display: Progress) -> Tallies:
    cases = host_gemm.count_cases(HOST) + host_grouped.count_cases(HOST_GROUPED) + conversions.count_cases()
    cases += host_bf16.count_cases(HOST_BF16)
    step = _stepper(display, cases)
    tallies = Tallies("no GPU here: the CPU backend against its definition in NumPy")
    conversions.run_conversions(place, tallies, arguments.seed, step)
    host_gemm.run_gemms(HOST, tallies, arguments.seed, step)
    host_grouped.run_gemms(HOST_GROUPED, tallies, arguments.seed, step)
    host_bf16.run_gemms(HOST_BF16, tallies, arguments.seed, step)
    return tallies

"""The two self-tests: of a GPU against the CPU backend, and of the CPU backend against the definition."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from rich.progress import Progress

from ..problems.backends import CpuBackend, CudaBackend
from . import (
    conversions,
    gpu_1d1d,
    gpu_batch_reduced,
    gpu_bf16,
    gpu_bf16_grouped,
    gpu_fp8_k_grouped,
    gpu_gemm,
    gpu_grouped,
    gpu_heads,
    host_1d1d,
    host_batch_reduced,
    host_bf16,
    host_gemm,
    host_grouped,
    large_grouped,
)
from .grouped_shapes import FULL_BF16_GROUPED, FULL_GROUPED, GROUPINGS, HOST_GROUPED, QUICK_GROUPED, SMALL_GROUPED
from .shapes import (
    FULL,
    FULL_1D1D,
    FULL_BATCHES,
    FULL_BF16,
    FULL_HEADS,
    FULL_K_GROUPS,
    HOST,
    HOST_BATCHES,
    HOST_BF16,
    QUICK,
    QUICK_1D1D,
    QUICK_BATCHES,
    QUICK_BF16,
    QUICK_HEADS,
    QUICK_K_GROUPS,
    SMALL,
    SMALL_BATCHES,
    SMALL_BF16,
    SMALL_HEADS,
    SMALL_K_GROUPS,
)
from .tally import Tallies

Specs = list[dict[str, Any]]
Step = Callable[[str], None]
Sizes = TypeVar("Sizes")


@dataclass(frozen=True)
class Part:
    """A share of a self-test: how many cases it has, and what runs them."""

    cases: int
    run: Callable[[Tallies, Step], None]
    kernels: tuple[dict[str, Any], ...] = ()  # the GEMM kernels that it runs


def _chosen(arguments: argparse.Namespace, full: Sizes, quick: Sizes, small: Sizes) -> Sizes:
    return small if arguments.small else quick if arguments.quick else full


def _gemm_part(module: Any, shapes: Any, kernels: Specs, seed: int) -> Part:
    def run(tallies: Tallies, step: Step) -> None:
        module.run_gemms(shapes, kernels, tallies, seed, step)

    return Part(module.count_cases(shapes, kernels), run, tuple(kernels))


def _large_part(kernels: Specs, seed: int) -> Part:
    def run(tallies: Tallies, step: Step) -> None:
        large_grouped.run_gemms(kernels, tallies, seed, step)

    return Part(large_grouped.count_cases(kernels), run, tuple(kernels))


def _conversions_part(place: CpuBackend | CudaBackend, seed: int) -> Part:
    def run(tallies: Tallies, step: Step) -> None:
        conversions.run_conversions(place, tallies, seed, step)

    return Part(conversions.count_cases(), run)


def gpu_parts(kernels: Specs, arguments: argparse.Namespace) -> Iterator[Part]:
    """Each family and grouping among the kernels, with its shapes."""

    def of(family: str, *groupings: str) -> Specs:
        return [spec for spec in kernels if spec["family"] == family and spec["grouping"] in groupings]

    fp8, fp8_1d1d, bf16 = (of(family, "dense") for family in ("fp8_gemm_1d2d", "fp8_gemm_1d1d", "bf16_gemm"))
    with_fp32_out = [spec for spec in fp8_1d1d if spec["out_dtype"] == "fp32"]  # which k_grouped has alone
    fp8_grouped, bf16_grouped = of("fp8_gemm_1d2d", *GROUPINGS), of("bf16_gemm", *gpu_bf16_grouped.ALL_GROUPINGS)
    shapes = (
        (gpu_gemm, _chosen(arguments, FULL, QUICK, SMALL), fp8),
        (gpu_grouped, _chosen(arguments, FULL_GROUPED, QUICK_GROUPED, SMALL_GROUPED), fp8_grouped),
        (gpu_heads, _chosen(arguments, FULL_HEADS, QUICK_HEADS, SMALL_HEADS), fp8),
        (gpu_1d1d, _chosen(arguments, FULL_1D1D, QUICK_1D1D, SMALL), fp8_1d1d),
        (gpu_fp8_k_grouped, _chosen(arguments, FULL_K_GROUPS, QUICK_K_GROUPS, SMALL_K_GROUPS), with_fp32_out),
        (gpu_bf16, _chosen(arguments, FULL_BF16, QUICK_BF16, SMALL_BF16), bf16),
        (gpu_bf16_grouped, _chosen(arguments, FULL_BF16_GROUPED, QUICK_GROUPED, SMALL_GROUPED), bf16_grouped),
        (
            gpu_batch_reduced,
            _chosen(arguments, FULL_BATCHES, QUICK_BATCHES, SMALL_BATCHES),
            of("bf16_gemm", "batch_reduced"),
        ),
    )
    for module, sizes, some in shapes:
        if some:
            yield _gemm_part(module, sizes, some, arguments.seed)
    if not (arguments.quick or arguments.small):
        yield _large_part(fp8_grouped, arguments.seed)


def host_parts(seed: int) -> Iterator[Part]:
    """The families of the CPU backend that have a definition in NumPy."""
    families = (
        (host_gemm, HOST),
        (host_grouped, HOST_GROUPED),
        (host_1d1d, HOST),
        (host_bf16, HOST_BF16),
        (host_batch_reduced, HOST_BATCHES),
    )
    for module, sizes in families:

        def run(tallies: Tallies, step: Step, module: Any = module, sizes: Any = sizes) -> None:
            module.run_gemms(sizes, tallies, seed, step)

        yield Part(module.count_cases(sizes), run)


def _run(parts: list[Part], tallies: Tallies, display: Progress) -> Tallies:
    task = display.add_task("", total=sum(part.cases for part in parts))
    for part in parts:
        part.run(tallies, lambda name: display.update(task, advance=1, description=name))
    return tallies


def run_on_gpu(place: CudaBackend, kernels: Specs, arguments: argparse.Namespace, display: Progress) -> Tallies:
    parts = [_conversions_part(place, arguments.seed), *gpu_parts(kernels, arguments)]
    count = len({spec["kernel"] for part in parts for spec in part.kernels})
    tallies = Tallies(f"{count} GEMM kernels, casts and layouts against the CPU backend", count)
    return _run(parts, tallies, display)


def run_on_cpu(place: CpuBackend, arguments: argparse.Namespace, display: Progress) -> Tallies:
    parts = [_conversions_part(place, arguments.seed), *host_parts(arguments.seed)]
    return _run(parts, Tallies("no GPU here: the CPU backend against its definition in NumPy"), display)

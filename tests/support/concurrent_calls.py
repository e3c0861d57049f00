"""Every call of the library from many threads, streams and processes at once, against the same call made alone.

    python tests/support/concurrent_calls.py --processes 2 --threads 32 --streams 4 --seconds 120

Processes begin without a kernel loaded, so that first uses meet too. Ends with 1 where a bit differs.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from typing import Any

import aotgemm
import numpy as np
import torch
from aotgemm import _core
from aotgemm.bench.torch_views import torch_view
from aotgemm.choice import arch_of
from aotgemm.problems.backends import Backend, CpuBackend, default_backend
from aotgemm.problems.make import Problem, make, with_row_major_scales
from aotgemm.problems.memory import POISON_BYTE, View
from aotgemm.problems.operation import Operation, OperationCall, lay_out
from aotgemm.problems.operations import OPERATIONS
from aotgemm.selftest.kernels_here import has_kernels
from aotgemm.selftest.suites import GPU_SUITES
from torch_tensors import TORCH_RAW, to_torch

SIZES_OF_A_CALL = 3
CALLS_IN_FLIGHT = 64  # of a thread, before it waits for a stream
Tensors = list[torch.Tensor]


@dataclass(frozen=True)
class Work:
    """One call with operands that all threads share. run: into memory of its own, whose raw bits it returns."""

    name: str
    run: Callable[[], Tensors]


@dataclass(frozen=True)
class Tally:
    """Calls made, by name, and those of which a bit was wrong."""

    calls: Counter
    wrong: Counter

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.calls + other.calls, self.wrong + other.wrong)


def on_torch(backend: Backend) -> Callable[[Any], torch.Tensor]:
    return to_torch if isinstance(backend, CpuBackend) else cuda_tensor


def cuda_tensor(array: Any) -> torch.Tensor:
    """The same memory, which an array without elements has not."""
    if 0 in array.shape:
        return torch.empty(array.shape, dtype=getattr(torch, array.dtype), device=f"cuda:{array.device}")
    return torch_view(array)


def device_of(backend: Backend) -> str:
    return "cpu" if isinstance(backend, CpuBackend) else f"cuda:{backend.ordinal}"


def poisoned(view: View, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Fresh memory, as bytes, and the view into it."""
    dtype = getattr(torch, view.dtype)
    memory = torch.full((view.size * dtype.itemsize,), POISON_BYTE, dtype=torch.uint8, device=device)
    return memory, memory.view(dtype).as_strided(view.shape, view.stride, view.offset)


def run_gemm(problem: Problem, device: str) -> Tensors:
    view = replace(problem.view_of_d, size=problem.guard.size)
    memory, d = poisoned(view, device)
    problem.kind.form.public(aotgemm, replace(problem, d=d))()
    return [memory]


def run_operation(call: OperationCall, parts: dict[str, torch.Tensor], device: str) -> Tensors:
    """Bits of what the call gives back or, where it writes outputs of ours, of these; what it leaves open is 0."""
    fresh = {name: poisoned(view, device)[1] for name, view in call.views.items()}
    made = call.operation.public(replace(call, operands=call.operands | fresh), aotgemm)
    made = tuple(fresh.values()) if made is None else made if isinstance(made, tuple) else (made,)
    raw = {name: each.view(TORCH_RAW[each.element_size()]) for name, each in zip(call.outputs, made, strict=True)}
    return [kept(bits, parts.get(name)) for name, bits in raw.items()]


def kept(bits: torch.Tensor, part: torch.Tensor | None) -> torch.Tensor:
    """Zeros outside the part, a mask of the first dimensions."""
    return bits if part is None else bits * part.view(*part.shape, *[1] * (bits.dim() - part.dim()))


def arch_on(backend: Backend) -> str:
    """The architecture whose calls the backend makes."""
    return _core.get_cpu_arch() if isinstance(backend, CpuBackend) else arch_of(backend.device)


def operations_on(backend: Backend) -> list[Operation]:
    """The calls besides GEMMs that run there."""
    return [one for one in OPERATIONS.values() if arch_on(backend) in one.archs and has_kernels(one, backend)]


def gemm_works(backend: Backend, rng: np.random.Generator) -> list[Work]:
    """Some sizes of every kind of GEMM that runs here, in turn with MN-major scales, row-major ones, and with C."""
    arch = arch_on(backend)
    works = []
    for suite in (suite for suite in GPU_SUITES if arch in suite.form.family.archs):
        sizes = [size for of_list in suite.sizes["quick"] for size in of_list if size.m * size.k]
        for kind in suite.kinds:
            for turn, place in enumerate(rng.choice(len(sizes), min(SIZES_OF_A_CALL, len(sizes)), replace=False)):
                c = "separate" if kind.takes_c and turn % 2 else "none"
                values = "finite" if kind.is_fp8 else "normal"
                problem = make(kind, sizes[place], backend, rng, values=values, c=c)
                problem = with_row_major_scales(problem) if turn % 2 else problem
                run = partial(run_gemm, problem.mapped(on_torch(backend)), device_of(backend))
                works.append(Work(f"{kind} {sizes[place]}", run))
    return works


def operation_works(backend: Backend, rng: np.random.Generator) -> list[Work]:
    """Some sizes of every other call that runs here."""
    works = []
    for operation in operations_on(backend):
        sizes = operation.sizes["small"]
        for place in rng.choice(len(sizes), min(SIZES_OF_A_CALL, len(sizes)), replace=False):
            call = lay_out(operation, sizes[place], operation.draw(sizes[place], rng, "finite"), backend)
            parts = {name: output.part for name, output in call.outputs.items() if output.part is not None}
            masks = {name: torch.from_numpy(part).to(device_of(backend)) for name, part in parts.items()}
            run = partial(run_operation, call.mapped(on_torch(backend)), masks, device_of(backend))
            works.append(Work(f"{operation} {sizes[place]}", run))
    return works


def works_on(backend: Backend, seed: int) -> list[Work]:
    """The same in every process for the same seed."""
    rng = np.random.default_rng(seed)
    return gemm_works(backend, rng) + operation_works(backend, rng)


def results_alone(works: list[Work]) -> list[list[np.ndarray]]:
    """Of each call, made by this thread alone."""
    return [[bits.cpu().numpy() for bits in work.run()] for work in works]


def differ(got: Tensors, wanted: Tensors) -> torch.Tensor:
    return torch.stack([(one != two).any() for one, two in zip(got, wanted, strict=True)]).any()


class Caller:
    """One thread, which makes random calls on its streams until a time."""

    def __init__(self, works: list[Work], wanted: list[Tensors], streams: list[Any], seed: int) -> None:
        self.works, self.wanted, self.streams = works, wanted, streams
        self.random = np.random.default_rng(seed)
        device = wanted[0][0].device
        self.wrong = torch.zeros(len(streams), len(works), dtype=torch.int64, device=device)
        self.calls = np.zeros(len(works), int)

    def run(self, until: float) -> None:
        while time.monotonic() < until:
            work, stream = int(self.random.integers(len(self.works))), int(self.random.integers(len(self.streams)))
            with on_stream(self.streams[stream]):
                self.wrong[stream, work] += differ(self.works[work].run(), self.wanted[work])
            self.calls[work] += 1
            if self.calls.sum() % CALLS_IN_FLIGHT == 0 and self.streams[stream] is not None:
                self.streams[stream].synchronize()

    def tally(self) -> Tally:
        """After all work on the device."""
        names = [work.name for work in self.works]
        wrong = self.wrong.sum(0).tolist()
        return Tally(Counter(dict(zip(names, self.calls.tolist()))), Counter(dict(zip(names, wrong, strict=True))))


def on_stream(stream: Any) -> AbstractContextManager:
    return nullcontext() if stream is None else torch.cuda.stream(stream)


def call_together(
    works: list[Work], alone: list[list[np.ndarray]], device: str, threads: int, streams: int, seconds: float, seed: int
) -> Tally:
    """Random calls from all threads at once. On the CPU there are no streams."""
    wanted = [[torch.from_numpy(bits).to(device) for bits in result] for result in alone]
    on_gpu = device != "cpu"
    made = [[torch.cuda.Stream() if on_gpu else None for _ in range(streams)] for _ in range(threads)]
    callers = [Caller(works, wanted, own, [seed, place]) for place, own in enumerate(made)]
    if on_gpu:
        torch.cuda.synchronize()  # operands and results were copied on another stream
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(caller.run, time.monotonic() + seconds) for caller in callers]:
            done.result()
    if on_gpu:
        torch.cuda.synchronize()
    return sum((caller.tally() for caller in callers), Tally(Counter(), Counter()))


def run_process(
    alone: list[list[np.ndarray]], threads: int, streams: int, seconds: float, seed: int, process: int
) -> Tally:
    backend = default_backend()
    works = works_on(backend, seed)
    return call_together(works, alone, device_of(backend), threads, streams, seconds, seed + 1 + process)


def run(processes: int, threads: int, streams: int, seconds: float, seed: int = 0) -> Tally:
    """The calls of all processes, each of which has so many threads, and each of these so many streams."""
    alone = results_alone(works_on(default_backend(), seed))
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        each = partial(run_process, alone, threads, streams, seconds, seed)
        return sum(pool.map(each, range(processes)), Tally(Counter(), Counter()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, default in (("processes", 2), ("threads", 32), ("streams", 4), ("seconds", 120), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    tally = run(**vars(given))
    print(
        f"{default_backend().name}: {tally.calls.total():,} calls of {len(tally.calls)} kinds and sizes in "
        f"{given.seconds} s from {given.processes} processes x {given.threads} threads x {given.streams} streams: "
        f"{tally.wrong.total()} differ from the same call made alone"
    )
    for name, count in tally.wrong.items():
        print(f"{count} of {tally.calls[name]}: {name}")
    return 1 if tally.wrong.total() else 0


if __name__ == "__main__":
    sys.exit(main())

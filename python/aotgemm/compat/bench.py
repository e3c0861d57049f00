"""Times of calls on a GPU through PyTorch, as DeepGEMM's tests ask for them."""

import os
from collections.abc import Callable
from typing import Any

FLUSHED_BYTES = 512 << 20  # ten times the L2 cache of an H200
LEAST_SECONDS = 1e-9  # what a name that no kernel bears is said to take: callers divide by it


def _flush_l2() -> None:
    import torch

    torch.empty(FLUSHED_BYTES, dtype=torch.int8, device="cuda").zero_()


def bench(fn: Callable[[], Any], num_warmups: int = 5, num_tests: int = 10, high_precision: bool = False) -> float:
    """Seconds a call, by CUDA events round num_tests of them. high_precision: the calls are queued behind a sleep."""
    import torch

    for _ in range(num_warmups):
        fn()
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    _flush_l2()
    if high_precision:
        torch.cuda._sleep(20_000_000)  # clock cycles, some 10 ms: the host gets ahead
    start.record()
    for _ in range(num_tests):
        fn()
    end.record()
    torch.cuda.synchronize()
    return start.elapsed_time(end) / num_tests / 1e3


def _kernel_seconds(fn: Callable[[], Any], num_tests: int, flush_l2: bool, barrier: Any, trace: Any) -> Any:
    """Seconds a call in each kernel that runs meanwhile, as a dict by its name."""
    import torch

    fn()
    torch.cuda.synchronize()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profiler:
        for _ in range(num_tests):
            if flush_l2:
                _flush_l2()
            if barrier is not None:
                barrier()
            fn()
        torch.cuda.synchronize()
    if trace is not None:
        profiler.export_chrome_trace(trace)
    return {row.key: row.self_device_time_total / 1e6 / num_tests for row in profiler.key_averages()}


def seconds_of(names: tuple[str, ...], seconds: dict[str, float], ours: frozenset[str]) -> tuple[float, ...]:
    """The time of each name: of the kernels whose name holds it, and for the first name, without such, of aotgemm's.

    seconds: by kernel. ours: names of aotgemm's kernels, which do not hold DeepGEMM's.
    """
    times = [sum(value for key, value in seconds.items() if name in key) for name in names]
    if not times[0]:
        times[0] = sum(value for key, value in seconds.items() if key in ours)
    return tuple(max(time, LEAST_SECONDS) for time in times)


def bench_kineto(
    fn: Callable[[], Any],
    kernel_names: str | tuple[str, ...],
    num_tests: int = 30,
    suppress_kineto_output: bool = False,
    trace_path: str | None = None,
    flush_l2: bool = True,
    with_multiple_kernels: bool = False,
    barrier: Callable[[], Any] | None = None,
) -> float | tuple[float, ...]:
    """Seconds a call that PyTorch's profiler counts in the kernels of a name, or of each of several: see seconds_of.

    1 without a measurement where DG_USE_NVIDIA_TOOLS is set: such tools exclude the profiler. suppress_kineto_output,
    with_multiple_kernels: accepted, without effect.
    """
    from .. import _core

    names = (kernel_names,) if isinstance(kernel_names, str) else kernel_names
    if int(os.getenv("DG_USE_NVIDIA_TOOLS", "0")):
        times: tuple[float, ...] = (1,) * len(names)
    else:
        ours = frozenset(cubin["name"] for cubin in _core.cubins())
        times = seconds_of(names, _kernel_seconds(fn, num_tests, flush_l2, barrier, trace_path), ours)
    return times[0] if isinstance(kernel_names, str) else times

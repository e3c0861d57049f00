"""Suite `host`: CPU time of one call, the GPU's work apart."""

import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Any

import numpy

from .. import _core
from ..problems.arena import OperandArena
from ..problems.backends import CpuBackend, CudaBackend
from ..problems.call import prepared, public
from ..problems.kinds import KINDS
from ..problems.make import Problem, make
from ..problems.sizes import Size
from .peers import Peer, torch_problem
from .rounds import Call

KIND, SHAPE = KINDS["fp8_gemm_1d2d"], (64, 576, 7168)
SIZE = Size(*SHAPE)
BATCH, BATCHES = 200, 25  # a batch fits the driver's queue of launches, so that no call waits for the GPU
WARM_UP = 20


def call_us(call: Call, synchronize: Callable[[], Any]) -> float:
    """Median over batches of the time between one call and the next, in microseconds."""
    for _ in range(WARM_UP):
        call()
    times = []
    for _ in range(BATCHES):
        synchronize()
        start = time.perf_counter_ns()
        for _ in range(BATCH):
            call()
        times.append((time.perf_counter_ns() - start) / 1e3 / BATCH)
    synchronize()
    return median(times)


def _ours(x: Problem, whose: str) -> dict[str, Call]:
    """The public call, the same with its arguments read before, and what the public one does before it chooses a
    kernel."""
    rowless = replace(x, a=x.a[:0], sfa=x.sfa[:0], d=x.d[:0])
    return {
        f"aotgemm.fp8_gemm_nt, {whose}": public(x),
        f"arguments read before, {whose}": prepared(x),
        f"reading and checking {whose}": public(rowless),
    }


def _row_major(x: Problem, whose: str) -> dict[str, Call]:
    """The public call with A's scales as a cast leaves them."""
    return {f"aotgemm.fp8_gemm_nt, {whose}, row-major scales": public(replace(x, sfa=x.sfa.contiguous()))}


def _torch_baselines(x: Problem) -> dict[str, Call]:
    import torch

    small = torch.zeros(16, device=x.a.device)
    return {
        "torch zero_(): a bare launch": small.zero_,
        "torch.empty": lambda: torch.empty(x.d.shape, dtype=torch.bfloat16, device=x.a.device),
    }


def gpu_calls(peers: list[Peer]) -> dict[str, Call]:
    """Every call that is timed where there is a GPU."""
    problem = OperandArena(KIND, [SIZE], CudaBackend()).problem(SIZE)
    calls = {
        "aotgemm.fp8_gemm_nt, DeviceArray": public(problem),
        "arguments read before, DeviceArray": prepared(problem),
    }
    if not peers:
        return calls
    x = torch_problem(problem)
    made = {f"{peer.name}: {peer.what}": peer.call(x) for peer in peers}
    of_peers = {name: call for name, call in made.items() if call is not None}
    return calls | _ours(x, "PyTorch") | _row_major(x, "PyTorch") | of_peers | _torch_baselines(x)


def cpu_calls() -> dict[str, Call]:
    """Where there is no GPU: reading and checking NumPy arrays, of no rows, so that nothing is computed."""
    problem = make(KIND, SIZE, CpuBackend(), numpy.random.default_rng(0), values="finite")
    return {name: call for name, call in _ours(problem, "NumPy").items() if name.startswith("reading")}


def measure_host(peers: list[Peer]) -> dict[str, float]:
    """Microseconds of CPU time per call, by what is called."""
    if _core.cuda_device_count():
        return {name: call_us(call, lambda: _core.synchronize(0)) for name, call in gpu_calls(peers).items()}
    return {name: call_us(call, lambda: None) for name, call in cpu_calls().items()}

"""Suite `host`: CPU time of one call, the GPU's work apart."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy

from .. import _core
from ..ops.fp8_gemm import fp8_gemm_nt
from ..problems.arena import OperandArena
from ..problems.backends import CpuBackend, CudaBackend
from ..problems.kinds import KINDS
from ..problems.make import make
from ..problems.sizes import Size
from .peers import Peer, TorchOperands
from .rounds import Call

SHAPE = (64, 576, 7168)
KIND, SIZE = KINDS["fp8_gemm_1d2d"], Size(*SHAPE)
WORDS = KIND.words[:3]
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


def _ours(x: Any, kind: str) -> dict[str, Call]:
    """The public call, the same without Python around it, and what both do before they choose a kernel."""
    none_a, none_sfa, none_d = x.a[:0], x.sfa[:0], x.d[:0]
    return {
        f"aotgemm.fp8_gemm_nt, {kind}": lambda: fp8_gemm_nt((x.a, x.sfa), (x.b, x.sfb), x.d),
        f"aotgemm._core.gemm, {kind}": lambda: _core.gemm(*WORDS, x.a, x.sfa, x.b, x.sfb, None, x.d),
        f"reading and checking {kind}": lambda: fp8_gemm_nt((none_a, none_sfa), (x.b, x.sfb), none_d),
    }


def _torch_baselines(x: TorchOperands) -> dict[str, Call]:
    torch, small = x.torch, x.torch.zeros(16, device=x.a.device)
    return {
        "torch zero_(): a bare launch": small.zero_,
        "torch.empty": lambda: torch.empty(x.d.shape, dtype=torch.bfloat16, device=x.a.device),
    }


def gpu_calls(peers: list[Peer]) -> dict[str, Call]:
    """Every call that is timed where there is a GPU."""
    x = OperandArena(KIND, [SIZE], CudaBackend()).problem(SIZE)
    calls: dict[str, Call] = {
        "aotgemm._core.gemm, DeviceArray": lambda: _core.gemm(*WORDS, x.a, x.sfa, x.b, x.sfb, None, x.d)
    }
    if not peers:
        return calls
    tensors = TorchOperands(x)
    made = {f"{peer.name}: {peer.what}": peer.call(tensors) for peer in peers}
    return calls | _ours(tensors, "PyTorch") | {k: v for k, v in made.items() if v} | _torch_baselines(tensors)


def cpu_calls() -> dict[str, Call]:
    """Where there is no GPU: reading and checking NumPy arrays, of no rows, so that nothing is computed."""
    ours = _ours(make(KIND, SIZE, CpuBackend(), numpy.random.default_rng(0), mn_major=False), "NumPy")
    return {name: call for name, call in ours.items() if name.startswith("reading")}


def measure_host(peers: list[Peer]) -> dict[str, float]:
    """Microseconds of CPU time per call, by what is called."""
    if _core.cuda_device_count():
        return {name: call_us(call, lambda: _core.synchronize(0)) for name, call in gpu_calls(peers).items()}
    return {name: call_us(call, lambda: None) for name, call in cpu_calls().items()}

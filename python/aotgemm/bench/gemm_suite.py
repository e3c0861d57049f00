"""The GEMM suites: ours and every peer over problems, interleaved, in one run."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import _core
from ..arrays.sizes import align, ceil_div
from ..problems.arena import OperandArena
from ..problems.backends import CudaBackend
from ..problems.call import prepared
from ..problems.kinds import KINDS, Kind
from ..problems.make import Problem
from ..problems.sizes import Size
from .peers import OURS, Peer, torch_problem
from .reference import References, reference_key
from .report import Limits, Row
from .rounds import Call, time_rounds
from .timer import GpuTimer
from .work import c_operand, flops, precision

COPY_BYTES = 1 << 30
LIMIT_SIZE = Size(8192, 8192, 8192)
LIMIT_KINDS = {precision(KINDS[name]): KINDS[name] for name in ("fp8_gemm_1d2d", "bf16_gemm")}
LIMIT_PEERS = ("tensorwise", "cublas")  # those of the same precision that compile nothing
Times = dict[str, list[float]]


def chosen_kernel(kind: Kind, size: Size, device: dict[str, Any]) -> str:
    """The name of the kernel that a call runs; FP8 groups of K, launched one by one, run that of one product with the
    rows of all of them."""
    m, n, k, groups = size.asked(kind)
    if kind.is_flat:
        m, k, groups = m * groups, align(ceil_div(k, groups), kind.form.k_unit), 1
    family, *words = kind.kernel_words
    return _core.select(family, m, n, k, _core.get_num_sms(), device, 1, *words, groups)[0]["name"]


def spread_of(times: Times) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """10th percentiles, medians and 90th percentiles of everybody's times."""
    spread = {who: np.percentile(series, (10, 50, 90)).tolist() for who, series in times.items()}
    p10, us, p90 = ({who: three[place] for who, three in spread.items()} for place in range(3))
    return p10, us, p90


def make_row(kind: Kind, size: Size, kernel: str, times: Times, recorded: dict[str, float]) -> Row:
    """The row of the times of this run and of recorded ones."""
    p10, us, p90 = spread_of(times)
    return Row(kind, size, kernel, us | recorded, p10, p90)


class Bench:
    """Timer and peers of one run on the first GPU."""

    def __init__(self, peers: list[Peer], rounds: int, references: References) -> None:
        self.peers, self.rounds, self.references = peers, rounds, references
        self.backend, self.timer = CudaBackend(), GpuTimer()

    def _arena(self, kind: Kind, sizes: list[Size]) -> OperandArena:
        """Operands of one kind; what PyTorch keeps of the memory of the last kind goes back before."""
        if self.peers:
            import torch

            torch.cuda.empty_cache()
        return OperandArena(kind, sizes, self.backend, c=c_operand(kind))

    def _calls(self, problem: Problem, wanted: Callable[[str], bool]) -> dict[str, Call]:
        """Ours, run once so that its kernel is loaded, and those of peers, which were seen to work."""
        calls: dict[str, Call] = {OURS: prepared(problem)}
        calls[OURS]()
        fitting = [peer for peer in self.peers if wanted(peer.name) and peer.fits(problem.kind)]
        if fitting:
            tensors = torch_problem(problem)
            made = {peer.name: peer.call(tensors) for peer in fitting}
            calls |= {name: call for name, call in made.items() if call is not None}
        return calls

    def times(self, calls: dict[str, Call]) -> Times:
        """Of every call, one a round."""
        return time_rounds(self.timer.round_us, calls, self.rounds)

    def rows(self, kind: Kind, sizes: list[Size]) -> Iterator[Row]:
        """Times of one kind's problems; recorded ones stand beside those of this run."""
        arena = self._arena(kind, sizes)
        for size in sizes:
            times = self.times(self._calls(arena.problem(size), lambda name: True))
            key = reference_key(kind, size)
            recorded = {name: known[key] for name, known in self.references.items() if key in known}
            yield make_row(kind, size, chosen_kernel(kind, size, self.backend.device), times, recorded)

    def limits(self, precisions: set[str]) -> Limits:
        """The best rate of a copy (with PyTorch; else of a fill), and of a large product in each of these precisions,
        seen in this run. Warms the GPU up before."""
        tflops = {name: self._best_tflops(kind) for name, kind in LIMIT_KINDS.items() if name in precisions}
        move, size = _memory_call(bool(self.peers))
        (times,) = self.times({"copy": move}).values()
        return Limits(size / float(np.median(times)) / 1e3, tflops)

    def _best_tflops(self, kind: Kind) -> float:
        problem = self._arena(kind, [LIMIT_SIZE]).problem(LIMIT_SIZE)
        calls = self._calls(problem, LIMIT_PEERS.__contains__)
        self.timer.warm_up(calls[OURS])
        best = min(float(np.median(series)) for series in self.times(calls).values())
        return flops(kind, LIMIT_SIZE) / best / 1e6


def _memory_call(with_torch: bool) -> tuple[Call, int]:
    """Something that only moves memory, and how many bytes."""
    if not with_torch:
        memory = _core.DeviceArray.empty([COPY_BYTES // 4], "int32")
        return lambda: memory.fill_bytes(0), COPY_BYTES
    import torch

    source, target = (torch.zeros(COPY_BYTES, dtype=torch.uint8, device="cuda") for _ in range(2))
    return lambda: target.copy_(source), 2 * COPY_BYTES

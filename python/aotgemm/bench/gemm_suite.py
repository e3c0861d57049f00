"""The GEMM suites: ours and every peer over shapes, interleaved, in one run."""

from collections.abc import Callable
from typing import Any

from .. import _core
from ..problems.arena import OperandArena
from ..problems.backends import CudaBackend
from ..problems.call import prepared
from ..problems.kinds import KINDS
from ..problems.sizes import Size
from .peers import OURS, Peer, TorchOperands
from .reference import References
from .report import Limits, Row
from .rounds import Call, medians_us
from .timer import GpuTimer

Shape = tuple[int, int, int]  # m, n, k
COPY_BYTES = 1 << 30
LIMIT_SHAPE = (8192, 8192, 8192)
LIMIT_PEERS = (OURS, "tensorwise")  # bf16 is another arithmetic, and slower


class Bench:
    """Operands, timer and peers of one run."""

    def __init__(self, shapes: list[Shape], peers: list[Peer], rounds: int, references: References) -> None:
        self.peers, self.rounds, self.references = peers, rounds, references
        sizes = [Size(*shape) for shape in [*shapes, LIMIT_SHAPE]]
        self.arena = OperandArena(KINDS["fp8_gemm_1d2d"], sizes, CudaBackend())
        self.timer = GpuTimer()
        self.device = _core.cuda_device(0)
        self.timer.warm_up(prepared(self.arena.problem(Size(*LIMIT_SHAPE))))

    def _calls(self, shape: Shape, wanted: Callable[[str], bool]) -> dict[str, Call]:
        problem = self.arena.problem(Size(*shape))
        calls: dict[str, Call] = {OURS: prepared(problem)}
        if self.peers:
            tensors = TorchOperands(problem)
            made = {peer.name: peer.call(tensors) for peer in self.peers if wanted(peer.name)}
            calls |= {name: call for name, call in made.items() if call is not None}
        return calls

    def _times(self, shape: Shape, wanted: Callable[[str], bool] = lambda name: True) -> dict[str, float]:
        calls = self._calls(shape, wanted)
        return dict(zip(calls, medians_us(self.timer.round_us, list(calls.values()), self.rounds), strict=True))

    def row(self, shape: Shape) -> Row:
        """Times of one shape; recorded ones stand beside those of this run."""
        chosen = _core.select("fp8_gemm_1d2d", *shape, _core.get_num_sms(), self.device, 1)[0]["name"]
        recorded = {name: times[shape] for name, times in self.references.items() if shape in times}
        return Row(*shape, chosen, self._times(shape) | recorded)

    def limits(self) -> Limits:
        """The best rate of a copy (with PyTorch; else of a fill), and of an FP8 product, seen in this run."""
        best = min(self._times(LIMIT_SHAPE, LIMIT_PEERS.__contains__).values())
        m, n, k = LIMIT_SHAPE
        move, size = _memory_call(bool(self.peers))
        (copy,) = medians_us(self.timer.round_us, [move], self.rounds)
        return Limits(size / copy / 1e3, 2 * m * n * k / best / 1e6)


def _memory_call(with_torch: bool) -> tuple[Call, int]:
    """Something that only moves memory, and how many bytes."""
    if not with_torch:
        memory = _core.DeviceArray.empty([COPY_BYTES // 4], "int32")
        return lambda: memory.fill_bytes(0), COPY_BYTES
    import torch

    source, target = (torch.zeros(COPY_BYTES, dtype=torch.uint8, device="cuda") for _ in range(2))
    return lambda: target.copy_(source), 2 * COPY_BYTES


def suite_facts(bench: Bench) -> dict[str, Any]:
    """What the report says about the peers besides their times."""
    return {peer.name: {"what": peer.what, "refused": peer.refused} for peer in bench.peers}

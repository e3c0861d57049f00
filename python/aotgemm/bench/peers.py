"""Whoever else computes the same product here: what is importable, and what can be called for a problem."""

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ..problems.call import public
from ..problems.make import Problem
from ..problems.operation import OperationCall
from . import torch_peers
from .rounds import Call
from .torch_views import torch_view

OURS = "aotgemm"


def torch_problem(problem: Problem | OperationCall) -> Problem | OperationCall:
    """The problem with PyTorch tensors of the same memory as operands."""
    return problem.mapped(torch_view)


def _deep_gemm(x: Problem) -> Call:
    return public(x, importlib.import_module("deep_gemm"))


@dataclass
class Peer:
    """One competitor. `fits` says for which kinds of call it has a like; `make` prepares that for a problem of tensors.
    What goes wrong is kept, for the report."""

    name: str
    what: str
    module: str
    fits: Callable[[Any], bool]  # a Kind, or an Operation
    make: Callable[[Any], Call]  # of a Problem, or of an OperationCall
    refused: dict[str, int] = field(default_factory=dict)  # its words -> for how many problems

    def call(self, problem: Problem | OperationCall) -> Call | None:
        """A call that was seen to work for this problem, or None."""
        if not self.fits(problem.kind):
            return None
        try:
            call = self.make(problem)
            call()
            importlib.import_module("torch").cuda.synchronize()
        except Exception as error:  # whatever a peer raises is its answer, and reported as such
            words = f"{problem.kind.name}: {type(error).__name__}: {error}".splitlines()[0][:160]
            self.refused[words] = self.refused.get(words, 0) + 1
            return None
        return call

    @property
    def version(self) -> str | None:
        """Of its module, where that says one."""
        return getattr(importlib.import_module(self.module), "__version__", None)


def known_peers() -> list[Peer]:
    """Every peer that is looked for."""
    of_torch = (Peer(name, what, "torch", fits, make) for name, (what, fits, make) in torch_peers.TORCH_PEERS.items())
    return [
        Peer("deep_gemm", "DeepGEMM's call of the same name", "deep_gemm", lambda kind: True, _deep_gemm),
        *of_torch,
    ]


def find_peers(
    wanted: list[str] | None = None, known: Iterable[Peer] | None = None
) -> tuple[list[Peer], dict[str, str]]:
    """The peers that can be imported here, and why the others cannot. wanted: names, or None for all; known: those that
    are looked for, None for those of GEMMs."""
    usable, absent = [], {}
    for peer in known_peers() if known is None else known:
        if wanted is not None and peer.name not in wanted:
            continue
        try:
            torch = importlib.import_module("torch")  # first: peers' libraries link to its own
            importlib.import_module(peer.module)
            torch.empty(0, device="cuda")
        except Exception as error:  # a broken extension raises what it likes
            absent[peer.name] = f"{type(error).__name__}: {error}".splitlines()[0]
        else:
            usable.append(peer)
    return usable, absent


def peer_facts(peers: list[Peer]) -> dict[str, dict[str, Any]]:
    """What a report says about the peers besides their times."""
    return {peer.name: {"what": peer.what, "version": peer.version, "refused": peer.refused} for peer in peers}

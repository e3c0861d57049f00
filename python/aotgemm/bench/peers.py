"""Whoever else computes the same product here: what is importable, and what can be called for a shape."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..problems.make import Problem
from .rounds import Call
from .torch_views import torch_view

OURS = "aotgemm"


class TorchOperands:
    """The operands of one shape as PyTorch tensors; those in BF16 are made when a peer asks for them."""

    def __init__(self, problem: Problem) -> None:
        import torch

        self.torch = torch
        self.a, self.sfa, self.b, self.sfb, self.d = (
            torch_view(array) for array in (problem.a, problem.sfa, problem.b, problem.sfb, problem.d)
        )

    def bf16(self, rows: int) -> Any:
        """Random [rows, K] in BF16."""
        return self.torch.randn(rows, self.a.shape[1], device=self.a.device, dtype=self.torch.bfloat16)


def _deep_gemm(x: TorchOperands) -> Call:
    deep_gemm = importlib.import_module("deep_gemm")
    return lambda: deep_gemm.fp8_gemm_nt((x.a, x.sfa), (x.b, x.sfb), x.d)


def _tensorwise(x: TorchOperands) -> Call:
    one = x.torch.ones((), device=x.a.device)
    multiply, weights, dtype = x.torch._scaled_mm, x.b.t(), x.torch.bfloat16
    return lambda: multiply(x.a, weights, one, one, out_dtype=dtype, use_fast_accum=True)


def _blockwise(x: TorchOperands) -> Call:
    functional, weights, scales = x.torch.nn.functional, x.b.t(), x.sfb.t()
    recipes = functional.ScalingType.BlockWise1x128, functional.ScalingType.BlockWise128x128
    return lambda: functional.scaled_mm(x.a, weights, x.sfa, recipes[0], scales, recipes[1])


def _bf16(x: TorchOperands) -> Call:
    a, b = x.bf16(x.a.shape[0]), x.bf16(x.b.shape[0]).t()
    return lambda: x.torch.mm(a, b, out=x.d)


@dataclass
class Peer:
    """One competitor. `make` prepares the call for a shape; what goes wrong is kept, for the report."""

    name: str
    what: str
    module: str
    make: Callable[[TorchOperands], Call]
    refused: dict[str, int] = field(default_factory=dict)  # its words -> for how many shapes

    def call(self, operands: TorchOperands) -> Call | None:
        """A call that was seen to work for these operands, or None."""
        try:
            call = self.make(operands)
            call()
            operands.torch.cuda.synchronize()
        except Exception as error:  # whatever a peer raises is its answer, and reported as such
            words = f"{type(error).__name__}: {error}".splitlines()[0][:160]
            self.refused[words] = self.refused.get(words, 0) + 1
            return None
        return call


def known_peers() -> list[Peer]:
    return [
        Peer("deep_gemm", "DeepGEMM's fp8_gemm_nt", "deep_gemm", _deep_gemm),
        Peer(
            "tensorwise", "cuBLASLt FP8 with one scale, through torch._scaled_mm: less arithmetic", "torch", _tensorwise
        ),
        Peer("blockwise", "cuBLASLt FP8 with our scales, through torch scaled_mm", "torch", _blockwise),
        Peer("bf16", "torch.mm in BF16", "torch", _bf16),
    ]


def find_peers(wanted: list[str] | None = None) -> tuple[list[Peer], dict[str, str]]:
    """The peers that can be imported here, and why the others cannot. wanted: names, or None for all."""
    usable, absent = [], {}
    for peer in known_peers():
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

"""torch.compile and torch.export on code that calls aotgemm's functions: they become operators in the graph.

Dynamo exchanges the functions themselves, at no cost to eager calls. Exports that are not strict run Python as it is:
these need the functions of this package, which ask whether a graph is being made.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch

import aotgemm

from ..errors import ShapeError
from . import operators
from .calls import CALLS, Call


def _operator(name: str) -> Any:
    return getattr(torch.ops.aotgemm, name).default


def _traced_call(call: Call) -> Callable[..., None]:
    operator, positions, pairs = _operator(call.name), call.positions, call.pairs
    defaults = {name: default for name, default in call.parameters.items() if default is not inspect.Parameter.empty}
    order = tuple(call.parameters)

    def traced(*args: Any, **kwargs: Any) -> None:  # closed over plain values alone: Dynamo reads it
        given = dict(defaults)
        for i in range(len(args)):
            given[positions[i]] = args[i]
        given.update(kwargs)
        flat = []
        for name in order:
            flat.extend(given[name] if name in pairs else (given[name],))
        operator(*flat)

    return traced


def _traced_cast(name: str) -> Callable[..., Any]:
    operator = _operator(name)

    def traced(x: torch.Tensor, use_ue8m0: bool, gran_k: int = 128, **others: Any) -> tuple[torch.Tensor, torch.Tensor]:
        if gran_k != 128 or any(value not in (None, False) for value in others.values()):
            raise ShapeError(f"{name}: a graph holds casts with gran_k = 128 and no other option")
        return operator(x, use_ue8m0)

    return traced


def _traced_aligned(sf: torch.Tensor) -> torch.Tensor:
    return torch.ops.aotgemm.get_mn_major_tma_aligned_tensor.default(sf)


TRACED = {name: _traced_call(call) for name, call in CALLS.items()}
TRACED |= {name: _traced_cast(name) for name in operators.CASTS}
if hasattr(aotgemm, "fp8_fp4_mqa_logits"):
    from . import indexer

    TRACED["fp8_fp4_mqa_logits"] = indexer.traced
if hasattr(aotgemm, "fp8_fp4_paged_mqa_logits"):
    from . import paged_indexer

    TRACED["fp8_fp4_paged_mqa_logits"] = paged_indexer.traced_logits
    TRACED["get_paged_mqa_logits_metadata"] = paged_indexer.traced_schedule
TRACED["get_mn_major_tma_aligned_tensor"] = _traced_aligned


def _either(direct: Callable[..., Any], traced: Callable[..., Any]) -> Callable[..., Any]:
    is_compiling = torch.compiler.is_compiling

    @functools.wraps(direct)
    def call(*args: Any, **kwargs: Any) -> Any:
        return traced(*args, **kwargs) if is_compiling() else direct(*args, **kwargs)

    return call


FUNCTIONS = {}
for _name, _traced in TRACED.items():
    _direct = getattr(aotgemm, _name)
    torch.compiler.substitute_in_graph(_direct, skip_signature_check=True)(_traced)
    FUNCTIONS[_name] = _either(_direct, _traced)

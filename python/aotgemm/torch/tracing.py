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

from . import fp4_weights, operators
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


def _traced_as_it_is(name: str) -> Callable[..., Any]:
    """Of an operator with the call's own parameters."""
    operator = _operator(name)

    def traced(*args: Any, **kwargs: Any) -> Any:
        return operator(*args, **kwargs)

    return traced


TRACED = {name: _traced_call(call) for name, call in CALLS.items()}
TRACED |= {name: _traced_as_it_is(name) for name in operators.RETURNING}
TRACED["prepack_fp4_weights"] = fp4_weights.traced
if hasattr(aotgemm, "fp8_fp4_mqa_logits"):
    from . import indexer

    TRACED |= dict.fromkeys(("fp8_fp4_mqa_logits", "fp8_mqa_logits"), indexer.traced)
if hasattr(aotgemm, "fp8_fp4_paged_mqa_logits"):
    from . import paged_indexer

    TRACED |= dict.fromkeys(("fp8_fp4_paged_mqa_logits", "fp8_paged_mqa_logits"), paged_indexer.traced_logits)
    TRACED["get_paged_mqa_logits_metadata"] = paged_indexer.traced_schedule


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
    _call = _either(_direct, _traced)
    FUNCTIONS |= {name: _call for name, value in vars(aotgemm).items() if value is _direct}  # its aliases too

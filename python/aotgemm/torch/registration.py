"""The one library of PyTorch operators that this package registers, torch.ops.aotgemm."""

from collections.abc import Callable
from typing import Any

import torch

from .. import _core

LIBRARY = torch.library.Library("aotgemm", "DEF")  # operators live as long as it does


def _behind(check: Callable[..., None] | None, function: Callable[..., Any]) -> Callable[..., Any]:
    if check is None:
        return function

    def checked(*args: Any, **kwargs: Any) -> Any:
        check(*args, **kwargs)
        return function(*args, **kwargs)

    return checked


def _has_memory(name: str) -> Callable[..., None]:
    """A check that the operator's tensors have what their sizes say: PyTorch reads a freed one where nothing is."""
    names = [each.name for each in getattr(torch.ops.aotgemm, name).default._schema.arguments]

    def check(*args: Any) -> None:
        for argument, given in zip(names, args, strict=False):
            if isinstance(given, torch.Tensor):
                _core.check_address(given, argument)

    return check


def register(
    schema: str, function: Callable[..., Any], fake: Callable[..., Any], check: Callable[..., None] | None = None
) -> None:
    """Defines an operator for CPU and CUDA alike. Strides are part of our contracts: no compiler may change them.

    fake: the function on tensors without memory, for graphs. check: refuses arguments before either sees them; for a
    function of PyTorch's own operations, which refuse them in other words or not at all.
    """
    name = schema.split("(")[0]
    LIBRARY.define(schema, tags=(torch.Tag.needs_exact_strides,))
    real = _behind(check, function) if check is None else _behind(_has_memory(name), _behind(check, function))
    LIBRARY.impl(name, real, "CompositeExplicitAutograd")
    torch.library.register_fake(f"aotgemm::{name}", _behind(check, fake), lib=LIBRARY)

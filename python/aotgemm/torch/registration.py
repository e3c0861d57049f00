"""The one library of PyTorch operators that this package registers, torch.ops.aotgemm."""

from collections.abc import Callable
from typing import Any

import torch

LIBRARY = torch.library.Library("aotgemm", "DEF")  # operators live as long as it does


def register(schema: str, function: Callable[..., Any], fake: Callable[..., Any]) -> None:
    """Defines an operator for CPU and CUDA alike. Strides are part of our contracts: no compiler may change them."""
    name = schema.split("(")[0]
    LIBRARY.define(schema, tags=(torch.Tag.needs_exact_strides,))
    LIBRARY.impl(name, function, "CompositeExplicitAutograd")
    torch.library.register_fake(f"aotgemm::{name}", fake, lib=LIBRARY)

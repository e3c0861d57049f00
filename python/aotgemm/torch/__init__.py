"""aotgemm for PyTorch: operators, torch.compile and torch.export, layers with gradients, checkpoints.

Importing it registers torch.ops.aotgemm and lets Dynamo trace aotgemm's calls. The calls here are aotgemm's, for code
that an export runs as it is.
"""

from typing import TYPE_CHECKING

from .experts import fp8_experts
from .grouped import fp8_grouped_linear
from .linear import fp8_linear
from .modules import FP8Experts, FP8Linear
from .tracing import FUNCTIONS

globals().update(FUNCTIONS)

if TYPE_CHECKING:
    from .. import *  # noqa: F403  the calls' signatures

__all__ = [
    "FP8Experts",
    "FP8Linear",
    "fp8_experts",
    "fp8_grouped_linear",
    "fp8_linear",
    *FUNCTIONS,
]

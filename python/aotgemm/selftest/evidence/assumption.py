"""Assumption: what the CPU backend takes for granted of the tensor cores, and cases that fail where it is not so."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .case import Case


@dataclass(frozen=True)
class Assumption:
    """name: in files. words: what is taken for granted. arch: of the kernels that it is about."""

    name: str
    arch: str
    words: str
    draw: Callable[[np.random.Generator], list[Case]]

"""Assumption: what the CPU backend takes for granted of the tensor cores, and cases that fail where it is not so."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .case import Case


@dataclass(frozen=True)
class Assumption:
    """name: in files. family, archs: of the kernels that it is about. words: what is taken for granted."""

    name: str
    family: str
    archs: tuple[str, ...]
    words: str
    draw: Callable[[np.random.Generator], list[Case]]

"""Specs of layout and conversion kernels: no tile, and a kernel for every combination of what the family can do."""

from collections.abc import Mapping
from itertools import product

from codegen.spec import KernelSpec


def conversion_specs(arch: str, family: str, choices: Mapping[str, tuple[str, ...]]) -> tuple[KernelSpec, ...]:
    """One spec for each combination of `choices` (see Family.choices)."""
    combinations = (dict(zip(choices, values, strict=True)) for values in product(*choices.values()))
    return tuple(KernelSpec(arch=arch, family=family, **fields) for fields in combinations)

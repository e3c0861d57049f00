"""Holds a recorded run against the CPU backend: which assumptions fail, and which kernels."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...problems.backends import CpuBackend
from .case import Case, decoded, result
from .digests import SUBJECTS, wanted

MOST_SHOWN = 3  # differences of an assumption


@dataclass
class Verdict:
    """On one assumption. elements: of D, over all cases and kernels; told: the first differences in words."""

    name: str
    words: str
    cases: int = 0
    elements: int = 0
    differing: int = 0
    failed: int = 0  # calls that raised
    told: list[str] = field(default_factory=list)

    @property
    def ran(self) -> bool:
        """Whether any kernel of the run was given its cases: `selftest --kernel` may leave all of them out."""
        return self.elements > 0 or self.failed > 0

    @property
    def holds(self) -> bool:
        return self.cases > 0 and self.elements > 0 and not self.differing and not self.failed

    def tell(self, text: str) -> None:
        if len(self.told) < MOST_SHOWN:
            self.told.append(text)


def case_of(text: dict[str, Any]) -> Case:
    """Raises LookupError, TypeError or ValueError for what a recorded run does not have."""
    operands = {name: decoded(text[name]) for name in ("a", "sfa", "b", "sfb", "c")}
    first, second = text["gran"]
    case = Case(text["family"], out_dtype=text["out_dtype"], gran=(int(first), int(second)), **operands)
    if (instruction := text.get("instruction")) is None:
        return case
    kind, type_a, type_b = map(str, instruction)
    return replace(case, instruction=(kind, type_a, type_b))


def _difference(found: np.ndarray, bits: np.ndarray, at: tuple[int, int]) -> str:
    digits = bits.itemsize * 2
    both = f"0x{found[at]:0{digits}X}, the CPU backend has 0x{bits[at]:0{digits}X}"
    return f"D[{at[0]}, {at[1]}]: {both}; {np.count_nonzero(found != bits)} of {bits.size} differ"


def _named(kernels: list[str]) -> str:
    return kernels[0] if len(kernels) == 1 else f"{kernels[0]} and {len(kernels) - 1} more kernels"


def _compare(verdict: Verdict, number: int, kernels: list[str], found: np.ndarray, bits: np.ndarray) -> None:
    if found.shape != bits.shape or found.dtype != bits.dtype:
        raise ValueError(f"D of {verdict.name} is {found.dtype} {found.shape}, must be {bits.dtype} {bits.shape}")
    differing = np.argwhere(found != bits)
    verdict.elements += bits.size * len(kernels)
    verdict.differing += len(differing) * len(kernels)
    if len(differing):
        verdict.tell(f"case {number}, {_difference(found, bits, tuple(differing[0]))}, {_named(kernels)}")


def verdict_on(assumption: dict[str, Any]) -> Verdict:
    """By the CPU backend of this library, over the recorded operands."""
    verdict = Verdict(assumption["name"], assumption["words"])
    for number, text in enumerate(assumption["cases"]):
        case = case_of(text)
        bits = result(case, CpuBackend())
        verdict.cases += 1
        for one in text["results"]:
            if "error" in one["outcome"]:
                verdict.failed += len(one["kernels"])
                verdict.tell(f"case {number}: {one['outcome']['error']} with {one['kernels'][0]}")
            else:
                _compare(verdict, number, one["kernels"], decoded(one["outcome"]["d"]), bits)
    return verdict


def differing_kernels(digests: dict[str, Any]) -> list[str]:
    """Of the file, those whose bits over the small problems of their kind are not the CPU backend's."""
    kinds = {one["kind"] for one in digests["kernels"]}
    if unknown := kinds - SUBJECTS.keys():
        raise ValueError(f"kind {min(unknown)} is not one of this library")
    known = {kind: wanted(SUBJECTS[kind], digests["seed"]) for kind in sorted(kinds)}
    return sorted({one["kernel"] for one in digests["kernels"] if one["sha256"] != known[one["kind"]]})

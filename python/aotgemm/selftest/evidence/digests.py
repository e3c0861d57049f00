"""A digest of every kernel's bits over the small problems of each kind, and of those in other formats; and of the CPU
backend's."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import _core
from ...problems.backends import Backend, CpuBackend
from ...problems.call import call
from ...problems.formats import Formats, formats_of, readers
from ...problems.kinds import KINDS, Kind, kernels_of
from ...problems.make import Problem
from .. import formats
from ..cases import Trial, cases_of
from ..expected import cpu_backend_product
from ..suites import GPU_SUITES

LEVEL = "small"
Step = Callable[[str], None]
Cases = Iterator[tuple[str, Problem, np.ndarray]]


@dataclass(frozen=True)
class Subject:
    """A kind, and the formats of its operands where they are not its own."""

    kind: Kind
    formats: Formats | None = None

    @property
    def name(self) -> str:
        return self.kind.name if self.formats is None else f"{self.kind.name} {self.formats}"

    def cases(self, backend: Backend, seed: int) -> Cases:
        """Of this one alone, so that they do not depend on which others there are."""
        rng = np.random.default_rng(seed)
        if self.formats is not None:
            return formats.cases_of(self.kind, self.formats, backend, rng)
        suite = next(suite for suite in GPU_SUITES if suite.form is self.kind.form)
        return cases_of(suite, LEVEL, [self.kind], Trial(backend, "edge", cpu_backend_product), rng)

    def kernels(self, kernels: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those among the kernels that run its cases."""
        mine = {spec["kernel"]: spec for spec in kernels_of(self.kind, kernels)}
        if self.formats is None:
            return list(mine.values())
        return [mine[kernel] for kernel in readers(self.kind, self.formats, {k: s["name"] for k, s in mine.items()})]


def _subjects() -> Iterator[Subject]:
    for kind in KINDS.values():
        yield Subject(kind)
        yield from (Subject(kind, one) for one in formats_of(kind))


SUBJECTS = {subject.name: subject for subject in _subjects()}


def _ran(problem: Problem, kernel: int) -> bytes:
    problem.reset()
    call(problem, kernel)
    return problem.read().tobytes()


def recorded(kernels: list[dict[str, Any]], backend: Backend, seed: int, step: Step) -> list[dict[str, str]]:
    """Name, subject and digest of each kernel, by subject. The number of SMs is put back."""
    found, before = [], _core.get_num_sms()
    for subject in SUBJECTS.values():
        mine = subject.kernels(kernels)
        digests = {spec["name"]: hashlib.sha256() for spec in mine}
        try:
            for case, problem, _ in subject.cases(backend, seed) if mine else ():
                step(f"{subject.name}, {case}")
                for spec in mine:
                    digests[spec["name"]].update(_ran(problem, spec["kernel"]))
        finally:
            _core.set_num_sms(before)
        found += [{"kernel": name, "kind": subject.name, "sha256": one.hexdigest()} for name, one in digests.items()]
    return found


def wanted(subject: Subject, seed: int) -> str:
    """The digest that every kernel of the subject must have."""
    digest, before = hashlib.sha256(), _core.get_num_sms()
    try:
        for _, _, bits in subject.cases(CpuBackend(), seed):
            digest.update(bits.tobytes())
    finally:
        _core.set_num_sms(before)
    return digest.hexdigest()

"""A digest of every kernel's bits over the small problems of its kind, and of the CPU backend's."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ... import _core
from ...problems.backends import Backend, CpuBackend
from ...problems.call import call
from ...problems.kinds import KINDS, Kind, kernels_of
from ...problems.make import Problem
from ..cases import Trial, cases_of
from ..expected import cpu_backend_product
from ..suites import GPU_SUITES

LEVEL = "small"
Step = Callable[[str], None]


def _cases(kind: Kind, backend: Backend, seed: int) -> Iterator[tuple[str, Problem, np.ndarray]]:
    """Of one kind alone, so that they do not depend on which others there are."""
    suite = next(suite for suite in GPU_SUITES if suite.form is kind.form)
    trial = Trial(backend, "edge", cpu_backend_product)
    yield from cases_of(suite, LEVEL, [kind], trial, np.random.default_rng(seed))


def _ran(problem: Problem, kernel: int) -> bytes:
    problem.reset()
    call(problem, kernel)
    return problem.read().tobytes()


def recorded(kernels: list[dict[str, Any]], backend: Backend, seed: int, step: Step) -> list[dict[str, str]]:
    """Name, kind and digest of each kernel, by kind. The number of SMs is put back."""
    found, before = [], _core.get_num_sms()
    for kind in KINDS.values():
        mine = kernels_of(kind, kernels)
        digests = {spec["name"]: hashlib.sha256() for spec in mine}
        try:
            for case, problem, _ in _cases(kind, backend, seed) if mine else ():
                step(f"{kind.name}, {case}")
                for spec in mine:
                    digests[spec["name"]].update(_ran(problem, spec["kernel"]))
        finally:
            _core.set_num_sms(before)
        found += [{"kernel": name, "kind": kind.name, "sha256": one.hexdigest()} for name, one in digests.items()]
    return found


def wanted(kind: Kind, seed: int) -> str:
    """The digest that every kernel of the kind must have."""
    digest, before = hashlib.sha256(), _core.get_num_sms()
    try:
        for _, _, bits in _cases(kind, CpuBackend(), seed):
            digest.update(bits.tobytes())
    finally:
        _core.set_num_sms(before)
    return digest.hexdigest()

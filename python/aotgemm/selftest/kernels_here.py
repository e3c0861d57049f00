"""Which operations a backend can run: the library may hold their kernels for other architectures alone."""

from functools import cache

from ..audit.library import read_manifest
from ..choice import arch_of
from ..problems.backends import Backend, CpuBackend
from ..problems.operation import Operation


@cache
def _families_on(arch: str) -> frozenset[str]:
    specs = [kernel["spec"] for kernel in read_manifest()["kernels"]]
    return frozenset(spec["family"] for spec in specs if spec["arch"] == arch)


def has_kernels(operation: Operation, backend: Backend) -> bool:
    """Whether the operation runs there. The CPU backend runs all."""
    if isinstance(backend, CpuBackend):
        return True
    arch = arch_of(backend.device)
    return arch in operation.archs and _families_on(arch).issuperset(operation.families)

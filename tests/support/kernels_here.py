"""What the device of the GPU tests has kernels for; without a device all: the tests are collected, and skipped."""

from aotgemm import _core
from aotgemm.choice import arch_of
from aotgemm.problems.kinds import KINDS

_ARCH = arch_of(_core.cuda_device(0)) if _core.cuda_device_count() else None


def runs_here(spec):
    """Whether that GEMM kernel is for the device."""
    return _ARCH in (None, spec["arch"])


def specs_here(family, *groupings):
    """GEMM kernels of the family for the device, of those groupings."""
    of_family = (spec for spec in _core.specs() if spec["family"] == family and spec["grouping"] in groupings)
    return [spec for spec in of_family if runs_here(spec)]


def is_here(kind):
    """Whether the device has kernels for that kind of GEMM call."""
    return _ARCH is None or _ARCH in kind.form.family.archs


def kinds_here():
    """Names of the kinds of GEMM call that the device has kernels for."""
    return [name for name, kind in KINDS.items() if is_here(kind)]

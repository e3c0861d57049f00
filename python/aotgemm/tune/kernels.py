"""Which kernels a card has for a kind of call."""

from typing import Any

from ..choice import arch_of
from ..problems.kinds import Kind, kernels_of


def kernels_on(kind: Kind, device: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of _core.specs() that run this kind of call on a device, as _core.cuda_device() describes one."""
    return [spec for spec in kernels_of(kind) if spec["arch"] == arch_of(device)]

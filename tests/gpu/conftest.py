"""These tests need a CUDA device; elsewhere they are skipped, and nothing else is."""

import pytest
from aotgemm import _core


def pytest_collection_modifyitems(items):
    if _core.cuda_device_count():
        return
    reason = f"no CUDA device: {_core.cuda_unavailable_reason()}"
    for item in items:
        if "gpu" in item.path.parts[-2:-1]:
            item.add_marker(pytest.mark.skip(reason=reason))

"""The CPU backend speaks for Blackwell where a test is of a call that only Blackwell has."""

from collections.abc import Iterator

import aotgemm
import pytest
from call_operands import ON_BLACKWELL_ALONE


@pytest.fixture(autouse=True)
def architecture(request: pytest.FixtureRequest) -> Iterator[None]:
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    if parameters.get("name") in ON_BLACKWELL_ALONE:
        aotgemm.set_cpu_arch("sm_100a")
    yield
    aotgemm.set_cpu_arch("sm_90a")

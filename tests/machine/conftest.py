"""The machine, compiled once, and the PTX of the build that is tested."""

import pytest
from machine_driver import build_machine, find_ptx


def pytest_configure(config):
    config.addinivalue_line("markers", "machine_all: every kernel over many schedules on the PTX machine; long")


def pytest_collection_modifyitems(config, items):
    """What is marked machine_all runs only if it is asked for, by `-m machine_all`."""
    if "machine_all" in (config.option.markexpr or ""):
        return
    long = [item for item in items if "machine_all" in item.keywords]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.fixture(scope="session")
def machine(pytestconfig):
    return build_machine(pytestconfig.cache.mkdir("ptx_machine"))


@pytest.fixture(scope="session")
def ptx():
    return find_ptx()

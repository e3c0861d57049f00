"""Settings of all tests."""

import os

import pytest
from hypothesis import settings

# Tables are as wide as where there is no terminal: workers of pytest-xdist have COLUMNS, and a user's shell may.
os.environ.pop("COLUMNS", None)

# The same examples every time, and no limit on a slow machine.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    fuzz = parser.getgroup("fuzz", "random inputs (tests/fuzz)")
    fuzz.addoption("--fuzz-rounds", type=int, help="inputs of every fuzzer instead of its own number; 0: until stopped")
    fuzz.addoption("--fuzz-seed", type=int, default=15, help="inputs are the same for the same seed")

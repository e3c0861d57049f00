import sys
from pathlib import Path

import pytest

COMPAT = Path(__file__).parents[2] / "compat"


def _forget():
    for name in [name for name in sys.modules if name.split(".")[0] in ("deep_gemm", "aotgemm_deepgemm")]:
        del sys.modules[name]


@pytest.fixture
def deep_gemm(monkeypatch):
    """The distribution's package, imported from the source tree, before any other of that name."""
    _forget()
    monkeypatch.syspath_prepend(str(COMPAT))
    import deep_gemm

    yield deep_gemm
    _forget()


@pytest.fixture
def no_deep_gemm(monkeypatch):
    """A process in which no deep_gemm has been imported or can be, before and after."""
    _forget()
    monkeypatch.setattr(sys, "path", [folder for folder in sys.path if folder != str(COMPAT)])
    yield
    _forget()

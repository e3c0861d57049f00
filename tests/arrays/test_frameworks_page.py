"""What docs/frameworks.md prints as Python runs, where its framework is installed."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "frameworks.md"


def example(title):
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {title}\n")[1]
    return re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]


def test_numpy(capsys):
    exec(compile(example("NumPy"), str(PAGE), "exec"), {})
    assert capsys.readouterr().out == "float8_e4m3fn (4, 2) 128\n"


def test_jax(capsys):
    pytest.importorskip("jax")
    exec(compile(example("JAX"), str(PAGE), "exec"), {})
    assert capsys.readouterr().out == "128\n"

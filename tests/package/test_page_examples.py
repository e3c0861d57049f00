"""The Python blocks of README and docs run as they are printed, each page from top to bottom in one namespace."""

import re
from pathlib import Path

import pytest
from aotgemm import errors
from sybil.document import Document
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")) if "```python" in path.read_text())


GUESTS = {"cupy", "jax", "prometheus_client"}  # packages that a page shows aotgemm beside, and no test requires


def guest_missing_in(example):
    """Runs the block; the name of a guest that it imports and that is not installed, or None."""
    try:
        example.evaluate()
    except ModuleNotFoundError as error:
        top = error.name.partition(".")[0]
        if top not in GUESTS:
            raise
        return top
    return None


@pytest.mark.parametrize("page", [path.relative_to(ROOT).as_posix() for path in PAGES])
def test_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    document = Document.parse(str(ROOT / page), CodeBlockParser(language="python", evaluator=PythonEvaluator()))
    examples = list(document.examples())
    assert len(examples) == len(re.findall(r"^```python$", (ROOT / page).read_text(), re.MULTILINE))
    missing = [name for example in examples if (name := guest_missing_in(example))]
    if missing:
        pytest.skip(f"a block needs {', '.join(missing)}, which is not installed here; the others ran")


def test_pages_have_examples():
    assert {"README.md", "docs/index.md", "docs/contracts.md"} <= {path.relative_to(ROOT).as_posix() for path in PAGES}


def test_every_error_is_in_the_page_on_trouble():
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    named = [name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert [name for name in named if f"`{name}`" not in page and f"`aotgemm.{name}`" not in page] == []

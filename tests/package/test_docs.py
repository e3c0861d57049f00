"""Pages and comments name files that exist."""

import ast
import io
import re
import tokenize
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (".ci", "benchmarks", "cmake", "codegen", "compat", "cpp", "docs", "examples", "python", "tests", "tools")
CODE = (".cpp", ".cu", ".cuh", ".h", ".hpp", ".in")
GROUPS = ("benchmarks", "cmake", "codegen", "compat", "cpp/dispatch", "cpp/emulation", "cpp/include", "cpp/kernels",
          "cpp/ptx_machine", "cpp/python", "docs", "examples", "python", "tests", "tools")  # fmt: skip
ELSEWHERE = {
    "cuda.h": "of the CUDA toolkit",
    "cuda/cuda.h": "its copy, which the build makes",
    "includes.cmake": "written by codegen",
    "generated/commands.md": "written by docs/conf.py",
    "docs/generated/commands.md": "the same",
    "server.py": "a user's program in an example",
}

FILE = re.compile(r"(?<![\w./*-])(?:[\w.-]+/)*\w+\.(?:py|cuh|cu|cpp|hpp|h|cmake|md|csv)(?:\.in)?(?![\w*])")
TOPS = "cpp|python/aotgemm|codegen|tests|benchmarks|docs|cmake"
FOLDER = re.compile(rf"(?<![\w./*-])(?:{TOPS})/(?:\w+/)*\w+(?![\w./*{{<-])")
PLACEHOLDER = re.compile(r"[A-Z]{2,}\.|_[A-Z]{2,}\.")  # kernels/NAME.cu, wgmma_OPERAND.cuh


@cache
def tree():
    """Every file of the repository and every folder, as paths from its root."""
    files = [path for path in ROOT.iterdir() if path.is_file()]
    files += [
        path
        for top in FOLDERS
        for path in (ROOT / top).rglob("*")
        if not {"__pycache__", "generated"} & set(path.parts)
    ]
    return {path.relative_to(ROOT).as_posix() for path in files}


@cache
def endings():
    """Every name that a file or a folder may go by: its path, or the end of it; a template's is its output's too."""
    paths = tree() | {path.removesuffix(".in") for path in tree()}
    return {"/".join(path.split("/")[start:]) for path in paths for start in range(path.count("/") + 1)}


def names_in(text):
    """What the text says that files and folders are called."""
    found = {match.removeprefix("./") for match in FILE.findall(text) if not PLACEHOLDER.search(match)}
    return (found | set(FOLDER.findall(text))) - ELSEWHERE.keys()


def missing_in(text):
    return sorted(name for name in names_in(text) if name not in endings())


def python_prose(text):
    """Comments and docstrings."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    yield from (token.string for token in tokens if token.type == tokenize.COMMENT)
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef)
    yield from (ast.get_docstring(node) or "" for node in ast.walk(ast.parse(text)) if isinstance(node, holders))


def prose_of(path):
    """What a source file says to its readers."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if path.endswith(".py"):
        return "\n".join(python_prose(text))
    return "\n".join(re.findall(r"//.*|/\*.*?\*/" if path.endswith(CODE) else r"#.*", text))


def sources(group):
    kinds = (".py", ".cmake", *CODE)
    return sorted(path for path in tree() if path.startswith(group + "/") and path.endswith(kinds))


PAGES = sorted(path for path in tree() if path.endswith(".md"))


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_exists(page):
    assert missing_in((ROOT / page).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("group", GROUPS)
def test_every_file_that_a_comment_names_exists(group):
    missing = {path: missing_in(prose_of(path)) for path in sources(group)}
    assert {path: names for path, names in missing.items() if names} == {}


def test_every_source_is_read():
    """The groups are all there are, but for headers of others."""
    read = {path for group in GROUPS for path in sources(group)}
    kinds = (".py", ".cmake", *CODE)
    assert {p for p in tree() - read if p.endswith(kinds) and "/third_party/" not in p} == set()
    assert len(read) > 300 and {"README.md", "docs/determinism.md", "docs/design.md"} <= set(PAGES)


def test_a_name_that_is_wrong_is_found():
    assert missing_in("see `cpp/dispatch/nowhere.cpp`, common/nowhere.cuh and nowhere.py.") == [
        "common/nowhere.cuh", "cpp/dispatch/nowhere.cpp", "nowhere.py",
    ]  # fmt: skip
    assert missing_in("in cpp/nowhere, cpp/kernels and tests/package") == ["cpp/nowhere"]
    assert missing_in("README.md, ptx/wgmma.cuh, `kernels/NAME.cu`, cpp/*/x.cpp, cuda.h") == []

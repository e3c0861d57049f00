"""No source file is longer than 600 lines, so that each can be read at one sitting."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("benchmarks", "cmake", "codegen", "compat", "cpp", "examples", "python", "tests", "tools")
KINDS = {".c", ".cmake", ".cpp", ".cu", ".cuh", ".h", ".hpp", ".in", ".py"}
OTHERS = "cpp/third_party/"
MOST_LINES = 600


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_is_too_long(folder):
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in KINDS]
    names = {path.relative_to(ROOT).as_posix(): path for path in files}
    lengths = {name: len(path.read_bytes().splitlines()) for name, path in names.items() if not name.startswith(OTHERS)}
    assert lengths
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}

"""What codegen writes: the same bytes every time, nothing rewritten in vain, nothing left over."""

import ast
import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from codegen.files import fill, write_if_changed
from codegen.matrix import all_specs
from codegen.write.emit import IllegalSpecError, emit

ROOT = Path(__file__).parents[2]
# Of everything emitted. It changes with the matrix or a template, and then only on purpose.
GOLDEN = "a50d785453f2f54ddf81add6c90dcc30aefa7b6f8e21a101d32f1c95752961f0"


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return total.hexdigest()


def run_codegen(out: Path, seed: str) -> None:
    environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-B", "-m", "codegen", "--out", out], check=True, cwd=out.parent, env=environment)


def test_golden_hash(tmp_path: Path) -> None:
    emit(all_specs(), tmp_path)
    assert digest(tmp_path) == GOLDEN


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        run_codegen(tmp_path / seed, seed)
    assert digest(tmp_path / "1") == digest(tmp_path / "2")


def test_a_second_run_touches_no_file(tmp_path: Path) -> None:
    emit(all_specs(), tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    emit(all_specs(), tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")} == before


def test_a_dropped_spec_leaves_no_source(tmp_path: Path) -> None:
    specs = all_specs()
    emit(specs, tmp_path)
    emit(specs[1:], tmp_path)
    assert {path.stem for path in (tmp_path / "kernels").glob("*.cu")} == {spec.name() for spec in specs[1:]}


def test_an_illegal_spec_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IllegalSpecError, match="block_k is 32"):
        emit([replace(all_specs()[0], block_k=32)], tmp_path)


def test_a_spec_listed_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IllegalSpecError, match="names a kernel twice"):
        emit([all_specs()[0]] * 2, tmp_path)


def test_lines_fit(tmp_path: Path) -> None:
    """Generated code is read too: 120 columns, but for a kernel's name, which cannot be broken."""
    emit(all_specs(), tmp_path)
    for path in [*tmp_path.rglob("*.cu"), *tmp_path.rglob("*.cuh")]:
        lines = [line for line in path.read_text().splitlines() if path.stem not in line]
        assert max(map(len, lines)) <= 120, path.name


def test_a_mark_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="widths"):
        fill("sm90/wgmma_fp8.cuh.in")


def test_write_if_changed(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    write_if_changed(path, "one")
    write_if_changed(path, "two")
    assert path.read_text() == "two"


def test_codegen_imports_the_standard_library_alone() -> None:
    imported = set()
    for path in (ROOT / "codegen").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0 and node.module
                imported.add(node.module.split(".")[0])
    assert "codegen" in imported
    assert imported - {"codegen"} <= set(sys.stdlib_module_names)

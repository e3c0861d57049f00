"""What codegen writes: the same bytes every time, nothing rewritten in vain, nothing left over."""

import ast
import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pins import PINS

from codegen.families import FAMILIES
from codegen.files import fill, write_if_changed
from codegen.matrix import all_specs
from codegen.write.emit import IllegalSpecError, emit, kernel_source, wgmma_header

ROOT = Path(__file__).parents[2]
# Of the headers of tensor-core instructions, which hold the widths that kernels use. They change on purpose only.
WGMMA = {
    "bf16": "d4ebf271232e595a8f2a887f7b3a556e19d11d676d5d7ca040d52be08282f9ef",
    "fp8": "9db5cb647680dfb537c0b2f7477367209979279afdecbb8997d8357c94eaf1bd",
    "fp8_fragments": "ec33e2f0385dee708140762f94ad684afc7ab4bad02a730b05eb789728cc01ef",
    "tf32": "b660ab7f3db423b64ba35c24945c003e942bdb0f348a8d9981fa35d862bc0213",
}


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return total.hexdigest()


def run_codegen(out: Path, seed: str) -> None:
    environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-B", "-m", "codegen", "--out", out], check=True, cwd=out.parent, env=environment)


def sources_of(family: str) -> str:
    """The hash of the family's kernels, names and sources in the order of the matrix."""
    total = hashlib.sha256()
    for spec in (spec for spec in all_specs() if spec.family == family):
        total.update(f"{spec.name()}\0{kernel_source(spec)}\0".encode())
    return total.hexdigest()


@pytest.mark.parametrize("family", FAMILIES)
def test_sources_of_a_family_change_on_purpose_only(family: str) -> None:
    assert sources_of(family) == PINS[family]["sources"]


def test_nothing_else_is_emitted(tmp_path: Path) -> None:
    emit(all_specs(), tmp_path)
    written = {path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.rglob("*.*")}
    sources = {f"kernels/{spec.name()}.cu": kernel_source(spec) for spec in all_specs()}
    headers = {f"wgmma_{operand}.cuh": wgmma_header(operand, all_specs()) for operand in WGMMA}
    assert written == sources | headers | {"kernels.txt": "".join(f"{spec.name()}\n" for spec in all_specs())}
    assert {name: hashlib.sha256(headers[f"wgmma_{name}.cuh"].encode()).hexdigest() for name in WGMMA} == WGMMA


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

"""One kernel compiled again: equal from these sources, different from others, refused without."""

import json
import shutil
import tarfile
from importlib.metadata import requires
from pathlib import Path

import cli_schemas
import jsonschema
import pytest
from aotgemm.audit.library import read_library
from aotgemm.cli import main

from codegen.compile.cutlass import PACKAGE as CUTLASS
from codegen.write.sbom import pinned_tools

ROOT = Path(__file__).parents[2]
KERNEL = "sm90_transpose_sf_fp32"  # the quickest to compile
PARTS = ("codegen", "cpp/kernels")


def rebuild(capsys, source):
    status = main(["rebuild", KERNEL, "--source", str(source), "--json"])
    report = json.loads(capsys.readouterr().out)
    jsonschema.validate(report, cli_schemas.REBUILD)
    return status, report


@pytest.fixture
def source(tmp_path):
    """A copy of what a kernel is made from."""
    folder = tmp_path / "aotgemm-9.9"
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_a_source_distribution_gives_the_same_bytes(capsys, tmp_path, source):
    archive = tmp_path / "aotgemm-9.9.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(source, source.name)
    status, report = rebuild(capsys, archive)
    assert status == 0 and report["equal"] and report["code_equal"]
    assert report["rebuilt_sha256"] == report["library_sha256"] == read_library()[KERNEL].sha256


def test_another_source_gives_other_bytes(capsys, source):
    header = source / "cpp" / "kernels" / "common" / "transpose_sf.cuh"
    text = header.read_text()
    changed = text.replace(
        "const int mn = static_cast<int>(threadIdx.x)", "const int mn = 1 + static_cast<int>(threadIdx.x)"
    )
    assert changed != text
    header.write_text(changed)
    status, report = rebuild(capsys, source)
    assert status == 1 and not report["equal"] and not report["code_equal"]
    assert report["library_sha256"] == read_library()[KERNEL].sha256 != report["rebuilt_sha256"]


def test_what_cannot_be_built_is_told(capsys, tmp_path, source):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.tar.gz").write_bytes(b"no archive")
    for path, message in (
        (tmp_path / "empty", "has no folder codegen"),
        (tmp_path / "bad.tar.gz", "is neither a folder nor a source distribution"),
        (tmp_path / "none", "is neither a folder nor a source distribution"),
    ):
        assert main(["rebuild", KERNEL, "--source", str(path)]) == 2
        assert message in capsys.readouterr().err
    (source / "cpp" / "kernels" / "common" / "transpose_sf.cuh").write_text("#error broken\n")
    assert main(["rebuild", KERNEL, "--source", str(source)]) == 2
    assert "broken" in capsys.readouterr().err


def requirements_of(extra):
    wanted = f'extra == "{extra}"'
    return {text.split(";")[0].strip() for text in requires("aotgemm") if wanted in text.replace("'", '"')}


def test_the_extra_has_the_compiler_that_the_build_pins():
    pinned = {f"{name}=={version}" for name, version in pinned_tools((ROOT / "pyproject.toml").read_text())}
    nvidia = {requirement for requirement in pinned if requirement.startswith("nvidia-")}
    assert requirements_of("rebuild") == nvidia | {CUTLASS}
    headers = {requirement for requirement in nvidia if requirement.startswith("nvidia-cuda-runtime==")}
    tested = {requirement for requirement in requirements_of("test") if requirement.startswith("nvidia-")}
    assert tested == nvidia - headers | {"nvidia-cuda-runtime==13.0.*", CUTLASS}


def test_help_teaches_with_examples(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["rebuild", "--help"])
    assert stopped.value.code == 0 and "examples:\n  aotgemm rebuild " in capsys.readouterr().out

"""Two wheels of one source, built in different folders at different times, are equal byte for byte.

Built with one GEMM kernel and one other: what makes builds differ (folders in debug information and assertions, link
order, times and permissions in the archive) does not depend on how many there are. A build takes about a minute, so
these tests run on request: `pytest tests/wheels`.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from codegen.matrix import all_specs

ROOT = Path(__file__).parents[2]
PARTS = ("cmake", "codegen", "cpp", "python", "CMakeLists.txt", "LICENSE", "README.md", "pyproject.toml")
SMALL_MATRIX = """

_whole_matrix = all_specs


def all_specs() -> list[KernelSpec]:
    whole = _whole_matrix()
    return whole[:1] + [spec for spec in whole if not spec.is_gemm][:1]
"""


def copy_source(folder, mtime):
    """The sources with a small matrix, all as old as `mtime`."""
    folder.mkdir(parents=True)
    ignore = shutil.ignore_patterns("__pycache__")
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part, **({"ignore": ignore} if copy is shutil.copytree else {}))
    with (folder / "codegen" / "matrix.py").open("a") as matrix:
        matrix.write(SMALL_MATRIX)
    kept = all_specs()[0].name()
    for rates in (folder / "codegen" / "tuning").glob("*.txt"):  # without the kernels that are left out
        lines = rates.read_text().splitlines(keepends=True)
        rates.write_text("".join(line for line in lines if not line.startswith("tile ") or kept in line.split()))
    for path in folder.rglob("*"):
        os.utime(path, (mtime, mtime))


def build(folder, mtime, umask, **environment):
    copy_source(folder / "source", mtime)
    isolation = ["--no-build-isolation"] if find_spec("scikit_build_core") else []
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", *isolation, "-w", str(folder / "out")]
    command += [f"--config-settings=build-dir={folder / 'build'}", str(folder / "source")]
    subprocess.run(command, check=True, env=os.environ | environment, umask=umask)
    (wheel,) = (folder / "out").glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    top = tmp_path_factory.mktemp("builds")
    first = build(top / "a", 1_500_000_000, 0o022, TZ="UTC", LC_ALL="C", PYTHONHASHSEED="1")
    second = build(top / "another-folder" / "deeper", 1_790_000_000, 0o077, TZ="Asia/Tokyo", PYTHONHASHSEED="2")
    return first, second


def members(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_file_is_equal(wheels):
    one, two = map(members, wheels)
    assert list(one) == list(two)
    assert [name for name in one if one[name] != two[name]] == []
    assert {"aotgemm/libaotgemm.so", "aotgemm/manifest.json"} <= set(one)
    assert [name.rpartition("/")[0].rpartition("/")[2] for name in one if name.endswith("sbom.cdx.json")] == ["sboms"]


def test_the_wheels_are_equal(wheels):
    assert wheels[0].name == wheels[1].name
    assert wheels[0].read_bytes() == wheels[1].read_bytes()


def test_no_file_names_a_folder(wheels):
    for wheel in wheels:
        for name, content in members(wheel).items():
            assert os.fsencode(wheel.parents[1]) not in content, name
            assert os.fsencode(Path.home()) not in content, name

"""examples/cpp is built against the installed package as a stranger would, and run."""

import os
import shutil
import subprocess
from pathlib import Path

import aotgemm
import pytest
from aotgemm.cli import main

EXAMPLE = Path(__file__).parents[2] / "examples" / "cpp"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def cmake_dir():
    return Path(aotgemm.__file__).parent / "cmake"


def configured(folder, source, cmake_dir):
    return run("cmake", "-S", source, "-B", folder, f"-Daotgemm_DIR={cmake_dir}", "-DCMAKE_BUILD_TYPE=Release")


def test_the_command_prints_where_the_package_is(cmake_dir, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--cmake-dir"])
    assert stopped.value.code == 0 and Path(capsys.readouterr().out.strip()) == cmake_dir
    assert (cmake_dir / "aotgemmConfig.cmake").exists()


def test_a_program_is_built_and_run(tmp_path, cmake_dir):
    done = configured(tmp_path, EXAMPLE, cmake_dir)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run("cmake", "--build", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    environment = {"PATH": os.environ["PATH"]}  # the library is found through the program's own run path
    done = subprocess.run([tmp_path / "linear"], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"128 256 384 aotgemm {aotgemm.__version__}\n"


def test_another_version_is_refused(tmp_path, cmake_dir):
    shutil.copytree(EXAMPLE, tmp_path / "source")
    listed = tmp_path / "source" / "CMakeLists.txt"
    listed.write_text(listed.read_text().replace("find_package(aotgemm 0.1", "find_package(aotgemm 0.2"))
    done = configured(tmp_path / "build", tmp_path / "source", cmake_dir)
    assert done.returncode != 0 and 'compatible with requested version "0.2"' in done.stderr

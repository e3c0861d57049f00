"""The library that the release's compiler builds for x86-64 and for Arm: the same bits on the CPU, and no libstdc++.

Needs tools/requirements.txt, g++ and the cubins of a finished build (AOTGEMM_PTX_FOLDER names their folder, as for the
PTX machine). The Arm library runs under qemu-aarch64 with an Arm C library (Debian: qemu-user, libc6-arm64-cross).
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import aotgemm
import pytest

ROOT = Path(__file__).parents[2]
ARM_LIBRARIES = Path("/usr/aarch64-linux-gnu")
sys.path.insert(0, str(ROOT / "tools"))


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, **options).stdout


def cross_build(processor, work):
    """libaotgemm.so and host_bits for `processor`, without the Python module."""
    from build_wheels import compilers as zig

    compilers = zig(work, processor)
    tools = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    defines = {"AOTGEMM_PYTHON": "OFF", "AOTGEMM_NVCC_HOST": "g++", "AOTGEMM_CUBINS": os.environ["AOTGEMM_PTX_FOLDER"]}
    defines |= {"Python_EXECUTABLE": sys.executable, "CMAKE_BUILD_TYPE": "Release"}
    settings = [f"-D{key}={value}" for key, value in defines.items()]
    environment = os.environ | tools | compilers
    run("cmake", "-G", "Ninja", "-S", ROOT, "-B", work / "build", *settings, env=environment)
    run("cmake", "--build", work / "build", "--target", "aotgemm", env=environment)
    library = work / "build" / "cmake"
    program = [ROOT / "tools" / "host_bits.c", "-std=c11", f"-I{ROOT / 'cpp' / 'include'}", f"-L{library}", "-laotgemm"]
    run(compilers["CC"], *program, "-Wl,-rpath,$ORIGIN/build/cmake", "-o", work / "host_bits")
    return work


@pytest.fixture(scope="module")
def x86_64(tmp_path_factory):
    return cross_build("x86_64", tmp_path_factory.mktemp("x86_64"))


@pytest.fixture(scope="module")
def aarch64(tmp_path_factory):
    return cross_build("aarch64", tmp_path_factory.mktemp("aarch64"))


@pytest.fixture(scope="module")
def installed_bits(tmp_path_factory):
    folder = Path(aotgemm.__file__).parent
    program = tmp_path_factory.mktemp("installed") / "host_bits"
    compiler = [os.environ.get("CC", "cc"), "-std=c11", f"-I{folder / 'include'}", ROOT / "tools" / "host_bits.c"]
    run(*compiler, f"-L{folder}", "-laotgemm", f"-Wl,-rpath,{folder}", "-o", program)
    return run(program)


def test_host_bits_name_every_result(installed_bits):
    digests = [line.split()[-1] for line in installed_bits.splitlines()]
    assert len(digests) == 11
    assert len(set(digests)) == 11


def test_bits_of_another_compiler(x86_64, installed_bits):
    assert run(x86_64 / "host_bits") == installed_bits


def test_bits_of_arm(aarch64, installed_bits):
    emulator = shutil.which("qemu-aarch64")
    assert emulator and ARM_LIBRARIES.is_dir(), "Debian's packages qemu-user and libc6-arm64-cross are needed"
    emulated = run(emulator, "-cpu", "cortex-a72", "-L", ARM_LIBRARIES, aarch64 / "host_bits")
    assert emulated == installed_bits


@pytest.mark.parametrize("processor", ["x86_64", "aarch64"])
def test_library_needs_only_an_old_c_library(processor, request):
    work = request.getfixturevalue(processor)
    library = work / "build" / "cmake" / "libaotgemm.so"
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-dW", library))
    loader = {"x86_64": "ld-linux-x86-64", "aarch64": "ld-linux-aarch64"}[processor]  # it holds thread-local variables
    assert {name.split(".")[0] for name in needed} <= {"libc", "libm", "libdl", "libpthread", loader}
    versions = re.findall(r"GLIBC_(\d+)\.(\d+)", run("readelf", "-VW", library))
    assert max((int(major), int(minor)) for major, minor in versions) <= (2, 28)


@pytest.mark.parametrize("processor", ["x86_64", "aarch64"])
def test_library_shows_the_c_abi_alone(processor, request):
    work = request.getfixturevalue(processor)
    symbols = run("readelf", "--dyn-syms", "-W", work / "build" / "cmake" / "libaotgemm.so").splitlines()
    defined = [line.split()[-1] for line in symbols if re.search(r"\b(GLOBAL|WEAK)\b", line) and " UND " not in line]
    assert defined and all(name.startswith("aotgemm_") for name in defined)


def test_x86_64_library_uses_whole_registers(x86_64):
    assert "%zmm" in run("objdump", "-d", "--no-show-raw-insn", x86_64 / "build" / "cmake" / "libaotgemm.so")

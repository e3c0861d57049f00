"""Builds the fake libcuda of fake_driver.cpp and fake_driver_fp8.cpp, and runs Python on it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import aotgemm

from codegen.compile.toolchain import find_toolchain

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FUNCTION = re.compile(r"^ +X\((\w+), (\w+)\)", re.MULTILINE)


def driver_symbols():
    """Every function that the library looks up, as cpp/dispatch/runtime/driver.hpp lists them."""
    text = (ROOT / "cpp/dispatch/runtime/driver.hpp").read_text()
    return [symbol for _, symbol in FUNCTION.findall(text)]


def build_fake_driver(folder):
    """libcuda.so.1 in the folder; each function counts its calls in an int calls_NAME."""
    text = (HERE / "fake_driver.cpp").read_text()
    plain = [symbol for symbol in driver_symbols() if f"FAKE({symbol})" not in text]
    bodies = "".join(f"FAKE({symbol})() {{ COUNT({symbol}); return 0; }}\n" for symbol in plain)
    source = folder / "fake_driver.cpp"
    source.write_text(f'{text}\nextern "C" {{\n{bodies}}}\n')
    flags = ["-std=c++20", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1"]
    folders = ROOT / "cpp", ROOT / "cpp" / "kernels", Path(find_toolchain("", True, "c++").cuda_h).parent
    flags += [f"-I{folder}" for folder in folders]
    sources = source, HERE / "fake_driver_fp8.cpp"
    subprocess.run(["c++", *flags, *sources, "-o", folder / "libcuda.so.1"], check=True)
    return folder


def run_on_fake(folder, *arguments, stdin=None, capability=9):
    """Standard output of this Python with the fake driver in the place of libcuda.

    capability: the major number of its GPU's.
    """
    paths = {
        "LD_LIBRARY_PATH": str(folder),
        "PYTHONPATH": str(Path(aotgemm.__file__).parents[1]),
        "CUDA_VISIBLE_DEVICES": "0",
        "FAKE_CAPABILITY": str(capability),
    }
    done = subprocess.run(
        [sys.executable, *arguments], env=os.environ | paths, input=stdin, capture_output=True, text=True
    )
    assert done.returncode == 0, (done.returncode, done.stderr)
    return done.stdout

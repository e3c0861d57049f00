"""Compiles programs that hold our device headers against CuTe's, for whatever architecture, and run on the CPU.

CuTe is header-only; the package nvidia-cutlass has it. Its functions for shared-memory and instruction descriptors are
ordinary C++, those of sm_100a too.
"""

import subprocess
from importlib.util import find_spec
from pathlib import Path

from codegen.compile.toolchain import find_toolchain

ROOT = Path(__file__).parents[2]


def cutlass_include():
    """The headers in nvidia-cutlass, which is looked up and not imported: its Python needs more packages."""
    found = find_spec("cutlass_library")
    assert found is not None, "nvidia-cutlass is not installed; `pip install '.[test]'` provides it"
    return Path(found.submodule_search_locations[0]) / "source" / "include"


def build(source, folder, kernels=ROOT / "cpp" / "kernels"):
    """The program of that source, as C++ for the CPU: device functions are plain functions there."""
    cuda = Path(find_toolchain("", True, "c++").cuda_h).parent
    program = folder / source.stem
    theirs = [f"-isystem{path}" for path in (cutlass_include(), cuda, cuda / "cccl")]
    ours = [f"-I{kernels}", f"-I{folder}"]
    # No warnings: attributes like __device__ mean nothing to this compiler. -O1 compiles faster than -O0 here.
    flags = ["-std=c++20", "-O1", "-w", *theirs, *ours, "-o", program]
    subprocess.run(["c++", source, *flags], check=True, timeout=300)
    return program

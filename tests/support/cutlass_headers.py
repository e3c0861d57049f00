"""Compiles programs that hold our device headers against CuTe's, for whatever architecture, and run on the CPU.

CuTe is header-only; the package nvidia-cutlass has it. Its functions for shared-memory and instruction descriptors are
ordinary C++, those of sm_100a too.
"""

import subprocess
from pathlib import Path

from codegen.compile.toolchain import find_toolchain

ROOT = Path(__file__).parents[2]


def run(program, *arguments):
    """Its end, with exit status 0 where nothing differs and 1 where something does."""
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    return done


def check_equal(program, least):
    """The program has compared more than `least` values, and all are CuTe's."""
    done = run(program)
    assert done.returncode == 0, done.stderr
    different, compared = (int(word) for word in done.stderr.split() if word.isdecimal())
    assert different == 0 and compared > least


def check_found(program, bit):
    """With that bit of every descriptor changed, the program says what CuTe has."""
    done = run(program, f"{1 << bit:x}")
    assert done.returncode == 1 and "CuTe has" in done.stderr


def build(source, folder, kernels=ROOT / "cpp" / "kernels"):
    """The program of that source, as C++ for the CPU: device functions are plain functions there."""
    tools = find_toolchain("", True, "c++")
    cuda = Path(tools.cuda_h).parent
    program = folder / source.stem
    theirs = [f"-isystem{path}" for path in (tools.cutlass, cuda, cuda / "cccl")]
    ours = [f"-I{kernels}", f"-I{folder}"]
    # No warnings: attributes like __device__ mean nothing to this compiler. -O1 compiles faster than -O0 here.
    flags = ["-std=c++20", "-O1", "-w", *theirs, *ours, "-o", program]
    subprocess.run(["c++", source, *flags], check=True, timeout=300)
    return program

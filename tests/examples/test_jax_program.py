"""examples/jax is built against the installed package and JAX's headers, and run on the CPU."""

import os
import subprocess
import sys
from pathlib import Path

import aotgemm
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "jax"


def run(*command, **environment):
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_jitted_layer_has_the_bits_of_the_call(tmp_path):
    """JAX is a guest: no requirement of the tests."""
    jax = pytest.importorskip("jax")
    where = [f"-Daotgemm_DIR={Path(aotgemm.__file__).parent / 'cmake'}", f"-DJAX_INCLUDE={jax.ffi.include_dir()}"]
    run("cmake", "-S", EXAMPLE, "-B", tmp_path, *where)
    run("cmake", "--build", tmp_path)
    path = os.pathsep.join(filter(None, sys.path))
    told = run(sys.executable, EXAMPLE / "linear.py", tmp_path / "libaotgemm_jax.so", PYTHONPATH=path)
    assert told == "(64, 256) bfloat16, bits equal: True\n"

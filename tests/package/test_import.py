"""Importing aotgemm loads the library and does nothing else."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import aotgemm

WATCHED = ("numpy", "ml_dtypes", "torch", "rich", "subprocess", "aotgemm.audit", "aotgemm.cli", "aotgemm.selftest")
PROBE = f"""
import json, os, sys, threading
import aotgemm
WATCHED = {WATCHED}
"""
PROBE += """
maps = open("/proc/self/maps").read()
print(json.dumps({
    "modules": sorted(name for name in WATCHED if name in sys.modules),
    "threads": len(os.listdir("/proc/self/task")),
    "libcuda": "libcuda" in maps,
    "libaotgemm": "libaotgemm" in maps,
    "files": os.listdir("."),
}))
"""
SITE = str(Path(aotgemm.__file__).parents[1])


def run_python(code, folder, **environment):
    """In a folder that cannot be written to, with no environment but what is given."""
    folder.chmod(0o555)
    command = [sys.executable, "-B", "-c", code]
    return subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": SITE} | environment, capture_output=True, text=True, check=True
    )


def test_import_does_nothing_else(tmp_path):
    done = run_python(PROBE, tmp_path)
    assert json.loads(done.stdout) == {"modules": [], "threads": 1, "libcuda": False, "libaotgemm": True, "files": []}
    assert done.stderr == ""


def test_enforcing_a_plan_needs_nothing_of_auditing_one():
    """A server imports plan/; audit/, which reads it, is never read by it."""
    plan = Path(aotgemm.__file__).parent / "plan"
    audit = re.compile(r"^\s*(from|import) .*\baudit\b", re.MULTILINE)
    sources = {path.name: path.read_text(encoding="utf-8") for path in plan.glob("*.py")}
    assert "enforcement.py" in sources and [name for name, text in sources.items() if audit.search(text)] == []


def test_a_call_writes_no_file_and_needs_no_environment(tmp_path):
    code = """
import os, sys
sys.path.insert(0, sys.argv[1]) if len(sys.argv) > 1 else None
import numpy, ml_dtypes, aotgemm
q, sf = aotgemm.per_token_cast_to_fp8(numpy.ones((4, 128), numpy.float32), False)
w, sw = aotgemm.per_block_cast_to_fp8(numpy.ones((8, 128), numpy.float32), False)
d = numpy.zeros((4, 8), ml_dtypes.bfloat16)
aotgemm.fp8_gemm_nt((q, sf), (w, sw), d)
print(float(d[0, 0]), os.listdir("."))
"""
    done = run_python(code, tmp_path, PATH="")
    assert done.stdout == "128.0 []\n"
    assert done.stderr == ""


def test_a_fork_after_import_computes(tmp_path):
    code = """
import os, aotgemm, numpy
pid = os.fork()
q, sf = aotgemm.per_token_cast_to_fp8(numpy.ones((300, 1024), numpy.float32), False)
assert (sf == sf[0, 0]).all()
if pid == 0:
    os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    assert run_python(code, tmp_path).stdout == "3\n"


def test_version_is_that_of_the_installed_package():
    assert aotgemm.__version__ == aotgemm._core.version()
    assert os.path.exists(Path(aotgemm.__file__).with_name("libaotgemm.so"))

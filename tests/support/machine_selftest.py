"""`aotgemm selftest --small` on the PTX machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import aotgemm
from aotgemm.problems.operations import OPERATIONS

from codegen.matrix import gemm_specs

OF_HOPPER = sorted({spec.family for spec in gemm_specs() if spec.arch == "sm_90a"})
FAMILIES = tuple(f"sm90_{name}_*" for name in OF_HOPPER)  # a process for each
WITH_OPERATIONS = """
import json, sys
from aotgemm.cli import main
from aotgemm.problems.operations import OPERATIONS
kept = json.loads(sys.argv[1])
for name in list(OPERATIONS):
    if name not in kept:
        del OPERATIONS[name]
sys.exit(main(sys.argv[2:]))
"""


def selftest_on_machine(machine, ptx, folder, schedules="in_turn", patterns=FAMILIES, operations=tuple(OPERATIONS)):
    """Of each process: its JSON document (or what it said), its launches and its findings.

    A process runs the GEMM kernels of its pattern; the last one runs the operations that are no GEMM, too.
    """
    kept = [*[()] * (len(patterns) - 1), operations]
    started = [
        _start(machine, ptx, folder / str(i), schedules, *work)
        for i, work in enumerate(zip(patterns, kept, strict=True))
    ]
    return [_finish(process, folder / str(i)) for i, process in enumerate(started)]


def _start(machine, ptx, folder, schedules, pattern, operations):
    folder.mkdir()
    environment = os.environ | {
        "LD_LIBRARY_PATH": str(machine),
        "PYTHONPATH": str(Path(aotgemm.__file__).parents[1]),
        "CUDA_VISIBLE_DEVICES": "0",
        "AOTGEMM_PTX_FOLDER": str(ptx),
        "AOTGEMM_PTX_SCHEDULES": schedules,
        "AOTGEMM_PTX_FINDINGS": str(folder / "findings"),
        "AOTGEMM_PTX_LAUNCHES": str(folder / "launches"),
    }
    selftest = ["selftest", "--small", "--json", "--kernel", pattern]
    command = [sys.executable, "-c", WITH_OPERATIONS, json.dumps(operations), *selftest]
    pipes = {"stdout": open(folder / "output", "w"), "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, env=environment, **pipes)


def _finish(process, folder):
    process.wait()
    findings, launches = folder / "findings", folder / "launches"
    output = (folder / "output").read_text()
    document = json.loads(output) if process.returncode == 0 else {"failed": output}
    found = findings.read_text().splitlines() if findings.exists() else []
    return document, [json.loads(line) for line in launches.read_text().splitlines()], found

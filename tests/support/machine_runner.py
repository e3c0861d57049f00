"""Runs tasks on the PTX machine, each in a process of its own.

As a script, `machine_runner.py DRIVER TASKS`: imports once, then forks for each task, since a driver is set up by the
environment and keeps what it has loaded.
"""

import ctypes
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import aotgemm


@dataclass(frozen=True)
class Task:
    """A problem of FAMILIES in machine_problems.py, run `runs` times in a row on a machine of so many SMs."""

    family: str
    kernel: str
    m: int
    n: int
    k: int
    ptx: str  # folder
    schedules: str = "in_turn"
    sms: int = 2
    runs: int = 1
    checks: bool = True
    capability: str = "9.0"
    timeline: str = ""  # file


@dataclass(frozen=True)
class Outcome:
    """How many bytes of D are wrong (-1: it was not computed), what was raised, what was found, what was launched."""

    differing: int
    error: str
    findings: list
    launches: list

    def kinds(self):
        return {finding["kind"] for finding in self.findings}


def run_tasks(machine, tasks, processes=2):
    """The outcome of each task, on the machine of the folder `machine`."""
    shares = [tasks[i::processes] for i in range(processes)]
    running = [_start(machine, share) for share in shares]
    outcomes = [None] * len(tasks)
    for i, process in enumerate(running):
        output, errors = process.communicate()
        assert process.returncode == 0, errors
        outcomes[i::processes] = [Outcome(**json.loads(line)) for line in output.splitlines()]
    return outcomes


def check_equal(tasks, outcomes):
    """All D are right, nothing was raised and nothing was found; otherwise names which problems were not so."""
    wrong = {
        (task.kernel, task.m, task.n, task.k): (outcome.differing, outcome.error, outcome.findings)
        for task, outcome in zip(tasks, outcomes, strict=True)
        if outcome.differing != 0 or outcome.error or outcome.findings
    }
    assert wrong == {}


def _start(machine, tasks):
    paths = [str(Path(aotgemm.__file__).parents[1]), str(Path(__file__).parent)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "CUDA_VISIBLE_DEVICES": "0"}
    command = [sys.executable, __file__, str(machine / "libcuda.so.1"), json.dumps([asdict(task) for task in tasks])]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _run(driver, task, folder):
    import numpy as np
    from aotgemm import _core
    from machine_problems import FAMILIES

    findings, launches = folder / "findings", folder / "launches"
    os.environ |= {
        "AOTGEMM_PTX_FOLDER": task.ptx,
        "AOTGEMM_PTX_SCHEDULES": task.schedules,
        "AOTGEMM_PTX_SMS": str(task.sms),
        "AOTGEMM_PTX_CAPABILITY": task.capability,
        "AOTGEMM_PTX_CHECKS": str(int(task.checks)),
        "AOTGEMM_PTX_TIMELINE": task.timeline,
        "AOTGEMM_PTX_FINDINGS": str(findings),
        "AOTGEMM_PTX_LAUNCHES": str(launches),
    }
    ctypes.CDLL(driver, ctypes.RTLD_GLOBAL)  # what the library then opens by its name
    problem = FAMILIES[task.family](task.kernel, task.m, task.n, task.k, np.random.default_rng(0))
    error, differing = "", -1
    _core.set_pdl(True)
    try:
        for _ in range(task.runs):
            problem.run()
        differing = problem.differing()
    except aotgemm.Error as raised:
        error = str(raised)
    return Outcome(differing, error, _lines(findings), _lines(launches))


def _fork(driver, task):
    """A line of JSON: the outcome, computed by a child."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "outcome"
        child = os.fork()
        if child == 0:
            out.write_text(json.dumps(asdict(_run(driver, task, Path(folder)))))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        crashed = Outcome(-1, f"the process ended with status {status}", _lines(Path(folder) / "findings"), [])
        return out.read_text() if out.exists() else json.dumps(asdict(crashed))


def main(driver, tasks):
    import machine_problems  # noqa: F401  imported before the forks

    for task in json.loads(tasks):
        print(_fork(driver, Task(**task)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

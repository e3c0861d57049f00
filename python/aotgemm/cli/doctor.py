"""`aotgemm doctor`: what works on this machine."""

import argparse
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
from pathlib import Path
from typing import Any

from .. import __version__, _core
from ..errors import Error
from ..ops.fp8_gemm import fp8_gemm_nt
from ..plan.enforcement import MODES
from ..problems.backends import CpuBackend, CudaBackend
from .output import add_command, print_facts, print_json, print_table

EXAMPLES = """\
examples:
  aotgemm doctor            a report to read, or to add to a bug report
  aotgemm doctor --json | jq .works
  aotgemm doctor --line     one line, for a health probe or the log of a boot

A small GEMM runs on the CPU and on every CUDA device. Exit status: 0 if all were right, 1 if one failed.
"""
M, N, K = 4, 8, 16
FRAMEWORKS = ("numpy", "ml_dtypes", "torch", "cupy", "jax")


def add_parser(subparsers: Any) -> None:
    about = "Report what works on this machine, and what does not and why."
    parser = add_command(subparsers, "doctor", about, EXAMPLES, run)
    parser.add_argument("--line", action="store_true", help="one line of words like name=value")


def _framework(name: str) -> str:
    """Its version, or that it is absent; finding out does not import it."""
    if importlib.util.find_spec(name) is None:
        return "not installed"
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "importable, version unknown"


def _problem(backend: CpuBackend | CudaBackend) -> str:
    """What goes wrong in a GEMM of ones on that backend; nothing if it is right."""
    import ml_dtypes
    import numpy

    def ones(shape: tuple[int, int], dtype: Any) -> Any:
        return backend.put(numpy.ones(shape, dtype))

    d = ones((M, N), ml_dtypes.bfloat16)
    a, b = (ones((rows, K), ml_dtypes.float8_e4m3fn) for rows in (M, N))
    try:
        fp8_gemm_nt((a, ones((M, 1), numpy.float32)), (b, ones((1, 1), numpy.float32)), d)
    except Error as error:
        return str(error)
    return "" if (backend.get(d) == K).all() else f"a GEMM of ones gives {backend.get(d)[0, 0]} instead of {K}"


def _device(ordinal: int) -> dict[str, Any]:
    """A CUDA device and whether this build computes on it."""
    try:
        backend = CudaBackend(ordinal)
    except Error as error:
        return {"ordinal": ordinal, "name": "unknown", "problem": str(error)}
    return backend.device | {"ordinal": ordinal, "problem": _problem(backend)}


def _report() -> dict[str, Any]:
    archs = sorted({cubin["arch"] for cubin in _core.cubins()})
    devices = [_device(ordinal) for ordinal in range(_core.cuda_device_count())]
    driver, cpu_problem = _core.cuda_driver_version(), _problem(CpuBackend())
    return {
        "version": __version__,
        "library": str(Path(_core.__file__).parent / "libaotgemm.so"),
        "python": f"{platform.python_version()} on {platform.platform()}",
        "architectures": archs,
        "kernels": len(_core.cubins()),
        "cpu_threads": len(os.sched_getaffinity(0)),
        "driver": f"CUDA {driver // 1000}.{driver % 1000 // 10}" if driver else "none",
        "no_cuda_because": _core.cuda_unavailable_reason(),
        "devices": devices,
        "frameworks": {name: _framework(name) for name in FRAMEWORKS},
        "cpu_problem": cpu_problem,
        "works": {"cpu": not cpu_problem, "cuda": [d["ordinal"] for d in devices if not d["problem"]]},
    }


def _verdict(report: dict[str, Any]) -> str:
    cpu = "the CPU backend " + (f"fails: {report['cpu_problem']}" if report["cpu_problem"] else "works")
    if not report["devices"]:
        return f"{cpu}; no CUDA device: {report['no_cuda_because']}"
    bad = [f"CUDA device {d['ordinal']} fails: {d['problem']}" for d in report["devices"] if d["problem"]]
    return "; ".join([cpu, *(bad or ["every CUDA device works"])])


def _print(report: dict[str, Any]) -> None:
    facts = {key: report[key] for key in ("version", "python", "library", "driver", "kernels", "cpu_threads")}
    print_facts(facts | {"built for": ", ".join(report["architectures"])} | report["frameworks"])
    if report["devices"]:
        columns = ("ordinal", "name", "problem")
        print_table(columns, [[device[key] for key in columns] for device in report["devices"]], "CUDA devices")
    print_facts({"verdict": _verdict(report)})


def _line(report: dict[str, Any]) -> str:
    """Names and values without blanks."""
    library = Path(report["library"]).read_bytes()
    devices = ";".join(
        f"{d['ordinal']}:{d['name'].replace(' ', '_')}:{'fails' if d['problem'] else 'works'}"
        for d in report["devices"]
    )
    words = {
        "version": report["version"],
        "library": hashlib.sha256(library).hexdigest(),
        "kernels": report["kernels"],
        "cpu": "fails" if report["cpu_problem"] else "works",
        "devices": devices or "none",
        "driver": report["driver"].replace(" ", "_"),
        "plan": ("off", *MODES)[_core.plan_mode()],
        "torch": report["frameworks"]["torch"].replace(" ", "_"),
    }
    return " ".join(["aotgemm", *(f"{name}={value}" for name, value in words.items())])


def run(arguments: argparse.Namespace) -> int:
    report = _report()
    if arguments.line and not arguments.json:
        print(_line(report))
    else:
        print_json(report) if arguments.json else _print(report)
    return 1 if report["cpu_problem"] or any(device["problem"] for device in report["devices"]) else 0

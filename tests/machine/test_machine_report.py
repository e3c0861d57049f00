"""`aotgemm selftest --report` on the machine, and what replaying its file says."""

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import aotgemm
import pytest
from aotgemm import _core
from aotgemm.cli import main
from aotgemm.problems.kinds import FAMILIES

RECORD = """
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from aotgemm import _core
from aotgemm.problems.backends import CudaBackend
from aotgemm.selftest.evidence.instructions import instruction_kernels
from aotgemm.selftest.evidence.run import begin_report
from rich.progress import Progress
kernels = [spec for spec in _core.specs() if any(fnmatchcase(spec["name"], pattern) for pattern in sys.argv[2:])]
kernels += [kernel for pattern in sys.argv[2:] for kernel in instruction_kernels("sm_100a", pattern)]
begin_report(Path(sys.argv[1]), CudaBackend(), kernels, 1, False, Progress(disable=True))
"""
# By compute capability: a few kernels of each family, one CTA and two, normal and swapped.
KERNELS = {
    "9.0": ("sm90_bf16_gemm_dense_nt_fp32_64x64x*c1x1", "sm90_fp8_gemm_1d1d_dense_nt_fp32_64x64x*"),
    "10.0": (
        "sm100_bf16_gemm_dense_nt_fp32_128x256x*",
        "sm100_bf16_gemm_dense_nt_fp32_swap_16x*",
        "sm100_fp8_fp4_gemm_dense_nt_fp32_128x192x*",
        "sm100_fp8_fp4_gemm_dense_nt_fp32_swap_16x*",
        "sm100_tcgen05_mma",
    ),
}


@cache
def recorded_text(machine, ptx, capability):
    """The report of these kernels as text, and what the machine's checker found."""
    with tempfile.TemporaryDirectory() as folder:
        return _recorded(machine, ptx, Path(folder) / "report.json", capability)


def _recorded(machine, ptx, path, capability):
    findings = path.with_name("findings")
    environment = os.environ | {
        "LD_LIBRARY_PATH": str(machine),
        "PYTHONPATH": str(Path(aotgemm.__file__).parents[1]),
        "CUDA_VISIBLE_DEVICES": "0",
        "AOTGEMM_PTX_FOLDER": str(ptx),
        "AOTGEMM_PTX_CAPABILITY": capability,
        "AOTGEMM_PTX_FINDINGS": str(findings),
    }
    command = [sys.executable, "-c", RECORD, str(path), *KERNELS[capability]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return path.read_text(), findings.read_text() if findings.exists() else ""


@pytest.mark.parametrize("capability", KERNELS)
def test_a_report_of_the_machine_holds(machine, ptx, tmp_path, capsys, capability):
    path = tmp_path / "report.json"
    text, findings = recorded_text(machine, ptx, capability)
    path.write_text(text)
    report = json.loads(text)
    assert findings == ""
    assert report["errors"] == {} and report["device"]["cc_major"] == int(capability.split(".")[0])
    cases = [case for one in report["assumptions"] for case in one["cases"]]
    ran = {name for case in cases for outcome in case["results"] for name in outcome["kernels"]}
    drawn = {spec["name"] for spec in _core.specs() if spec["family"] in FAMILIES}
    assert {one["kernel"] for one in report["digests"]["kernels"]} == ran & drawn != set()
    assert all(name.startswith(f"sm{capability.replace('.', '')}_") for name in ran)
    status = main(["replay", str(path), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert [one["told"] for one in answer["assumptions"] if not one["holds"]] == []
    assert (status, answer["differing_kernels"]) == (0, [])


def test_a_digest_that_differs_is_noticed(machine, ptx, tmp_path, capsys):
    """As a kernel leaves it that computes otherwise."""
    path = tmp_path / "report.json"
    report = json.loads(recorded_text(machine, ptx, "9.0")[0])
    report["digests"]["kernels"][0]["sha256"] = "0" * 64
    path.write_text(json.dumps(report))
    assert main(["replay", str(path), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["differing_kernels"] == [report["digests"]["kernels"][0]["kernel"]]
    assert all(one["holds"] for one in answer["assumptions"])

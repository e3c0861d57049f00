"""The determinism self-test: it passes here, and it finds what is not determined."""

import json

import cli_schemas
import jsonschema
import numpy as np
import pytest
from aotgemm import _core
from aotgemm.cli import main
from aotgemm.problems.backends import CpuBackend
from aotgemm.selftest.determinism import calls, checks, runs
from aotgemm.selftest.determinism.kinds import Kind, Limits, Size, kinds_of, random_size
from aotgemm.selftest.determinism.ways import Way, Ways

KINDS = sorted({kind for spec in _core.specs() for kind in kinds_of(spec)}, key=str)
DENSE = Kind("fp8_gemm_1d2d", "dense", "nt", "bf16")


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)


def run(capsys):
    status = main(["selftest", "--determinism", "--json"])
    report = json.loads(capsys.readouterr().out)
    jsonschema.validate(report, cli_schemas.SELFTEST)
    return status, report


def test_the_cpu_backend_is_determined(capsys):
    status, report = run(capsys)
    assert status == 0 and report["differing"] == 0
    names = {tally["name"]: tally["cases"] for tally in report["tallies"]}
    assert sum(cases for name, cases in names.items() if name.startswith("random pairs")) == runs.CPU_PAIRS
    assert {name.removeprefix("repeated: ") for name in names if name.startswith("repeated")} == set(map(str, KINDS))
    dense = {str(kind) for kind in KINDS if kind.grouping == "dense"}
    assert {name.removeprefix("rows in other company: ") for name in names if "company" in name} == dense


def spoiled(monkeypatch, when):
    """One bit of D wrong whenever `when(problem, arguments)` says so."""
    right = calls.launch

    def wrong(problem, kernel=-1, threads=0, stream=None):
        right(problem, kernel, threads, stream)
        if when(problem, threads):
            problem.d.view(np.uint8).reshape(-1)[-1] ^= 1

    monkeypatch.setattr(checks, "launch", wrong)


@pytest.mark.parametrize(
    ("when", "found"),
    [
        (lambda problem, threads: threads == 3, ("repeated", "random pairs")),
        (lambda problem, threads: problem.kind == DENSE and problem.size.counts == (16,), ("rows in other company",)),
    ],
)
def test_a_wrong_bit_is_found(capsys, monkeypatch, when, found):
    spoiled(monkeypatch, when)
    status, report = run(capsys)
    assert status == 1
    wrong = {tally["name"].split(":")[0] for tally in report["tallies"] if tally["differing"]}
    assert set(found) <= wrong and "bytes differ" in report["failures"][0]


def test_what_is_not_written_is_found():
    problem = calls.make_problem(np.random.default_rng(0), DENSE, Size((3,), 16, 32), CpuBackend())
    outputs = []
    for byte in calls.POISONS:
        calls.poison(problem, byte)
        outputs.append(calls.read(problem))
    assert calls.differing(*outputs) == "96 of 96 bytes differ"


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_kind_of_call_is_made(kind):
    """With D written wherever a row has a group."""
    random = np.random.default_rng(7)
    for _ in range(5):
        problem = calls.make_problem(random, kind, random_size(random, kind, Limits(20, 48, 160, 3, 140)), CpuBackend())
        calls.poison(problem, calls.POISONS[0])
        calls.launch(problem)
        first = calls.read(problem)
        calls.poison(problem, checks._second_poison(problem))
        calls.launch(problem)
        assert calls.differing(calls.read(problem), first) == ""
        assert not (first == calls.POISONS[0]).all()


def test_calls_that_dense_kernels_run_too_are_among_them():
    calls_made = {(kind.family, kind.grouping) for kind in KINDS}
    assert {
        ("fp8_gemm_1d2d", "skip_head_mid"),
        ("fp8_gemm_1d1d", "k_grouped"),
        ("bf16_gemm", "k_grouped"),
    } <= calls_made
    arch = [spec for spec in _core.specs() if spec["arch"] == "sm_90a"]
    subjects = checks.gpu_subjects(arch)
    assert {subject.kernel for subject in subjects} == {spec["kernel"] for spec in arch}
    assert {subject.kind for subject in subjects} == set(KINDS)


def test_the_number_of_sms_is_restored():
    ways = Ways(CpuBackend(), np.random.default_rng(0))
    with pytest.raises(RuntimeError), ways.taken(Way(num_sms=9, loaded=True)):
        assert _core.get_num_sms() == 9
        raise RuntimeError
    assert _core.get_num_sms() == 0

"""The determinism self-test: it passes here, and it finds what is not determined."""

import json

import cli_schemas
import jsonschema
import numpy as np
import pytest
from aotgemm import _core
from aotgemm.cli import main
from aotgemm.problems.backends import CpuBackend
from aotgemm.problems.call import call
from aotgemm.problems.kinds import KINDS, kernels_of
from aotgemm.problems.operations import OPERATIONS
from aotgemm.problems.sizes import Limits, Size, random_size
from aotgemm.selftest.determinism import checks, runs
from aotgemm.selftest.determinism.variants import LaunchVariant, LaunchVariants

EACH_KIND = list(KINDS.values())
DENSE = KINDS["fp8_gemm_1d2d"]


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
    assert {name.removeprefix("repeated: ") for name in names if name.startswith("repeated")} == set(
        map(str, [*EACH_KIND, *OPERATIONS])
    )
    dense = {str(kind) for kind in EACH_KIND if kind.grouping == "dense"}
    by_row = {name for name, operation in OPERATIONS.items() if operation.rows}
    assert {name.removeprefix("batch invariance: ") for name in names if "invariance" in name} == dense | by_row


def spoiled(monkeypatch, when):
    """One bit of D wrong whenever `when(problem, arguments)` says so."""

    def wrong(problem, kernel=-1, threads=0, stream=None):
        call(problem, kernel, threads, stream)
        if when(problem, threads):
            problem.guard.inside(problem.memory.view(problem.guard.element))[-1, -1] ^= 1

    monkeypatch.setattr(checks, "call", wrong)


@pytest.mark.parametrize(
    ("when", "found"),
    [
        (lambda problem, threads: threads == 3, ("repeated", "random pairs")),
        (lambda problem, threads: problem.kind == DENSE and problem.size.m == 16, ("batch invariance",)),
    ],
)
def test_a_wrong_bit_is_found(capsys, monkeypatch, when, found):
    spoiled(monkeypatch, when)
    status, report = run(capsys)
    assert status == 1
    wrong = {tally["name"].split(":")[0] for tally in report["tallies"] if tally["differing"]}
    assert set(found) <= wrong and "bytes differ" in report["failures"][0]


def problem_for(kind, size, seed=0):
    return checks.problem_for(kind, size, CpuBackend(), np.random.default_rng(seed))


def test_what_is_not_written_is_found():
    problem = problem_for(DENSE, Size(3, 16, 32))
    outputs = []
    for byte in checks.POISONS:
        problem.reset(byte)
        outputs.append(problem.output())
    assert checks.differing(*outputs) == "96 of 96 bytes differ"


@pytest.mark.parametrize("kind", EACH_KIND, ids=str)
def test_every_kind_of_call_is_made(kind):
    """With D written wherever a row has a group."""
    random, variants = np.random.default_rng(7), LaunchVariants(CpuBackend(), np.random.default_rng(0))
    for seed in range(5):
        problem = problem_for(kind, random_size(random, kind, Limits(20, 48, 160, 3, 140)), seed)
        first = checks.run_in(problem, checks.POISONS[0], -1, variants)
        again = checks.run_in(problem, checks.second_poison(problem), -1, variants)
        assert checks.differing(again, first) == ""
        assert not (first.view(np.uint8) == checks.POISONS[0]).all()


@pytest.mark.parametrize("arch", ("sm_90a", "sm_100a"))
def test_every_kernel_is_a_subject_of_every_call_it_can_run(arch):
    specs = [spec for spec in _core.specs() if spec["arch"] == arch]
    subjects = checks.gpu_subjects(specs)
    assert set(subjects) == {kind for kind in EACH_KIND if kernels_of(kind, specs)} != set()
    for kind, of_kind in subjects.items():
        assert [subject.kernel for subject in of_kind] == [spec["kernel"] for spec in kernels_of(kind, specs)]
    assert {subject.kernel for of_kind in subjects.values() for subject in of_kind} == {s["kernel"] for s in specs}


def test_as_many_cases_as_announced_and_no_fewer_than_ever():
    """Of each kernel in each call that it can run 24 variants, of dense ones 4 orders of rows, and the pairs."""
    arch = [spec for spec in _core.specs() if spec["arch"] == "sm_90a"]
    subjects = checks.gpu_subjects(arch)
    pairs = sum(len(kernels_of(kind, arch)) for kind in EACH_KIND)
    dense = sum(spec["grouping"] == "dense" for spec in arch)
    total = runs.count_cases(subjects, 24, runs.PAIRS)
    assert total == 24 * pairs + 4 * dense + 10_000
    if len(arch) == 260:  # docs/determinism.md: 17,968, before BF16 sums over batches came to it
        assert total == 17_968 + 24 * len(kernels_of(KINDS["bf16_gemm_batch_reduced"], arch))


def test_the_number_of_sms_is_restored():
    variants = LaunchVariants(CpuBackend(), np.random.default_rng(0))
    with pytest.raises(RuntimeError), variants.applied(LaunchVariant(num_sms=9, loaded=True)):
        assert _core.get_num_sms() == 9
        raise RuntimeError
    assert _core.get_num_sms() == 0

"""Reports of a self-test, and what replaying them says. Here the CPU backend stands for a GPU."""

import copy
import json

import numpy as np
import pytest
from aotgemm.cli import main
from aotgemm.problems.backends import CpuBackend
from aotgemm.problems.kinds import FAMILIES
from aotgemm.selftest.evidence.assumptions import ASSUMPTIONS
from aotgemm.selftest.evidence.case import Case, decoded, encoded, result
from aotgemm.selftest.evidence.document import FORMAT
from aotgemm.selftest.evidence.run import begin_report
from rich.progress import Progress

EVERY = {one.name: one for one in ASSUMPTIONS}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.json"
    begin_report(path, CpuBackend(), [], 3, True, Progress(disable=True))
    return json.loads(path.read_text())


def replay(capsys, tmp_path, content):
    """Exit status and answer."""
    path = tmp_path / "report.json"
    path.write_text(json.dumps(content))
    status = main(["replay", str(path), "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_what_the_cpu_backend_recorded_holds(report, capsys, tmp_path):
    status, answer = replay(capsys, tmp_path, report)
    assert status == 0 and answer["ok"]
    assert {one["name"] for one in answer["assumptions"]} == EVERY.keys()
    assert all(one["cases"] > 0 and one["elements"] >= 576 * one["cases"] for one in answer["assumptions"])


@pytest.mark.parametrize("name", EVERY)
def test_one_wrong_bit_fails_its_assumption_alone(report, capsys, tmp_path, name):
    wrong = copy.deepcopy(report)
    assumption = next(one for one in wrong["assumptions"] if one["name"] == name)
    outcome = assumption["cases"][-1]["results"][0]["outcome"]
    d = decoded(outcome["d"]).copy()
    d[5, 7] ^= 1
    outcome["d"] = encoded(d)
    status, answer = replay(capsys, tmp_path, wrong)
    assert status == 1
    assert [one["name"] for one in answer["assumptions"] if not one["holds"]] == [name]
    (told,) = next(one["told"] for one in answer["assumptions"] if one["name"] == name)
    assert f"case {len(assumption['cases']) - 1}, D[5, 7]: 0x{d[5, 7]:0{2 * d.itemsize}X}" in told


def rounded_once(case):
    """D as it were if sums were exact and rounded once."""
    a, b = (operand.astype(np.float64) for operand in (case.a, case.b))
    return (a @ b.T).astype(np.float32)


@pytest.mark.parametrize(
    "name", ["bf16 step", "bf16 chain", "bf16 cancelling", "bf16 subnormal", "fp8 step", "fp8 chain"]
)
def test_cases_are_such_that_exact_sums_would_fail(name):
    cases = EVERY[name].draw(np.random.default_rng(5))
    assert any((result(case, CpuBackend()).view(np.float32) != rounded_once(case)).any() for case in cases)


def test_a_call_that_failed_is_no_evidence(report, capsys, tmp_path):
    wrong = copy.deepcopy(report)
    wrong["assumptions"][0]["cases"][0]["results"] = [{"kernels": ["sm90_x"], "outcome": {"error": "CudaError: gone"}}]
    status, answer = replay(capsys, tmp_path, wrong)
    assert status == 1 and answer["assumptions"][0]["failed"] == 1
    assert answer["assumptions"][0]["told"] == ["case 0: CudaError: gone with sm90_x"]


def test_what_no_kernel_was_asked_is_no_failure(report, capsys, tmp_path):
    """As `selftest --kernel` leaves it, unless it leaves nothing."""
    partly, wholly = copy.deepcopy(report), copy.deepcopy(report)
    for content, left_out in ((partly, report["assumptions"][1:]), (wholly, report["assumptions"])):
        for one in content["assumptions"]:
            for case in one["cases"] if one in left_out else ():
                case["results"] = []
    status, answer = replay(capsys, tmp_path, partly)
    assert status == 0 and [one["ran"] for one in answer["assumptions"]].count(True) == 1
    status, answer = replay(capsys, tmp_path, wholly)
    assert status == 1 and not answer["ok"]
    path = tmp_path / "report.json"
    path.write_text(json.dumps(partly))
    assert main(["replay", str(path)]) == 0
    count = len(report["assumptions"])
    assert f"{count}, of which 0 fail, {count - 1} were not run" in capsys.readouterr().out


def test_a_report_without_cases_proves_nothing(report, capsys, tmp_path):
    status, answer = replay(capsys, tmp_path, report | {"assumptions": []})
    assert status == 1 and not answer["ok"]


def test_times_stand_beside_predicted_ones(report, capsys, tmp_path):
    row = {"kind": "bf16_gemm", "m": 1, "n": 8, "k": 16, "kernel": "sm100_x", "us": 9.0, "predicted_us": 6.0}
    status, answer = replay(capsys, tmp_path, report | {"times": [row]})
    assert status == 0 and answer["times"] == [row | {"ratio": 1.5}]


BROKEN = {
    "not JSON": lambda content: "{",
    "another format": lambda content: json.dumps(content | {"format": "x"}),
    "no cases": lambda content: json.dumps(content | {"assumptions": [{"name": "x", "words": "y"}]}),
    "an odd digit": lambda content: json.dumps(content).replace('"hex": "', '"hex": "0', 1),
    "another shape": lambda content: json.dumps(content).replace('"shape": [24, 24]', '"shape": [12, 48]', 1),
    "an unknown dtype": lambda content: json.dumps(content).replace('"bfloat16"', '"bfloat17"', 1),
    "an unknown kind": lambda content: json.dumps(
        content | {"digests": {"seed": 0, "kernels": [{"kernel": "k", "kind": "none", "sha256": ""}]}}
    ),
    "no errors": lambda content: json.dumps({name: value for name, value in content.items() if name != "errors"}),
    "times that are words": lambda content: json.dumps(content | {"times": "abc"}),
    "a list": lambda content: "[]",
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_another_file_is_refused_in_one_line(report, capsys, tmp_path, change):
    path = tmp_path / "report.json"
    path.write_text(change(report))
    assert main(["replay", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("aotgemm: ") and str(path) in error and error.count("\n") == 1


def test_a_report_that_was_cut_off_says_so(report, capsys, tmp_path):
    """After the first part, as a run leaves it that hung in the second."""
    status, answer = replay(capsys, tmp_path, {k: v for k, v in report.items() if k not in ("digests", "selftest")})
    assert (status, answer["kernels"]) == (0, 0)
    status, _ = replay(capsys, tmp_path, report | {"errors": {"digests": "CudaError: gone"}})
    assert status == 1


def test_the_format_is_stated(report):
    assert report["format"] == FORMAT and report["device"] == {"name": "CPU"} and report["digests"]["kernels"] == []


def test_every_family_of_gemms_has_assumptions(report):
    """fp8_gemm_1d2d adds what fp8_gemm_1d1d does, with other scales, and so do FP4 weights in words once decoded."""
    of_cases = {case["family"] for one in report["assumptions"] for case in one["cases"]}
    assert FAMILIES.keys() - of_cases <= {"fp8_gemm_1d2d", "fp8_fp4_gemm_1d1d"}


def cut(value, exponent):
    """To 25 bits below 2^exponent, toward zero."""
    return np.trunc(np.ldexp(value, 25 - exponent)) * np.ldexp(1.0, exponent - 25)


def test_the_case_of_a_half_tells_its_two_exponents_apart():
    """0.5 as 0.1b * 2^0, as the CPU backend has it, and as 1b * 2^-1, which would leave sums one more bit."""
    (case,) = EVERY["fp8_fp4 fp4 half"].draw(np.random.default_rng(7))
    without = case.b.copy()
    without[:, 32:] = 0
    first = result(Case(**vars(case) | {"b": without}), CpuBackend()).view(np.float32).astype(np.float64)
    product = np.ldexp(0.5, case.sfb.view(np.uint8).reshape(len(case.b), -1)[:, 1].astype(int) - 127)
    wanted = {}
    for name, of_half in (("0.1b", 0), ("1b", -1)):
        of_product = np.frexp(product)[1] - (0 if of_half else -1) - 1
        largest = np.maximum(np.broadcast_to(of_product, first.shape), np.frexp(first)[1] - 1)
        wanted[name] = (cut(first, largest) + cut(np.broadcast_to(product, first.shape), largest)).astype(np.float32)
    found = result(case, CpuBackend()).view(np.float32)
    assert (found == wanted["0.1b"]).mean() > 0.9 and (wanted["1b"] != found).any()


def of_instructions(name, **changes):
    """Bits of the first case of an assumption about single instructions, and of the case with these changes."""
    case = EVERY[f"tcgen05 {name}"].draw(np.random.default_rng(7))[0]
    changed = {field: change(case) if callable(change) else change for field, change in changes.items()}
    return result(case, CpuBackend()), result(Case(**vars(case) | changed), CpuBackend())


@pytest.mark.parametrize("kind", ["mxf4", "mxf4nvf4"])
def test_groups_of_zeros_are_told_from_none_by_their_scales(kind):
    def with_the_first(case):
        return np.ascontiguousarray(np.broadcast_to(case.sfa[:, :1], case.sfa.shape))

    found, other = of_instructions(f"{kind} zeros", sfa=with_the_first)
    assert (found != other).mean() > 0.1


def test_mxf4_is_told_from_two_steps_of_mxf8f6f4():
    cases = EVERY["tcgen05 mxf4"].draw(np.random.default_rng(7))
    others = [Case(**vars(case) | {"instruction": ("mxf8f6f4", "e2m1", "e2m1")}) for case in cases]
    assert any((result(a, CpuBackend()) != result(b, CpuBackend())).any() for a, b in zip(cases, others, strict=True))


@pytest.mark.parametrize("name", ["bf16", "fp16", "tf32", "f8f6f4", "mxf8f6f4", "mxf4", "mxf4nvf4"])
def test_sums_are_cut_and_so_are_those_they_begin_from(name):
    """Another C changes bits by more than itself: what is added is cut below it."""
    cases = [case for case in EVERY[f"tcgen05 {name}"].draw(np.random.default_rng(7)) if np.any(case.c)]
    without = [Case(**vars(case) | {"c": np.zeros_like(case.c)}) for case in cases]
    exact = [result(case, CpuBackend()).view(np.float32).astype(np.float64) + c.c for case, c in zip(without, cases)]
    found = [result(case, CpuBackend()).view(np.float32) for case in cases]
    assert any((one.astype(np.float32) != other).any() for one, other in zip(exact, found, strict=True))


def test_zeros_under_large_scales_would_take_the_sum():
    (case,) = EVERY["fp8_fp4 zero under scales"].draw(np.random.default_rng(7))
    assert np.count_nonzero(result(case, CpuBackend())) > 500

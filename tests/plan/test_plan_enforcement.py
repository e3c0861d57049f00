"""A loaded plan: what it lets pass, what it refuses, and how it is loaded."""

import inspect
import os
import shutil
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import aotgemm
import pytest
from aotgemm import _core
from aotgemm.audit.calls import Call
from aotgemm.audit.library import loaded_library, read_library
from aotgemm.audit.plan import make_plan
from aotgemm.audit.sources import calls_of_trace
from aotgemm.plan.document import canonical_text, sealed
from plans import SOURCE, gemm_on_cpu, in_force, small_plan, write_plan

H100 = _core.named_device("h100")
KIND = ("fp8_gemm_1d2d", "dense", "nt", "bf16", 1)


@pytest.fixture(autouse=True)
def no_plan_before_or_after():
    yield
    aotgemm.unload_plan()
    _core.forget_recorded_calls()


@pytest.fixture
def plan_file(tmp_path):
    return write_plan(tmp_path, small_plan())


def check(m, n=64, k=128, num_sms=0, device=H100, kernel=None, kind=KIND):
    """What a launch on `device` checks; kernel None: the one that the selection chooses."""
    if kernel is None:
        kernel = _core.select("fp8_gemm_1d2d", m, n, k, num_sms, H100, 1)[0]["kernel"]
    _core.plan_check(*kind, m, n, k, num_sms, device, kernel)


def test_without_a_plan_every_call_passes():
    check(12345, 8, 16)
    assert gemm_on_cpu(3)[0, 0] == 128


def test_strict_lets_the_planned_calls_pass(plan_file):
    with in_force(plan_file, "strict"):
        for m in range(1, 65):
            check(m)
            check(m, 512, 256, num_sms=132)
        assert gemm_on_cpu(64)[63, 63] == 128


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (dict(m=65), r"M = 65, N = 64, K = 128, 1 groups on 132 SMs is not in the plan, which has M = 1 to 64"),
        (dict(m=1, n=72), r"N = 72, K = 128, 1 groups on 132 SMs is not in the plan$"),
        (dict(m=1, k=144), "K = 144"),
        (dict(m=1, num_sms=100), "on 100 SMs is not in the plan"),
        (dict(m=1, device=_core.named_device("h20")), r"is on h20 \(9.0, 78 SMs\), the plan is for 9.0 with 132 SMs"),
        (dict(m=1, kernel=-1, kind=("bf16_gemm", "dense", "nt", "bf16", 1)), "the call bf16_gemm dense nt bf16"),
        (
            dict(m=1, kernel=-1, kind=("fp8_gemm_1d2d", "dense", "nt", "bf16", 2)),
            "2 groups on 132 SMs is not in the plan",
        ),
    ],
)
def test_strict_refuses_what_is_not_in_the_plan(plan_file, call, message):
    with in_force(plan_file, "strict"), pytest.raises(aotgemm.PlanError, match=message):
        check(**call)


def test_strict_refuses_another_kernel_than_the_planned(plan_file):
    planned, other = (choice["kernel"] for choice in _core.select("fp8_gemm_1d2d", 7, 64, 128, 0, H100, 2))
    names = [spec["name"] for spec in _core.specs()]
    with in_force(plan_file, "strict"):
        check(7, kernel=planned)
        with pytest.raises(aotgemm.PlanError, match=f"runs {names[other]}, the plan has {names[planned]} for M = "):
            check(7, kernel=other)


def test_strict_refuses_a_cpu_call_before_anything_is_written(plan_file):
    with (
        in_force(plan_file, "strict"),
        pytest.raises(aotgemm.PlanError, match="M = 65, N = 64, K = 128, 1 groups is not"),
    ):
        gemm_on_cpu(65)


def test_rows_of_part_of_the_sms(tmp_path):
    path = write_plan(tmp_path, small_plan(num_sms=(78, 132)))
    with in_force(path, "strict"):
        check(5, num_sms=78)
        check(5, num_sms=1000)  # more than there are: all of them
        assert gemm_on_cpu(5)[0, 0] == 128
        with pytest.raises(aotgemm.PlanError, match="on 77 SMs"):
            check(5, num_sms=77)


def test_warn_warns_once_for_a_shape(plan_file):
    with in_force(plan_file, "warn"):
        with pytest.warns(aotgemm.PlanWarning, match="plan: the call") as caught:
            assert gemm_on_cpu(65)[0, 0] == 128
            gemm_on_cpu(66)
            gemm_on_cpu(1, 72)
        assert [str(warning.message).split("K =")[0] for warning in caught] == [
            "plan: the call fp8_gemm_1d2d dense nt bf16, M = 65, N = 64, ",
            "plan: the call fp8_gemm_1d2d dense nt bf16, M = 1, N = 72, ",
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            gemm_on_cpu(64)


def test_a_warning_points_at_the_line_of_the_user(plan_file):
    import aotgemm.torch  # noqa: F401  # the operators of torch.ops.aotgemm
    import torch

    a, b, d = (torch.ones(shape, dtype=torch.bfloat16) for shape in ((3, 16), (8, 16), (3, 8)))
    with in_force(plan_file, "warn"), pytest.warns(aotgemm.PlanWarning) as caught:
        aotgemm.bf16_gemm_nt(a, b, d)
        torch.ops.aotgemm.bf16_gemm_nt(a[:, :8], b[:, :8], d)
        line = inspect.currentframe().f_lineno - 1
    assert [(one.filename, one.lineno) for one in caught] == [(__file__, line - 1), (__file__, line)]


def test_a_warning_of_loading_points_at_the_line_of_the_user(tmp_path):
    plan = small_plan()
    plan["kernels"][0]["sha256"] = "0" * 64
    with pytest.warns(aotgemm.PlanWarning) as caught:
        aotgemm.load_plan(write_plan(tmp_path, sealed(plan)), "warn")
        line = inspect.currentframe().f_lineno - 1
    assert [(one.filename, one.lineno) for one in caught] == [(__file__, line)]


def test_a_warning_turned_into_an_error_is_raised(plan_file):
    with in_force(plan_file, "warn"), warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(aotgemm.PlanWarning):
            gemm_on_cpu(65)


def test_record_mode_notes_what_is_planned(plan_file):
    with in_force(plan_file, "record"):
        for m in (64, 65, 64):
            gemm_on_cpu(m)
        check(1, num_sms=78)
    noted = [(call["m"], call["num_sms"], call["planned"], call["count"]) for call in aotgemm.recorded_calls()]
    assert noted == [(64, 0, True, 2), (65, 0, False, 1), (1, 78, False, 1)]
    assert aotgemm.recorded_calls()[-1]["kernel"] == _core.select("fp8_gemm_1d2d", 1, 64, 128, 78, H100, 1)[0]["name"]


def test_a_recording_becomes_a_plan(tmp_path):
    with aotgemm.record() as recording:
        gemm_on_cpu(3)
        gemm_on_cpu(5)
        gemm_on_cpu(3, 72, 16)
    assert [(call["m"], call["n"], call["k"], call["count"]) for call in recording.calls] == [
        (3, 64, 128, 1), (5, 64, 128, 1), (3, 72, 16, 1),
    ]  # fmt: skip
    assert _core.plan_mode() == 0
    recording.save(tmp_path / "trace.json")
    assert {(call.n, call.k) for call in calls_of_trace(tmp_path / "trace.json")} == {(64, 128), (72, 16)}


def test_fp4_along_n_is_a_call_of_its_own(tmp_path):
    """Beside the FP8 call of the same sizes, which has another kernel."""
    m, n, k, b200 = 1024, 7168, 2048, _core.named_device("b200")
    calls = [Call((layout,), "fp8_fp4_gemm", n, k, layout=layout) for layout in ("tn", "tn4")]
    chosen = {
        call.layout: _core.select(call.family, m, n, k, 0, b200, 1, layout=call.layout)[0]["kernel"] for call in calls
    }
    kinds = {layout: ("fp8_fp4_gemm", "dense", layout, "bf16", 1) for layout in chosen}
    with in_force(write_plan(tmp_path, make_plan(calls, b200, SOURCE, m)), "strict"):
        for layout, kernel in chosen.items():
            check(m, n, k, device=b200, kernel=kernel, kind=kinds[layout])
        with pytest.raises(aotgemm.PlanError, match="the call fp8_fp4_gemm dense tn4 .* runs .*_c2x1, the plan"):
            check(m, n, k, device=b200, kernel=chosen["tn"], kind=kinds["tn4"])


def test_record_does_not_end_a_plan(plan_file):
    with in_force(plan_file, "strict"):
        with pytest.raises(aotgemm.PlanError, match="record: a plan is in force"), aotgemm.record():
            pass
        with pytest.raises(aotgemm.PlanError):
            gemm_on_cpu(65)


def test_a_bad_plan_leaves_the_one_in_force(tmp_path, plan_file):
    with in_force(plan_file, "strict"):
        with pytest.raises(aotgemm.PlanError, match="cannot be read"):
            aotgemm.load_plan(tmp_path / "none.json")
        with pytest.raises(aotgemm.PlanError, match="mode: is 'lax', allowed is one of record, warn, strict"):
            aotgemm.load_plan(plan_file, "lax")
        with pytest.raises(aotgemm.PlanError):
            gemm_on_cpu(65)


def with_other_hash(plan):
    kernel = plan["kernels"][0]
    return sealed(plan | {"kernels": [kernel | {"sha256": "0" * 64}, *plan["kernels"][1:]]}), kernel


def test_a_kernel_of_another_hash_is_refused(tmp_path):
    plan, kernel = with_other_hash(small_plan())
    path = write_plan(tmp_path, plan)
    message = f"{kernel['name']} .* has sha256 {kernel['sha256']}, the plan has 0000"
    with pytest.raises(aotgemm.PlanError, match=message):
        aotgemm.load_plan(path)
    assert _core.plan_mode() == 0
    with pytest.warns(aotgemm.PlanWarning, match=message):
        aotgemm.load_plan(path, "warn")


def test_a_kernel_that_the_library_lacks_is_refused(tmp_path):
    plan = small_plan()
    path = write_plan(tmp_path, sealed(plan | {"kernels": [*plan["kernels"], plan["kernels"][0] | {"name": "zz"}]}))
    with pytest.raises(aotgemm.PlanError, match=r"kernel zz \(sm_90a\) is not in this library"):
        aotgemm.load_plan(path)


def test_plans_are_swapped_under_load(tmp_path):
    """Every call meets one plan or the other, never half of one."""
    plans = [small_plan(tokens=tokens) for tokens in (8, 16)]
    paths = [tmp_path / "8.json", tmp_path / "16.json"]
    for path, plan in zip(paths, plans, strict=True):
        path.write_text(canonical_text(plan))
    aotgemm.load_plan(paths[0])
    stop, wrong = threading.Event(), []

    def call():
        while not stop.is_set():
            try:
                check(8)
                check(17)
                wrong.append("M = 17 passed")
            except aotgemm.PlanError as error:
                if "M = 17" not in str(error):
                    wrong.append(str(error))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(100):
        aotgemm.load_plan(paths[turn % 2])
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


CALL = """
import sys
sys.path.insert(0, sys.argv[1])
from plans import gemm_on_cpu
import aotgemm
for m in map(int, sys.argv[2:]):
    try:
        gemm_on_cpu(m)
        print(m, "passed", aotgemm._core.plan_mode())
    except aotgemm.Error as error:
        print(m, type(error).__name__, error)
"""


def run_calls(*sizes, python_path=None, **environment):
    here = str(Path(__file__).parents[1] / "support")
    known = {"PATH": os.environ["PATH"]} | ({"PYTHONPATH": str(python_path)} if python_path else {})
    command = [sys.executable, "-W", "default", "-c", CALL, here, *map(str, sizes)]
    return subprocess.run(command, env=known | environment, capture_output=True, text=True, check=True)


def test_the_environment_names_a_plan(plan_file):
    first, second = run_calls(64, 65, AOTGEMM_PLAN=str(plan_file)).stdout.splitlines()
    assert first == "64 passed 3"
    assert second.startswith("65 PlanError plan: the call fp8_gemm_1d2d dense nt bf16, M = 65")
    warned = run_calls(65, AOTGEMM_PLAN=str(plan_file), AOTGEMM_PLAN_MODE="warn")
    assert warned.stdout == "65 passed 2\n" and "PlanWarning: plan: the call" in warned.stderr
    assert run_calls(65).stdout == "65 passed 0\n"


def test_a_bad_environment_fails_every_call(tmp_path, plan_file):
    lines = run_calls(1, 2, AOTGEMM_PLAN=str(tmp_path / "none.json")).stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [["1", "PlanError"], ["2", "PlanError"]]
    (line,) = run_calls(1, AOTGEMM_PLAN=str(plan_file), AOTGEMM_PLAN_MODE="lax").stdout.splitlines()
    assert "AOTGEMM_PLAN_MODE=lax: mode: is 'lax', allowed is one of record, warn, strict" in line


def test_a_program_that_loads_a_plan_overrules_the_environment(tmp_path, plan_file, monkeypatch):
    from aotgemm.plan import environment

    monkeypatch.setenv("AOTGEMM_PLAN", str(tmp_path / "none.json"))
    with in_force(plan_file, "warn"):
        environment.apply()
        assert _core.plan_mode() == 2


@pytest.fixture
def damaged_package(tmp_path):
    """A copy of the package, one bit of one kernel flipped in its library; and that kernel's name."""
    package = tmp_path / "site" / "aotgemm"
    shutil.copytree(loaded_library().parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    used = {interval["kernel"] for call in small_plan()["calls"] for interval in call["intervals"]}
    name = sorted(used)[0]
    library = package / "libaotgemm.so"
    data, cubin = bytearray(library.read_bytes()), read_library()[name].data
    data[bytes(data).index(cubin) + len(cubin) // 2] ^= 0x10
    library.write_bytes(data)
    return package.parent, name


def test_strict_mode_does_not_launch_a_damaged_kernel(plan_file, damaged_package):
    site, name = damaged_package
    (line,) = run_calls(1, python_path=site, AOTGEMM_PLAN=str(plan_file)).stdout.splitlines()
    assert line.startswith("1 PlanError") and f"kernel {name} (sm_90a) has sha256" in line

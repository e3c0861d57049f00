"""Calls that are no GEMM in a plan: missing as long as the library has no kernel of their family, then planned."""

import json
import re
from dataclasses import replace

import aotgemm
import pytest
from aotgemm import _core
from aotgemm.audit import operations
from aotgemm.audit.architectures import calls_of
from aotgemm.audit.calls import Call
from aotgemm.audit.diff import compare_plans
from aotgemm.audit.library import read_manifest
from aotgemm.audit.operations import SERVES, kernel_of
from aotgemm.audit.plan import make_plan
from aotgemm.audit.report import render
from aotgemm.audit.sources import model_config
from aotgemm.audit.verify import verify
from aotgemm.plan.document import canonical_text, sealed
from aotgemm.plan.plan_file import parse_plan
from plans import SOURCE, small_plan, write_plan

H100 = _core.named_device("h100")
FAMILY = "transpose_sf"  # stands for one that calls of a plan have: its kernels are there
CALLS = [Call(("scales",), FAMILY, 64, 128), Call(("dense",), "fp8_gemm_1d2d", 64, 128)]
MODELS = ("deepseek-v3.2", "deepseek-v4-flash", "glm-5")


@pytest.fixture
def plan(monkeypatch):
    monkeypatch.setitem(SERVES, FAMILY, lambda call, spec: spec["in_dtype"] == "fp32")
    return make_plan(CALLS, H100, SOURCE, 64)


def manifest_with(*specs):
    kernels = [{"name": f"kernel{index}", "spec": spec} for index, spec in enumerate(specs)]
    return lambda: {"kernels": kernels}


def spec(**fields):
    return {"arch": "sm_90a", "layout": "", "out_dtype": "", "in_dtype": "", "block_n": 0} | fields


def test_every_operation_of_a_model_has_a_rule():
    """Families of the models' calls are those of the selection, those of SERVES, and names of unserved schemes."""
    gemms = {spec["family"] for spec in _core.specs()}
    for model in MODELS:
        others = {call.family for call in calls_of(model_config(model), 1, 1) if not call.missing} - gemms
        assert others and others <= SERVES.keys()


@pytest.mark.parametrize("family", SERVES)
def test_a_plan_lists_what_the_library_has_and_no_more(family):
    """From the manifest alone: a family that comes to the library is planned without a change here."""
    of_models = (call for model in MODELS for call in calls_of(model_config(model), 1, 1))
    calls = [call for call in of_models if call.family == family]
    made = any(kernel["spec"]["family"] == family for kernel in read_manifest()["kernels"])
    assert calls
    for entry in make_plan(calls, H100, SOURCE, 8)["calls"]:
        assert bool(entry["intervals"]) == made
        assert made or entry["missing"].startswith(f"no {family} kernel for sm_90a is compiled into this library")


def test_the_kernel_is_that_of_the_calls_sizes(monkeypatch):
    specs = [
        *(spec(family="mqa_logits", layout=f"h{h}d128", out_dtype=out) for h in (32, 64) for out in ("bf16", "fp32")),
        *(spec(family="tf32_hc_prenorm_gemm", block_n=n) for n in (16, 24)),
        spec(family="tf32_hc_prenorm_gemm", block_n=8, arch="sm_100a"),
        *(spec(family="mqa_logits", layout="h32", in_dtype=dtype, arch="sm_100a") for dtype in ("fp4", "fp8")),
    ]  # fmt: skip
    monkeypatch.setattr(operations, "read_manifest", manifest_with(*specs))
    logits = Call(("x",), "mqa_logits", 4096, 128, out_dtype="fp32", groups=64)
    assert kernel_of(logits, "sm_90a") == "kernel3"
    for n, name in ((24, "kernel5"), (20, "kernel5"), (16, "kernel4")):
        assert kernel_of(Call(("x",), "tf32_hc_prenorm_gemm", n, 128), "sm_90a") == name
    assert kernel_of(replace(logits, groups=32), "sm_100a") == "kernel8"
    with pytest.raises(aotgemm.KernelMissingError, match="no mqa_logits kernel of 64 heads, .* K = 128 for sm_100a"):
        kernel_of(logits, "sm_100a")
    with pytest.raises(aotgemm.KernelMissingError, match="tf32_hc_prenorm_gemm kernel of 1 groups, N = 8"):
        kernel_of(Call(("x",), "tf32_hc_prenorm_gemm", 8, 128), "sm_90a")


def test_such_a_call_is_planned_and_verified(plan):
    (entry,) = [call for call in plan["calls"] if call["family"] == FAMILY]
    assert entry["intervals"] == [{"m": [1, 64], "kernel": "sm90_transpose_sf_fp32", "us": []}]
    assert parse_plan(canonical_text(plan).encode()) == plan
    assert verify(plan)["ok"]
    entry["intervals"][0]["kernel"] = next(k["name"] for k in plan["kernels"] if k["name"] != "sm90_transpose_sf_fp32")
    assert [call["family"] for call in verify(sealed(plan))["selection_changed"]] == [FAMILY]


def test_strict_mode_takes_such_a_plan(plan, tmp_path):
    aotgemm.load_plan(write_plan(tmp_path, plan), "strict")
    aotgemm.unload_plan()


def test_the_page_shows_it_without_times(plan):
    html = render(plan)
    card = re.search(r'<article class="call find" id="call-transpose_sf.*?</article>', html)[0]
    assert "sm90_transpose_sf_fp32" in card and 'class="times"' not in card and 'class="strip"' in card
    data = json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', html)[1])
    assert sorted(len(call["us"][0]) for call in data["calls"]) == [0, 2]


def test_diff_tells_a_kernel_that_changed(plan):
    other = json.loads(json.dumps(plan))
    name = next(k["name"] for k in plan["kernels"] if k["name"] != "sm90_transpose_sf_fp32")
    next(c for c in other["calls"] if c["family"] == FAMILY)["intervals"][0]["kernel"] = name
    (changed,) = compare_plans(plan, sealed(other))["calls"]["changed"]
    assert changed["changes"] == [
        {"m": [1, 64], "old": "sm90_transpose_sf_fp32", "new": name, "old_us": [], "new_us": []}
    ]


def test_kernels_of_operations_are_in_plans_that_call_them(plan):
    names = {kernel["name"] for kernel in plan["kernels"]}
    assert "sm90_transpose_sf_fp32" in names
    without = make_plan(CALLS[1:], H100, SOURCE, 64)
    assert names - {kernel["name"] for kernel in without["kernels"]} == {"sm90_transpose_sf_fp32"}


def test_one_time_is_none_and_no_two():
    plan = small_plan()
    plan["calls"][0]["intervals"][0]["us"] = [1.0]
    with pytest.raises(aotgemm.PlanError, match="has one time, allowed are two or none"):
        parse_plan(canonical_text(sealed(plan)).encode())

"""Plans: their calls, their intervals, and one text for one content."""

import json
import os
import random
import subprocess
import sys

import aotgemm
import jsonschema
import pytest
from aotgemm import _core
from aotgemm.audit.architectures import calls_of
from aotgemm.audit.calls import Call, merged
from aotgemm.audit.library import read_manifest
from aotgemm.audit.operations import SERVES
from aotgemm.audit.plan import make_plan, on_device
from aotgemm.audit.sources import calls_of_shapes, calls_of_trace, model_config, model_names
from aotgemm.cli import main
from aotgemm.plan.document import canonical_text, sealed
from aotgemm.plan.plan_file import parse_plan, plan_schema

SOURCE = {"kind": "shapes", "name": "test", "tp": 1, "ep": 1}


def dense_shapes(model, tp, ep):
    return {
        (call.n, call.k)
        for call in calls_of(model_config(model), tp, ep)
        if call.family == "fp8_gemm_1d2d" and call.grouping == "dense"
    }


def grouped_shapes(model, tp, ep):
    calls = calls_of(model_config(model), tp, ep)
    return {(call.n, call.k, call.groups) for call in calls if call.grouping in ("contiguous", "psum", "masked")}


# The layers of the public models, worked out by hand.
def test_calls_of_deepseek_v3():
    whole = {
        (2112, 7168),
        (24576, 1536),
        (32768, 512),
        (7168, 16384),
        (36864, 7168),
        (7168, 18432),
        (4096, 7168),
        (7168, 2048),
    }
    assert dense_shapes("deepseek-v3", 1, 1) == whole
    part = {(2112, 7168), (3072, 1536), (4096, 512), (7168, 2048), (4608, 7168), (7168, 2304), (512, 7168), (7168, 256)}
    assert dense_shapes("deepseek-v3", 8, 8) == part
    assert dense_shapes("deepseek-v3.2", 8, 8) == part | {(8192, 1536), (128, 7168)}
    assert grouped_shapes("deepseek-v3", 8, 8) == {(4096, 7168, 32), (7168, 2048, 32)}
    assert grouped_shapes("deepseek-r1", 1, 32) == {(4096, 7168, 8), (7168, 2048, 8)}


def test_calls_of_qwen_and_llama():
    assert dense_shapes("qwen3-235b", 1, 1) == {(9216, 4096), (4096, 8192)}
    assert grouped_shapes("qwen3-235b", 1, 8) == {(3072, 4096, 16), (4096, 1536, 16)}
    assert dense_shapes("qwen3-30b", 1, 1) == {(5120, 2048), (2048, 4096)}
    assert grouped_shapes("qwen3-30b", 1, 16) == {(1536, 2048, 8), (2048, 768, 8)}
    assert dense_shapes("llama-70b", 1, 1) == {(10240, 8192), (8192, 8192), (57344, 8192), (8192, 28672)}
    assert dense_shapes("llama-70b", 8, 1) >= {(7168, 8192), (8192, 3584)}
    assert dense_shapes("llama-8b", 1, 1) == {(6144, 4096), (4096, 4096), (28672, 4096), (4096, 14336)}


def test_calls_of_deepseek_v4_flash():
    calls = calls_of(model_config("deepseek-v4-flash"), 1, 8)
    assert dense_shapes("deepseek-v4-flash", 1, 8) >= {(1536, 4096), (32768, 1024), (4096, 8192), (8192, 1024)}
    assert [(c.n, c.k, c.groups) for c in calls if c.grouping == "batched"] == [(1024, 4096, 8)]
    for tp, groups in ((2, 4), (4, 2), (8, 1)):
        batched = [c for c in calls_of(model_config("deepseek-v4-flash"), tp, 8) if c.grouping == "batched"]
        assert [(c.n, c.k, c.groups) for c in batched] == [(1024, 4096, groups)]
    assert [(c.n, c.k) for c in calls if c.family == "tf32_hc_prenorm_gemm"] == [(24, 16384)]
    assert {c.groups for c in calls if c.family.endswith("mqa_logits")} == {64}


@pytest.mark.parametrize("model", model_names())
def test_every_model_has_a_plan(model):
    plan = make_plan(calls_of(model_config(model), 1, 1), _core.named_device("h100"), SOURCE, 64)
    jsonschema.validate(plan, plan_schema())
    assert parse_plan(canonical_text(plan).encode()) == plan
    planned = {call["layers"][0] for call in plan["calls"]}
    assert len(planned) > 4 and any(call["intervals"] for call in plan["calls"])


def test_an_unquantised_config_is_bf16():
    config = {key: value for key, value in model_config("llama-8b").items() if key != "quantization_config"}
    assert {call.family for call in calls_of(config, 1, 1)} == {"bf16_gemm"}


def test_what_cannot_be_cut_or_read_is_refused():
    config = model_config("qwen3-30b")
    with pytest.raises(aotgemm.PlanError, match="tp, ep: num_attention_heads is 32, which 3 ranks cannot share"):
        calls_of(config, 3, 1)
    with pytest.raises(aotgemm.PlanError, match="config: hidden_size is 'wide', allowed is a positive number"):
        calls_of(config | {"hidden_size": "wide"}, 1, 1)
    with pytest.raises(aotgemm.PlanError, match=r"config: architectures is \['X'\], allowed is one of Deep"):
        calls_of({"architectures": ["X"]}, 1, 1)


def test_intervals_are_the_selection():
    """At every interval's ends and at random places between."""
    choose, device = random.Random(5), _core.named_device("h200")
    for n, k, sms in ((2112, 7168, 0), (7168, 256, 78), (64, 16, 1), (8192, 8192, 132)):
        intervals = _core.select_intervals("fp8_gemm_1d2d", n, k, sms, device, 1, 3000, 1)
        assert (intervals[0][0], intervals[-1][1]) == (1, 3000)
        assert all(
            one[1] + 1 == two[0] and one[2] != two[2] for one, two in zip(intervals, intervals[1:], strict=False)
        )
        for first, last, kernel, first_us, last_us in intervals:
            for m, us in ((first, first_us), (last, last_us), (choose.randint(first, last), None)):
                best = _core.select("fp8_gemm_1d2d", m, n, k, sms, device, 1)[0]
                assert best["kernel"] == kernel and us in (None, best["predicted_us"]), (n, k, sms, m)


def test_intervals_of_a_step_and_of_a_bad_range():
    stepped = _core.select_intervals("fp8_gemm_1d2d", 512, 512, 0, "h100", 128, 1000, 128)
    assert (stepped[0][0], stepped[-1][1]) == (128, 896)
    assert all(first % 128 == 0 and last % 128 == 0 for first, last, *_ in stepped)
    for bad in ((0, 5, 1), (5, 4, 1), (1, 5, 0), (1, 2**40, 1)):
        with pytest.raises(aotgemm.ShapeError, match="m_first, m_last, m_step"):
            _core.select_intervals("fp8_gemm_1d2d", 512, 512, 0, "h100", *bad)


def test_a_missing_kernel_is_listed_with_the_reason():
    calls = [Call(("x",), "no_such_family", 64, 64), Call(("y",), "fp8_gemm_1d2d", 64, 64)]
    absent, present = sorted(
        make_plan(calls, _core.named_device("h100"), SOURCE, 8)["calls"], key=lambda c: c["intervals"] != []
    )
    assert "no no_such_family kernel" in absent["missing"] and absent["intervals"] == []
    assert present["missing"] == "" and present["intervals"]


def test_kernels_are_those_that_may_be_launched():
    plan = make_plan([Call(("y",), "fp8_gemm_1d2d", 64, 128)], _core.named_device("h100"), SOURCE, 8)
    chosen = {interval["kernel"] for interval in plan["calls"][0]["intervals"]}
    gemms = {spec["name"] for spec in _core.specs()}
    operations = {kernel["name"] for kernel in read_manifest()["kernels"] if kernel["spec"]["family"] in SERVES}
    others = {cubin["name"] for cubin in _core.cubins() if cubin["arch"] == "sm_90a"} - gemms - operations
    assert {kernel["name"] for kernel in plan["kernels"]} == chosen | others
    assert {k["name"]: k["sha256"] for k in plan["kernels"]}.items() <= {
        c["name"]: c["sha256"] for c in _core.cubins()
    }.items()


def test_same_calls_are_merged():
    one, two = Call(("b",), "bf16_gemm", 8, 16), Call(("a",), "bf16_gemm", 8, 16, tokens_factor=4)
    assert merged([one, two, one]) == [Call(("a", "b"), "bf16_gemm", 8, 16, tokens_factor=4)]


def test_grouped_rows_are_aligned_and_cover_the_padding():
    call = Call(("x",), "fp8_gemm_1d2d", 8, 16, grouping="contiguous", groups=3, tokens_factor=2)
    assert (call.last_m(100), call.last_m(1)) == (640, 384)


def test_num_sms_gives_rows_of_each():
    plan = make_plan([Call(("y",), "fp8_gemm_1d2d", 4096, 512)], _core.named_device("h100"), SOURCE, 256, (999, 20))
    assert [call["num_sms"] for call in plan["calls"]] == [20, 132]
    assert plan["calls"][0]["intervals"] != plan["calls"][1]["intervals"]


def run_plan(tmp_path, seed, locale):
    """The plan that a process of its own makes; a wheel must give the same one anywhere."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONHASHSEED": seed,
        "LC_ALL": locale,
        "LANG": locale,
        "HOME": "/nonexistent",
    }
    out = tmp_path / f"plan-{seed}.json"
    command = [
        sys.executable,
        "-m",
        "aotgemm",
        "plan",
        "--model",
        "deepseek-v3",
        "--tp",
        "8",
        "--ep",
        "8",
        "-o",
        str(out),
    ]
    subprocess.run(command, check=True, env=environment, cwd=tmp_path, capture_output=True)
    return out.read_bytes()


def test_plan_does_not_depend_on_hash_seed_locale_or_folder(tmp_path):
    first = run_plan(tmp_path, "0", "C")
    (tmp_path / "elsewhere").mkdir()
    assert run_plan(tmp_path / "elsewhere", "4242", "de_DE.UTF-8") == first
    assert str(tmp_path).encode() not in first
    assert parse_plan(first)["source"] == {"kind": "model", "name": "deepseek-v3", "tp": 8, "ep": 8, "tokens": 8192}


def test_standard_output_and_file_are_the_same(tmp_path, capsys):
    arguments = ["plan", "--model", "llama-8b", "--max-tokens", "32"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert main([*arguments, "-o", str(tmp_path / "p.json")]) == 0
    assert (tmp_path / "p.json").read_text() == printed == canonical_text(parse_plan(printed.encode()))


def test_each_interval_has_a_line_of_its_own():
    plan = make_plan([Call(("y",), "fp8_gemm_1d2d", 4096, 512)], _core.named_device("h100"), SOURCE, 256)
    lines = canonical_text(plan).splitlines()
    intervals = plan["calls"][0]["intervals"]
    assert [line for line in lines if line.startswith('  {"m": ')] == [
        "  " + json.dumps(interval) + ("" if interval is intervals[-1] else ",") for interval in intervals
    ]
    assert json.loads("\n".join(lines)) == sealed(plan) == plan


def test_shapes_file(tmp_path):
    path = tmp_path / "shapes.csv"
    path.write_text("# comment\nname,n,k,grouping,groups\nup,512,256,,\nexperts,64,128,masked,4\n")
    assert calls_of_shapes(path) == [
        Call(("up",), "fp8_gemm_1d2d", 512, 256),
        Call(("experts",), "fp8_gemm_1d2d", 64, 128, "masked", groups=4),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n,k\n512,\n", r"row 1 of s.csv: k: is '', allowed is a number"),
        ("n,k\n512,-4\n", "row 1 of s.csv: k: is '-4'"),
        ("n,k\n99999999999999999999,16\n", "row 1 of s.csv: n: is '9999"),
        ("n,k,colour\n8,16,red\n", "has column 'colour', allowed are name"),
        ("n,k\n", "has no rows"),
    ],
)
def test_bad_shapes_are_refused(tmp_path, text, message):
    path = tmp_path / "s.csv"
    path.write_text(text)
    with pytest.raises(aotgemm.PlanError, match=message):
        calls_of_shapes(path)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "aotgemm trace 1"}', '{"format": "aotgemm trace 1", "calls": [3]}']
)
def test_bad_traces_are_refused(tmp_path, text):
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(aotgemm.PlanError, match="trace: "):
        calls_of_trace(tmp_path / "t.json")


def test_bad_requests_end_with_a_sentence(tmp_path, capsys):
    assert main(["plan", "--model", "gpt-2"]) == 2
    assert "model: is 'gpt-2', allowed is one of deepseek-r1" in capsys.readouterr().err
    assert main(["plan", "--model", "llama-8b", "--device", "abacus"]) == 2
    assert main(["plan", "--config", str(tmp_path / "none.json")]) == 2
    assert main(["plan", "--model", "llama-8b", "--max-tokens", "8", "-o", str(tmp_path / "a" / "b")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_calls_on_a_b200_are_those_of_its_families():
    """FP8 calls of both granularities are of one family there, and FP4 weights have kernels."""
    b200 = _core.named_device("b200")
    of_fp8 = on_device(Call(("x",), "fp8_gemm_1d2d", 256, 512), b200)
    weights = Call(("x",), "fp8_fp4_gemm_1d1d", 256, 512)
    assert of_fp8 == on_device(weights, b200) and of_fp8.family == "fp8_fp4_gemm"
    assert on_device(weights, _core.named_device("h200")) == weights
    other = Call(("x",), "mxfp4", 256, 512, missing="a reason")
    assert on_device(other, b200) == other
    assert on_device(Call(("x",), "fp8_gemm_1d2d", 256, 512), _core.named_device("h100")).family == "fp8_gemm_1d2d"


def test_a_plan_says_that_its_times_are_not_measured():
    """Where they are: nothing was measured on a B200."""
    calls = [Call(("x",), "bf16_gemm", 256, 512)]
    plan = make_plan(calls, _core.named_device("b200"), SOURCE, tokens=16)
    assert plan["times"] == "from published facts, not measured" and parse_plan(canonical_text(plan).encode()) == plan
    assert "times" not in make_plan(calls, _core.named_device("h200"), SOURCE, tokens=16)

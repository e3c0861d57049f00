"""Files and command lines that users reported: a plan that is right, or status 2 with a sentence and no traceback."""

import json

import aotgemm
import ml_dtypes
import numpy as np
import pytest
from aotgemm import _core
from aotgemm.cli import main

BF16, FP8, F32 = ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, np.float32
CALL = {"family": "bf16_gemm", "grouping": "dense", "layout": "nt", "out_dtype": "bf16", "groups": 1, "m": 64, "n": 64}
CALL |= {"k": 128, "kernel": "", "planned": False, "count": 1, "num_sms": 132}


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)


@pytest.fixture
def refused(capsys):
    """Runs a command line, which must end with status 2 and one sentence, and returns that."""

    def run(*words):
        try:
            status = main(list(map(str, words)))
        except SystemExit as end:
            status = end.code
        message = capsys.readouterr().err.strip()
        assert status == 2 and message, (status, message)
        assert "Traceback" not in message
        return message

    return run


@pytest.fixture
def plan(tmp_path):
    """Makes a plan of these words and returns its calls; the status must be one of those allowed."""

    def make(*words, statuses=(0,)):
        path = tmp_path / "plan.json"
        assert main(["plan", *map(str, words), "-o", str(path)]) in statuses
        return json.loads(path.read_text())["calls"]

    return make


def file_of(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize(
    "suite", [{"rows": [{}]}, {"rows": 3}, {"limits": {}, "rows": []}, [], "rows", {"rows": [None]}], ids=str
)
def test_results_of_wrong_types(suite, tmp_path, refused):
    run = {"card": "H100", "date": "", "version": "0.1.0", "suites": ["dense"], "gemm": suite}
    assert "run.json" in refused("bench", "--load", file_of(tmp_path, "run.json", run))


@pytest.mark.parametrize(
    "m, n, k",
    [(2**62, 2**62, 16), (2**63 - 1, 8, 16), (1, 2**63 - 8, 16), (10**20, 8, 16), (1, 8, 10**4000)],
    ids=range(5),
)
def test_explain_of_sizes_that_no_call_has(m, n, k, refused):
    assert any(word in refused("explain", "--device", "h100", "--m", m, "--n", n, "--k", k) for word in "mnk")


@pytest.mark.parametrize(
    "line",
    [
        "plan --model llama-8b --max-tokens 1000000000000000000000",
        "explain --device h100 --m 1 --n 8 --k 16 --grouping masked --groups 99999999999",
        "explain --device h100 --m 1 --n 8 --k 16 --num-sms 99999999999",
        "explain --device h100 --m 4611686018427387904 --n 4611686018427387904 --k 16",
    ],
)
def test_options_beyond_c(line, refused):
    refused(*line.split())


def test_shapes_that_no_call_takes(tmp_path, refused):
    message = refused("plan", "--shapes", file_of(tmp_path, "shapes.csv", "n,k\n2147483640,7168\n"))
    assert "n: is 2147483640" in message and "2147483135" in message


@pytest.mark.parametrize("table", ["n,k,family\n2112,7168,fp8 1d2d\n", "name,n,k\n" + "x" * 300 + ",2112,7168\n"])
def test_what_a_plan_of_shapes_writes_can_be_loaded(table, tmp_path, capsys):
    path = tmp_path / "plan.json"
    status = main(["plan", "--shapes", str(file_of(tmp_path, "shapes.csv", table)), "-o", str(path)])
    if status == 0:
        aotgemm.load_plan(path)
        aotgemm.unload_plan()
    else:
        assert status == 2 and "row 1 of shapes.csv" in capsys.readouterr().err


def test_a_byte_order_mark(tmp_path, plan):
    path = tmp_path / "shapes.csv"
    path.write_text("n,k\n2112,7168\n", encoding="utf-8-sig")
    assert [(call["n"], call["k"]) for call in plan("--shapes", path)] == [(2112, 7168)]


def trace_of(tmp_path, *calls):
    return file_of(tmp_path, "trace.json", {"format": "aotgemm trace 1", "calls": list(calls)})


@pytest.mark.parametrize(
    "field, value", [("family", ["fp8_gemm_1d2d"]), ("layout", {"b": "t"}), ("out_dtype", 16), ("grouping", True)]
)
def test_texts_of_a_trace_that_are_none(field, value, tmp_path, refused):
    message = refused("plan", "--trace", trace_of(tmp_path, CALL | {field: value}))
    assert field in message and "call 0" in message


def test_a_trace_on_part_of_the_sms(tmp_path, plan):
    calls = plan("--device", "h100", "--trace", trace_of(tmp_path, CALL | {"num_sms": 78}))
    assert 78 in {call["num_sms"] for call in calls}


def recorded(tmp_path, call):
    with aotgemm.record() as recording:
        call()
    recording.save(tmp_path / "trace.json")
    return tmp_path / "trace.json"


def test_a_trace_with_no_k(tmp_path, plan):
    a, b = (np.zeros((8, 0), FP8), np.zeros((8, 0), F32)), (np.zeros((8, 0), FP8), np.zeros((1, 0), F32))
    trace = recorded(tmp_path, lambda: aotgemm.fp8_gemm_nt(a, b, np.ones((8, 8), BF16)))
    assert [call["n"] for call in plan("--trace", trace)] == [8]


def test_a_trace_with_more_rows_than_a_plan_has_by_default(tmp_path, plan):
    def call():
        aotgemm.bf16_gemm_nt(np.zeros((16384, 16), BF16), np.zeros((8, 16), BF16), np.zeros((16384, 8), BF16))

    plan("--trace", recorded(tmp_path, call))
    aotgemm.load_plan(tmp_path / "plan.json", "strict")
    try:
        call()
    finally:
        aotgemm.unload_plan()


def test_the_indexer_keys_of_sparse_attention(plan):
    """wk [128, 7168] alone in FP8, or with weights_proj [64, 7168] as one BF16 GEMM."""
    calls = {(call["family"], call["n"], call["k"]) for call in plan("--model", "deepseek-v3.2", statuses=(0, 3))}
    assert calls & {("fp8_gemm_1d2d", 128, 7168), ("bf16_gemm", 192, 7168)}

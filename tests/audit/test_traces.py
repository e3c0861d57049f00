"""Calls from recorded traces and from tables of shapes, and plans that hold them."""

import json
import random

import aotgemm
import ml_dtypes
import numpy as np
import pytest
from aotgemm import _core
from aotgemm.audit.calls import MOST_ROWS, Call, merged
from aotgemm.audit.plan import make_plan
from aotgemm.audit.tables import NUMBER_COLUMNS, calls_of_shapes, calls_of_trace
from aotgemm.choice import MOST_EXTENT
from aotgemm.cli import main
from aotgemm.plan.document import canonical_text
from aotgemm.plan.plan_file import parse_plan
from plans import gemm_on_cpu

SOURCE = {"kind": "trace", "name": "test", "tp": 1, "ep": 1}
ROW = {
    "family": "bf16_gemm", "grouping": "dense", "layout": "nt", "out_dtype": "bf16", "groups": 1, "m": 64, "n": 64,
    "k": 128, "num_sms": 0, "kernel": "", "planned": False, "count": 1,
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_plan_before_or_after():
    yield
    aotgemm.unload_plan()
    _core.forget_recorded_calls()


def trace_file(folder, *rows):
    path = folder / "trace.json"
    path.write_text(json.dumps({"format": "aotgemm trace 1", "calls": list(rows)}))
    return path


def shapes_file(folder, text, encoding="utf-8"):
    path = folder / "shapes.csv"
    path.write_text(text, encoding=encoding)
    return path


def bf16_on_cpu(m, n, k):
    zeros = [np.zeros(shape, ml_dtypes.bfloat16) for shape in ((m, k), (n, k), (m, n))]
    aotgemm.bf16_gemm_nt(*zeros)


def recorded(folder, call):
    with aotgemm.record() as recording:
        call()
    recording.save(folder / "trace.json")
    return folder / "trace.json"


@pytest.mark.parametrize(
    "call",
    [
        lambda: bf16_on_cpu(16384, 8, 16),  # more rows than the largest batch that a plan is made for
        lambda: bf16_on_cpu(3, 8, 0),
        lambda: gemm_on_cpu(8, 8, 0),
        lambda: gemm_on_cpu(5, 72, 16),
    ],
    ids=["many rows", "bf16 of empty K", "fp8 of empty K", "few rows"],
)
def test_strict_mode_lets_every_recorded_call_pass(tmp_path, call):
    trace, plan = recorded(tmp_path, call), tmp_path / "plan.json"
    assert main(["plan", "--trace", str(trace), "-o", str(plan)]) == 0
    aotgemm.load_plan(plan, "strict")
    call()
    with pytest.raises(aotgemm.PlanError, match="is not in the plan"):
        bf16_on_cpu(2, 16, 24)


def test_a_call_of_empty_k_is_planned_as_the_kernel_that_writes_its_zeros(tmp_path):
    """One scale block of K. Traces of versions that launched nothing for it have 0."""
    assert calls_of_trace(trace_file(tmp_path, ROW | {"k": 0})) == []
    with aotgemm.record() as recording:
        assert not gemm_on_cpu(4, 8, 0).any()
    assert [call["k"] for call in recording.calls] == [128]
    recording.save(tmp_path / "recorded.json")
    (call,) = calls_of_trace(tmp_path / "recorded.json")
    assert (call.n, call.k) == (8, 128)


def test_rows_and_sms_are_those_recorded(tmp_path):
    rows = [ROW | {"m": 9000, "num_sms": 78}, ROW | {"m": 3}, ROW | {"m": 20, "num_sms": 78}, ROW | {"n": 72}]
    calls = merged(calls_of_trace(trace_file(tmp_path, *rows)))
    assert [(call.n, call.most_m, call.num_sms) for call in calls] == [(64, 9000, (0, 78)), (72, 64, (0,))]
    plan = make_plan(calls, _core.named_device("h100"), SOURCE, 128)
    found = [(call["n"], call["num_sms"], call["intervals"][-1]["m"][1]) for call in plan["calls"]]
    assert found == [(64, 78, 9000), (64, 132, 9000), (72, 132, 128)]
    assert parse_plan(canonical_text(plan).encode()) == plan


def test_sms_that_were_not_recorded_are_planned_where_asked_for(tmp_path):
    (call,) = calls_of_trace(trace_file(tmp_path, ROW | {"num_sms": 78}))
    h20 = _core.named_device("h20")
    for wanted, expected in (((), [78]), ((20,), [20, 78]), ((999,), [78])):
        assert [entry["num_sms"] for entry in make_plan([call], h20, SOURCE, 8, wanted)["calls"]] == expected
    h100 = make_plan([call], _core.named_device("h100"), SOURCE, 8)
    assert [entry["num_sms"] for entry in h100["calls"]] == [78]


def test_more_rows_than_a_plan_covers_are_refused(tmp_path):
    with pytest.raises(aotgemm.PlanError, match=r"trace: call 0 of trace.json: m: is 1048577, .* from 1 to 1048576"):
        calls_of_trace(trace_file(tmp_path, ROW | {"m": MOST_ROWS + 1}))
    with pytest.raises(aotgemm.PlanError, match="experts: has 8388608 rows for a batch of 1048576 tokens, allowed are"):
        Call(("experts",), "bf16_gemm", 8, 8, tokens_factor=8).last_m(MOST_ROWS)
    assert Call(("x",), "bf16_gemm", 8, 8).last_m(MOST_ROWS) == MOST_ROWS


def test_the_greatest_sizes_are_the_librarys():
    for field, size in (("n", MOST_EXTENT // 8 * 8), ("k", MOST_EXTENT), ("groups", 2**20)):
        sizes = {"m": 1, "n": 8, "k": 16, "groups": 1} | {field: size}
        grouping = "masked" if field == "groups" else "dense"
        assert _core.select("bf16_gemm", device="h100", count=1, num_sms=0, grouping=grouping, **sizes)
    for field in ("m", "n", "k", "groups"):
        sizes = {"m": 1, "n": 8, "k": 16, "groups": 1} | {field: MOST_EXTENT + 1}
        with pytest.raises(aotgemm.ShapeError, match=f"^{field}: is 2147483136, allowed is at most 2147483135"):
            _core.select("bf16_gemm", device="h100", count=1, num_sms=0, **sizes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": ["bf16_gemm"]}, r"family: is \['bf16_gemm'\], allowed are letters"),
        ({"family": "fp8 1d2d"}, "family: is 'fp8 1d2d'"),
        ({"layout": {"b": "t"}}, "layout: is {'b': 't'}"),
        ({"out_dtype": 16}, "out_dtype: is 16"),
        ({"grouping": True}, "grouping: is True"),
        ({"n": 64.0}, "n: is 64.0, allowed is a number from 1 to 2147483135"),
        ({"n": "64"}, "n: is '64'"),
        ({"n": None}, "n: is None"),
        ({"k": -1}, "k: is -1"),
        ({"k": False}, "k: is False"),
        ({"m": 0}, "m: is 0"),
        ({"n": 10**30}, "n: is 10{30}, allowed"),
        ({"groups": 2**40}, "groups: is 1099511627776"),
        ({"num_sms": -1}, "num_sms: is -1, allowed is a number from 0 to 2147483647"),
    ],
)  # fmt: skip
def test_wrong_fields_of_a_trace_are_named(tmp_path, change, message):
    with pytest.raises(aotgemm.PlanError, match=f"trace: call 1 of trace.json: {message}"):
        calls_of_trace(trace_file(tmp_path, ROW, ROW | change))


def test_shapes_of_a_spreadsheet(tmp_path):
    """A byte order mark, spaces, capitals, empty cells, lines that end with a carriage return."""
    text = "N, K ,Name,m,num_sms,Layout\r\n2112,7168,qkv,,,\r\n 512 ,256,,300,78,NN\r\n\r\n"
    assert calls_of_shapes(shapes_file(tmp_path, text, "utf-8-sig")) == [
        Call(("qkv",), "fp8_gemm_1d2d", 2112, 7168),
        Call(("512x256",), "fp8_gemm_1d2d", 512, 256, layout="nn", most_m=300, num_sms=(78,)),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n,k,family\n2112,7168,fp8 1d2d\n", "row 1 of shapes.csv: family: is 'fp8 1d2d', allowed are letters"),
        ("name,n,k\n" + "x" * 300 + ",2112,7168\n", "row 1 of shapes.csv: name: is 'xxx.*, allowed are at most 255"),
        ("n,k\n2147483640,7168\n", "row 1 of shapes.csv: n: is 2147483640, allowed is a number from 1 to 2147483135"),
        ("n,k\n8,16\n1e3,16\n", "row 2 of shapes.csv: n: is '1e3'"),
        ("n,k\n8,16,32\n", "row 1 of shapes.csv: has 1 fields more than there are columns"),
        ("n,k,n\n8,16,8\n", "shapes.csv has column n twice"),
        ("n;k\n8;16\n", "shapes.csv has column 'n;k', allowed are name, n, k"),
        ('n,k\n"8"9,16\n', "shapes.csv is not CSV"),
        ("n\n8\n", "row 1 of shapes.csv: k: is None"),
    ],
)  # fmt: skip
def test_tables_that_no_plan_comes_from(tmp_path, text, message):
    with pytest.raises(aotgemm.PlanError, match=f"shapes: {message}"):
        calls_of_shapes(shapes_file(tmp_path, text))


def test_what_plan_writes_is_read_back(tmp_path):
    """The longest names and words, and sizes that no kernel takes."""
    name, word = "é" * 255, "f" * 128
    text = f"name,n,k,family\n{name},8,16,\n,8,16,{word}\n,9,16,\n,2147483128,2147483120,\n"
    plan = tmp_path / "plan.json"
    assert main(["plan", "--shapes", str(shapes_file(tmp_path, text)), "--max-tokens", "8", "-o", str(plan)]) == 3
    calls = json.loads(plan.read_text())["calls"]
    assert {call["family"]: call["missing"][:20] for call in calls if call["missing"]} == {
        word: f"no {word}"[:20], "fp8_gemm_1d2d": "n: is 9, must be a p",
    }  # fmt: skip
    aotgemm.load_plan(plan, "strict")


def test_too_many_calls_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("aotgemm.audit.tables.MOST_CALLS", 2)
    with pytest.raises(aotgemm.PlanError, match="trace.json has 3 calls, allowed are at most 2"):
        calls_of_trace(trace_file(tmp_path, *[ROW | {"n": 8 * n} for n in (1, 2, 3)]))
    with pytest.raises(aotgemm.PlanError, match="shapes.csv has 3 calls, allowed are at most 2"):
        calls_of_shapes(shapes_file(tmp_path, "n,k\n8,16\n16,16\n24,16\n"))


VALUES = [None, 0, 1, -5, 2**31, 2**63, 10**40, 0.5, float("inf"), True, "", "nt", "9" * 40, [], {}, "a b", "x" * 400]


def test_damaged_traces_and_tables_give_calls_or_a_sentence(tmp_path):
    """Seeded: 1,000 of each."""
    choose, read = random.Random(16), 0
    fields = [*ROW, "name", "more"]
    for _ in range(1000):
        rows = [ROW | {choose.choice(fields): choose.choice(VALUES)} for _ in range(choose.randint(0, 2))]
        columns = choose.sample([*NUMBER_COLUMNS, "name", "family", "x"], 5) + choose.choice([["n", "k"], []])
        cells = [",".join(str(choose.choice(VALUES + [64] * 40)) for _ in columns) for _ in range(2)]
        for make in (
            lambda rows=rows: calls_of_trace(trace_file(tmp_path, *rows)),
            lambda lines=[",".join(columns), *cells]: calls_of_shapes(shapes_file(tmp_path, "\n".join(lines))),
        ):
            try:
                read += bool(make())
            except aotgemm.Error as error:
                assert 0 < len(str(error)) < 1024
    assert read > 100

"""Benchmarks: rates, shares, ratios and means of given times; files and pictures; what is said without a GPU."""

import json
import math

import pytest
from aotgemm import _core
from aotgemm.bench import first_call_suite, host_suite, peers
from aotgemm.bench.document import gemm_document, rows_of
from aotgemm.bench.reference import read_references
from aotgemm.bench.report import Limits, Row, geometric_mean, means, others
from aotgemm.bench.shapes import M_GRID
from aotgemm.bench.suites import GEMM_SUITES
from aotgemm.cli import bench, main
from aotgemm.errors import RequestError

LIMITS = Limits(gbps=3000.0, tflops=1400.0)
SMALL = Row(64, 2112, 7168, "small", {"aotgemm": 10.0, "deep_gemm": 14.0})
LARGE = Row(4096, 4096, 7168, "large", {"aotgemm": 200.0, "deep_gemm": 190.0, "bf16": 400.0})
ROWS = [SMALL, LARGE]


def test_rates():
    assert SMALL.tflops() == pytest.approx(2 * 64 * 2112 * 7168 / 10e-6 / 1e12)
    assert SMALL.bytes == 64 * 7168 + 2112 * 7168 + 2 * 64 * 2112 + 4 * 56 * (64 + 17)
    assert SMALL.gbps("deep_gemm") == pytest.approx(SMALL.bytes / 14e-6 / 1e9)


def test_the_tighter_limit_counts():
    assert SMALL.share(LIMITS) == pytest.approx(SMALL.bytes / 3000e9 / 10e-6)
    assert LARGE.share(LIMITS) == pytest.approx(LARGE.flops / 1400e12 / 200e-6)


def test_ratios_and_means():
    assert others(ROWS) == ["deep_gemm", "bf16"]
    assert (SMALL.ratio("deep_gemm"), SMALL.ratio("bf16")) == (1.4, None)
    table = means(ROWS)
    assert table["deep_gemm"] == pytest.approx(
        {"all M": math.sqrt(1.4 * 0.95), "M up to 128": 1.4, "M over 128": 0.95, "worst": 0.95, "shapes": 2}
    )
    assert "M up to 128" not in table["bf16"]
    assert geometric_mean([2.0, 8.0]) == pytest.approx(4)


def test_suites_divide_the_grid():
    assert GEMM_SUITES["decode"] + GEMM_SUITES["prefill"] == GEMM_SUITES["dense"] == M_GRID
    assert max(GEMM_SUITES["decode"]) == 128


def test_references_are_columns_by_shape(tmp_path):
    path = tmp_path / "rec.csv"
    path.write_text("m,n,k,us,other_us,note\n64,2112,7168,14.37,,x\n128,2112,7168,15,16,\n")
    expected = {(64, 2112, 7168): 14.37, (128, 2112, 7168): 15.0}
    assert read_references(path) == {"rec (recorded)": expected, "other (recorded)": {(128, 2112, 7168): 16.0}}


@pytest.mark.parametrize("text", ["", "m,n,us\n1,2,3\n", "m,n,k,ms\n1,2,3,4\n", "m,n,k,us\n1,2,x,4\n"])
def test_other_files_are_no_references(tmp_path, text):
    path = tmp_path / "rec.csv"
    path.write_text(text)
    with pytest.raises(RequestError, match="--reference: .*rec.csv"):
        read_references(path)


class FakeBench:
    """Times of its own for every shape."""

    def __init__(self, shapes, found, rounds, references):
        self.peers, self.references = found, references

    def limits(self):
        return LIMITS

    def row(self, shape):
        recorded = {name: times[shape] for name, times in self.references.items() if shape in times}
        return Row(*shape, "kernel", {"aotgemm": 10.0 + shape[0]} | recorded)


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 1)
    monkeypatch.setattr(_core, "cuda_device", lambda ordinal: _core.named_device("h100"))
    monkeypatch.setattr(bench, "Bench", FakeBench)
    monkeypatch.setattr(bench, "find_peers", lambda wanted: ([], {"deep_gemm": "ImportError: none"}))


def run_bench(tmp_path, capsys, *arguments):
    reference = tmp_path / "rec.csv"
    reference.write_text("m,n,k,us\n64,2112,7168,148\n")
    command = ["bench", "dense", "--shapes", "2112x7168,512x7168", "--reference", str(reference), *arguments]
    assert main(command) == 0
    return capsys.readouterr().out


def test_a_run_is_saved_and_shown_again_without_a_gpu(tmp_path, gpu, monkeypatch, capsys):
    shown = run_bench(tmp_path, capsys, "--out", str(tmp_path / "run.json"))
    document = json.loads((tmp_path / "run.json").read_text())
    assert document["card"] == "h100" and document["gemm"]["absent"] == {"deep_gemm": "ImportError: none"}
    assert [row["m"] for row in document["gemm"]["rows"]] == [*M_GRID] * 2
    assert document["gemm"]["means"]["rec (recorded)"] == pytest.approx(
        {"all M": 2.0, "M up to 128": 2.0, "worst": 2.0, "shapes": 1}
    )
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)
    assert main(["bench", "--load", str(tmp_path / "run.json")]) == 0
    assert capsys.readouterr().out == shown
    assert "rec (recorded)" in shown and "ImportError: none" in shown


def test_pictures_are_written(tmp_path, gpu, capsys):
    run_bench(tmp_path, capsys, "--m", "1,64,4096", "--plots", str(tmp_path / "plots"))
    pictures = {path.name: path.read_bytes() for path in (tmp_path / "plots").iterdir()}
    assert sorted(pictures) == ["ratio.png", "roofline.png"]
    assert all(data.startswith(b"\x89PNG") and len(data) > 10_000 for data in pictures.values())


def test_documents_round_trip():
    document = json.loads(json.dumps({"gemm": gemm_document(LIMITS, ROWS, {}, {})}))
    assert rows_of(document) == (LIMITS, ROWS)
    assert document["gemm"]["rows"][0]["share"] == pytest.approx(SMALL.share(LIMITS))


@pytest.mark.parametrize(
    "arguments, fragment",
    [
        (["decode"], "suites decode: need a CUDA device, but"),
        (["sparse"], "SUITE: is sparse, allowed are dense, decode, prefill, first_call, host"),
        (["host", "--peers", "cutlass"], "--peers: is cutlass, allowed are none, or of"),
        (["host", "--peers", "none", "--plots", "x"], "--plots: needs one of the suites"),
        (["--load", __file__], "is not a saved run"),
    ],
    ids=["gpu", "suite", "peers", "plots", "load"],
)
def test_a_request_that_cannot_be_met(arguments, fragment, monkeypatch, capsys):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)
    assert main(["bench", *arguments]) == 2
    assert fragment in capsys.readouterr().err


def test_peers_that_cannot_be_used_say_why():
    usable, absent = peers.find_peers(["deep_gemm"])
    assert {peer.name for peer in usable} | set(absent) == {"deep_gemm"}
    assert all(": " in reason for reason in absent.values())


def test_a_peer_that_refuses_a_shape_is_counted():
    def refuse(operands):
        raise NotImplementedError("M is odd\nand more")

    peer = peers.Peer("picky", "", "torch", refuse)
    assert [peer.call(None), peer.call(None)] == [None, None]
    assert peer.refused == {"NotImplementedError: M is odd": 2}


def test_host_time_is_per_call(monkeypatch):
    ticks = iter(range(0, 10**9, 1000 * host_suite.BATCH))  # every look at the clock, 1 us a call later
    monkeypatch.setattr(host_suite.time, "perf_counter_ns", lambda: next(ticks))
    made = []
    assert host_suite.call_us(lambda: made.append(1), lambda: None) == 1.0
    assert len(made) == host_suite.WARM_UP + host_suite.BATCHES * host_suite.BATCH


def test_a_first_call_that_fails_says_why(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    report = first_call_suite.measure_first_calls(with_deep_gemm=False)
    assert list(report) == ["preload of every kernel", "first call of a shape"]
    assert all("a CUDA device was asked for" in facts["failed"] for facts in report.values())

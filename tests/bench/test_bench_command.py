"""`aotgemm bench` with measurements given: files and pictures, what is said without a GPU, the other suites."""

import json
import math
from pathlib import Path

import pytest
from aotgemm import _core
from aotgemm.bench import first_call_suite, host_suite, run
from aotgemm.bench.plots import heat_map
from aotgemm.bench.reference import read_references
from aotgemm.bench.report import FEW, MANY, Limits, Row
from aotgemm.bench.shapes import M_GRID
from aotgemm.cli import bench, main
from aotgemm.errors import RequestError
from aotgemm.problems.kinds import KINDS
from aotgemm.problems.sizes import Size

LIMITS = Limits(gbps=3000.0, tflops={"fp8": 1400.0, "bf16": 700.0})
DENSE = KINDS["fp8_gemm_1d2d"]
RECORDED = Path(__file__).parents[2] / "benchmarks" / "recorded" / "deepgemm_2_6_1_grouped_h100.csv"


def test_references_are_columns_by_problem(tmp_path):
    path = tmp_path / "rec.csv"
    path.write_text("# remark\nm,n,k,us,other_us,note\n64,2112,7168,14.37,,x\n128,2112,7168,15,16,\n")
    expected = {("fp8_gemm_1d2d", 64, 2112, 7168, 1): 14.37, ("fp8_gemm_1d2d", 128, 2112, 7168, 1): 15.0}
    others = {("fp8_gemm_1d2d", 128, 2112, 7168, 1): 16.0}
    assert read_references(path) == {"rec (recorded)": expected, "other (recorded)": others}


def test_references_may_be_of_any_kind():
    (times,) = read_references(RECORDED).values()
    assert times["fp8_gemm_1d2d_masked", 20, 4096, 7168, 32] == 341.5 and len(times) == 15


@pytest.mark.parametrize(
    "text", ["", "m,n,us\n1,2,3\n", "m,n,k,ms\n1,2,3,4\n", "m,n,k,us\n1,2,x,4\n", "kind,m,n,k,us\nfp8,1,2,3,4\n"]
)
def test_other_files_are_no_references(tmp_path, text):
    path = tmp_path / "rec.csv"
    path.write_text(text)
    with pytest.raises(RequestError, match="--reference: .*rec.csv"):
        read_references(path)


class FakeBench:
    """Times of its own for every problem."""

    def __init__(self, peers, rounds, references):
        self.references = references
        self.timer = type("Timer", (), {"rounds": 40, "repeated": 2, "disturbed": 1})

    def limits(self, precisions):
        return Limits(LIMITS.gbps, {name: LIMITS.tflops[name] for name in precisions})

    def rows(self, kind, sizes):
        for size in sizes:
            key = kind.name, size.m, size.n, size.k, size.groups
            recorded = {name: times[key] for name, times in self.references.items() if key in times}
            yield Row(kind, size, "kernel", {"aotgemm": 10.0 + size.m} | recorded, {"aotgemm": 9.0})


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 1)
    monkeypatch.setattr(_core, "cuda_device", lambda ordinal: _core.named_device("h100"))
    monkeypatch.setattr(run, "Bench", FakeBench)
    monkeypatch.setattr(run, "card_state", lambda: {"sm_clock_mhz": 1980.0, "driver": "580"})
    monkeypatch.setattr(bench, "find_peers", lambda wanted: ([], {"deep_gemm": "ImportError: none"}))


def run_bench(tmp_path, capsys, *arguments):
    reference = tmp_path / "rec.csv"
    reference.write_text("m,n,k,us\n64,2112,7168,148\n")
    command = ["bench", "dense", "--shapes", "2112x7168,512x7168", "--m", "grid", "--reference", str(reference)]
    assert main([*command, *arguments]) == 0
    return capsys.readouterr().out


def test_a_run_is_saved_and_shown_again_without_a_gpu(tmp_path, gpu, monkeypatch, capsys):
    shown = run_bench(tmp_path, capsys, "--out", str(tmp_path / "run.json"), "--seed", "11")
    document = json.loads((tmp_path / "run.json").read_text())
    part = document["gemm"]
    assert document["card"] == "h100" and part["absent"] == {"deep_gemm": "ImportError: none"}
    assert [row["m"] for row in part["rows"]] == [*M_GRID] * 2
    assert part["timer"] == {"rounds": 40, "repeated": 2, "disturbed": 1}
    assert part["request"]["seed"] == 11 and part["card_state"]["after"]["driver"] == "580"
    (line,) = part["summary"]
    assert (line["peer"], line["problems"], line["worst"]) == ("rec (recorded)", 1, "64x2112x7168")
    assert (line["mean"], line[FEW], line[MANY], line["least"]) == (pytest.approx(2), pytest.approx(2), None, 2)
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)
    assert main(["bench", "--load", str(tmp_path / "run.json")]) == 0
    assert capsys.readouterr().out == shown
    assert "rec (recorded)" in shown and "ImportError: none" in shown
    assert "sm_clock_mhz 1980.0" in shown and "rounds repeated" in shown and "seed" in shown


def test_a_run_as_markdown(tmp_path, gpu, capsys):
    lines = run_bench(tmp_path, capsys, "--markdown").splitlines()
    assert lines[0] == "fp8_gemm_1d2d" and lines[2].startswith("| M | N | K | us | TFLOP/s | GB/s | of limit |")
    assert "| 64 | 2112 | 7168 | 74.0 | 26 | 215 | 7% | 2.00 |" in lines
    assert "| fp8_gemm_1d2d | rec (recorded) | 1 | 2.00 | 2.00 | - | 2.00 | 64x2112x7168 |" in lines


def test_the_seed_of_a_run_is_saved_and_not_always_the_same(gpu, capsys):
    seeds = []
    for _ in range(2):
        assert main(["bench", "decode", "--draws", "2", "--json"]) == 0
        seeds.append(json.loads(capsys.readouterr().out)["gemm"]["request"]["seed"])
    assert seeds[0] != seeds[1]


def test_pictures_are_written(tmp_path, gpu, capsys):
    options = ["--kind", "bf16_gemm_masked", "--draws", "2", "--plots", str(tmp_path / "plots")]
    run_bench(tmp_path, capsys, *options)
    pictures = {path.name: path.read_bytes() for path in (tmp_path / "plots").iterdir()}
    assert sorted(pictures) == [
        "bf16_gemm_masked_roofline.png",
        "fp8_gemm_1d2d_heat_map_rec_(recorded).png",
        "fp8_gemm_1d2d_ratio.png",
        "fp8_gemm_1d2d_roofline.png",
    ]
    assert all(data.startswith(b"\x89PNG") and len(data) > 10_000 for data in pictures.values())


def test_a_heat_map_has_means_of_octaves():
    us = {64: (10.0, 20.0), 100: (10.0, 5.0), 128: (10.0, 30.0)}
    rows = [Row(DENSE, Size(m, 512, 256), "k", dict(zip(("aotgemm", "x"), pair))) for m, pair in us.items()]
    layers, octaves, cells = heat_map([*rows, Row(DENSE, Size(64, 96, 64), "k", {"aotgemm": 1.0, "x": 1.5})], "x")
    assert (layers, octaves) == (["512x256", "96x64"], [6, 7])
    assert cells[0] == pytest.approx([1, 3]) and cells[1][0] == pytest.approx(1.5) and math.isnan(cells[1][1])


@pytest.mark.parametrize(
    "arguments, fragment",
    [
        (["decode"], "fp8_gemm_1d2d: a CUDA device is needed, but"),
        (["--kind", "bf16_gemm_masked"], "bf16_gemm_masked: a CUDA device is needed, but"),
        (["sparse"], "SUITE: is sparse, allowed are dense, decode, prefill, grouped, batched, bf16, bf16_grouped, "),
        (["--kind", "sparse"], "--kind: is sparse, allowed are fp8_gemm_1d2d, "),
        (["host", "--seed", "-1"], "--seed: is -1, allowed are numbers from 0"),
        (["host", "--peers", "cutlass"], "--peers: is cutlass, allowed are none, or of"),
        (["host", "--peers", "none", "--plots", "x"], "--plots: needs a --kind or one of the suites"),
        (["host", "--peers", "none", "--markdown"], "--markdown: needs a --kind or one of the suites"),
        (["--load", __file__], "is not a saved run"),
        (["--load", "/nowhere.json"], "is not a saved run"),
    ],
    ids=["gpu", "gpu of a kind", "suite", "kind", "seed", "peers", "plots", "markdown", "load", "no file"],
)
def test_a_request_that_cannot_be_met(arguments, fragment, monkeypatch, capsys):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)
    assert main(["bench", *arguments]) == 2
    assert fragment in capsys.readouterr().err


@pytest.mark.parametrize(
    "option, value, fragment",
    [
        ("--groups", "skewed", "is skewed, allowed is equal, uniform:SPREAD with a SPREAD from 0 to 1, or zipf"),
        ("--m", "some", "is some, allowed are positive numbers"),
        ("--draws", "0", "is 0, allowed is a positive number"),
        ("--experts", "x", "is x, allowed are positive numbers"),
    ],
)
def test_an_option_that_cannot_be_read(option, value, fragment, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["bench", option, value])
    assert stopped.value.code == 2 and fragment in capsys.readouterr().err


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

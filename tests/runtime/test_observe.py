"""aotgemm.stats(), and a line for each call: on the CPU, and on a driver that answers and computes nothing."""

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import aotgemm
import ml_dtypes
import numpy as np
import pytest
from fake_driver import build_fake_driver, run_on_fake
from plans import plan_without_calls
from problems import make_problem

FIELDS = ("mark", "format", "seconds", "family", "grouping", "layout", "output", "m", "n", "k", "groups", "sms")


def parsed(text):
    """Each line as a dict, and what is left of it: the kernel and why."""
    rows = list(csv.reader(text.splitlines()))
    assert all(len(row) == len(FIELDS) + 2 for row in rows)
    return [dict(zip((*FIELDS, "kernel", "why"), row, strict=True)) for row in rows]


@pytest.fixture
def lines(tmp_path):
    """Of the calls so far."""
    path = tmp_path / "calls_%p.csv"
    aotgemm.set_verbose(path)
    yield lambda: parsed((tmp_path / f"calls_{os.getpid()}.csv").read_text())
    aotgemm.set_verbose(None)


def test_a_gemm_on_the_cpu_is_a_line(lines):
    before = time.time()
    make_problem(5, 24, 144).run()
    (line,) = lines()
    assert before - 1 < float(line.pop("seconds")) < time.time() + 1
    assert line == {
        "mark": "aotgemm",
        "format": "1",
        "family": "fp8_gemm_1d2d",
        "grouping": "dense",
        "layout": "nt",
        "output": "bf16",
        "m": "5",
        "n": "24",
        "k": "144",
        "groups": "1",
        "sms": "0",
        "kernel": "cpu",
        "why": "the operands are on the CPU",
    }


def test_groups_of_k_are_one_line_or_one_each(lines):
    """As they are launched: BF16's by one kernel, FP8's one by one."""
    ks, before = [128, 0, 256], aotgemm.stats()["cpu_gemms"]
    a, b = np.ones((384, 8), ml_dtypes.bfloat16), np.ones((384, 16), ml_dtypes.bfloat16)
    d, ks_tensor = np.zeros((3, 8, 16), np.float32), np.array(ks, np.int32)
    aotgemm.k_grouped_bf16_gemm_tn_contiguous(a, b, d, ks, ks_tensor)
    assert [line["k"] for line in lines()] == ["384"]
    pairs = [(np.ones(384 * mn, ml_dtypes.float8_e4m3fn), np.ones((mn, 3), np.float32)) for mn in (8, 16)]
    aotgemm.k_grouped_fp8_gemm_nt_contiguous(*pairs, d, ks, ks_tensor)
    assert [line["k"] for line in lines()[1:]] == ["128", "128", "256"]  # none is planned as one of 128
    assert aotgemm.stats()["cpu_gemms"] == before + 4


def test_no_line_for_a_call_that_is_refused(lines):
    with pytest.raises(aotgemm.ShapeError):
        make_problem(5, 24, 144).run(recipe=(1, 32, 32))
    assert lines() == []


def test_nothing_is_written_when_nobody_watches(tmp_path):
    aotgemm.set_verbose(tmp_path / "calls")
    aotgemm.set_verbose(None)
    make_problem(5, 24, 144).run()
    assert (tmp_path / "calls").read_text() == ""


def test_a_file_that_cannot_be_opened(tmp_path):
    with pytest.raises(aotgemm.errors.RequestError, match="no_folder"):
        aotgemm.set_verbose(tmp_path / "no_folder" / "calls")
    make_problem(5, 24, 144).run()


def test_refused_calls_are_counted():
    before = aotgemm.stats()
    with plan_without_calls(), pytest.raises(aotgemm.PlanError):
        make_problem(5, 24, 144).run()
    assert aotgemm.stats() == before | {"refused": before["refused"] + 1}
    make_problem(5, 24, 144).run()
    assert aotgemm.stats()["cpu_gemms"] == before["cpu_gemms"] + 1


CPU_CALL = """
import ml_dtypes, numpy, aotgemm
q, sf = aotgemm.per_token_cast_to_fp8(numpy.ones((4, 128), numpy.float32), False)
w, sw = aotgemm.per_block_cast_to_fp8(numpy.ones((8, 128), numpy.float32), False)
aotgemm.fp8_gemm_nt((q, sf), (w, sw), numpy.zeros((4, 8), ml_dtypes.bfloat16))
"""


@pytest.mark.parametrize("given, count", [("1", 1), ("stderr", 1), ("0", 0), ("", 0), (None, 0)])
def test_the_environment_asks_for_lines(given, count):
    site = {"PYTHONPATH": str(Path(aotgemm.__file__).parents[1])}
    environment = site | ({} if given is None else {"AOTGEMM_VERBOSE": given})
    done = subprocess.run([sys.executable, "-c", CPU_CALL], env=environment, capture_output=True, text=True, check=True)
    assert len(parsed(done.stderr)) == count


GPU_CALLS = """
import json, sys
import ml_dtypes, numpy, aotgemm
from aotgemm import _core
put = aotgemm.from_numpy
def ones(shape, dtype): return put(numpy.ones(shape, dtype))
aotgemm.set_verbose(sys.argv[1])
a, sfa = ones((64, 512), ml_dtypes.float8_e4m3fn), ones((64, 4), numpy.float32)
b, sfb = ones((256, 512), ml_dtypes.float8_e4m3fn), ones((2, 4), numpy.float32)
d = ones((64, 256), ml_dtypes.bfloat16)
aligned = aotgemm.get_mn_major_tma_aligned_tensor(sfa)
for _ in range(3):
    aotgemm.fp8_gemm_nt((a, aligned), (b, sfb), d)
other = next(i for i, spec in enumerate(_core.specs()) if spec["name"] == sys.argv[2])
_core.gemm("fp8_gemm_1d2d", "dense", "nt", a, aligned, b, sfb, None, d, kernel=other)
print(json.dumps([aotgemm.stats(), _core.named_device("h200")]))
"""


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    return build_fake_driver(tmp_path_factory.mktemp("driver"))


def test_launches_are_lines_and_counts(fake, tmp_path):
    forced = "sm90_fp8_gemm_1d2d_dense_nt_bf16_128x128x128_s5_f1_c1x1"
    stats, _ = json.loads(run_on_fake(fake, "-c", GPU_CALLS, str(tmp_path / "calls"), forced))
    found = parsed((tmp_path / "calls").read_text())
    transpose, *gemms, by_force = found
    assert transpose["kernel"].startswith("sm90_transpose_sf") and not transpose["family"] and not transpose["m"]
    assert [gemm["m"] + "x" + gemm["n"] + "x" + gemm["k"] for gemm in gemms] == ["64x256x512"] * 3
    assert all(int(gemm["sms"]) > 0 and len(gemm["why"]) > 10 for gemm in gemms)
    assert by_force["kernel"] == forced and by_force["why"] == "the caller asked for this kernel"
    chosen = gemms[0]["kernel"]
    assert stats["launches_by_kernel"] == {transpose["kernel"]: 1, chosen: 3} | {forced: 1 + 3 * (chosen == forced)}
    assert stats["launches"] == 5 and stats["loads"] == len(stats["launches_by_kernel"]) and stats["cpu_gemms"] == 0

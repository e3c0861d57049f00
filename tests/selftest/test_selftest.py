"""The self-test finds what is wrong: a test of the test."""

import argparse
import json

import ml_dtypes
import numpy as np
import pytest
from aotgemm import _core
from aotgemm.cli import main
from aotgemm.reference import bf16 as definition_bf16
from aotgemm.selftest import conversions, host_1d1d, host_gemm, runs
from aotgemm.selftest.framed_output import POISON, contiguous_frame, strided_frame
from aotgemm.selftest.operands import DISTINCT_ROWS, make_operands
from aotgemm.selftest.shapes import FULL
from aotgemm.selftest.tally import Tallies

FRAMES = pytest.mark.parametrize("frame", [contiguous_frame(5, 16), strided_frame(5, 16)])


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)


def test_a_wrong_bit_in_a_gemm_is_found(capsys, monkeypatch):
    right = host_gemm.defined

    def wrong_in_one_case(*operands):
        out = right(*operands)
        if out.shape == (65, 136):
            out[64, 135] = np.nextafter(out[64, 135], np.float32(np.inf)) * np.float32(1.01)
        return out

    monkeypatch.setattr(host_gemm, "defined", wrong_in_one_case)
    assert main(["selftest", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["differing"] == 8  # four K, two layouts
    assert report["cases"] == report["equal"] + 8
    assert all("M=65 N=136" in failure and "1 of 8840 outputs differ" in failure for failure in report["failures"])


def test_a_wrong_bit_in_a_bf16_gemm_is_found(capsys, monkeypatch):
    monkeypatch.setattr(definition_bf16, "FRACTION_BITS", 24)
    assert main(["selftest", "--json"]) == 1
    wrong = {tally["name"] for tally in json.loads(capsys.readouterr().out)["tallies"] if tally["differing"]}
    assert wrong == {"CPU backend, bf16", "CPU backend, bf16 over batches"}


def test_a_wrong_cast_is_found(capsys, monkeypatch):
    monkeypatch.setattr(conversions, "FP8_MAX", np.float32(447))
    assert main(["selftest", "--json"]) == 1
    wrong = {tally["name"] for tally in json.loads(capsys.readouterr().out)["tallies"] if tally["differing"]}
    assert wrong == {"per_token_cast_to_fp8", "per_block_cast_to_fp8"}


@FRAMES
def test_a_right_output_is_right(frame):
    expected = np.arange(80, dtype=np.uint16).reshape(5, 16)
    memory = frame.poisoned()
    frame.inside(memory)[:] = expected
    assert frame.describe_difference(memory, frame.around(expected)) == ""


@FRAMES
def test_an_element_left_unwritten_shows(frame):
    expected = np.zeros((5, 16), np.uint16)
    memory = frame.around(expected)
    frame.inside(memory)[4, 15] = POISON
    problem = frame.describe_difference(memory, frame.around(expected))
    assert problem == "1 of 80 outputs differ, first at [4, 15]: 0xa5a5 instead of 0x0000"


@FRAMES
@pytest.mark.parametrize("where", [-1, 1])
def test_a_write_beside_the_output_shows(frame, where):
    expected = np.zeros((5, 16), np.uint16)
    memory = frame.around(expected)
    beside = frame.offset - 1 if where < 0 else frame.offset + 4 * frame.stride + 16
    memory[beside] = 0
    assert frame.describe_difference(memory, frame.around(expected)) == "1 elements around D were written"


def test_operands_of_a_smaller_shape_are_part_of_the_largest():
    operands = make_operands(np.random.default_rng(0), 400, 72, 144)
    m, n = 350, 64
    d = np.empty((m, n), ml_dtypes.bfloat16)
    _core.fp8_gemm_nt(operands.a[:m], operands.sfa[:m], operands.b[:n], operands.sfb[:1], d)
    np.testing.assert_array_equal(d.view(np.uint16), operands.expected(m, n))
    assert m > DISTINCT_ROWS


def test_operands_hold_every_finite_pattern_and_some_nan():
    operands = make_operands(np.random.default_rng(0), 300, 64, 512)
    assert set(range(256)) - {0x7F, 0xFF} <= set(np.unique(operands.a.view(np.uint8)))
    values = operands.reference.view(ml_dtypes.bfloat16).astype(np.float32)
    assert 0.01 < np.isnan(values).mean() < 0.2
    assert np.isinf(values).any()


def test_full_shapes_reach_every_edge_of_the_tiles():
    assert {1, 63, 64, 65, 127, 128, 129, 4096} <= set(FULL.m)
    assert all(n % 8 == 0 for n in FULL.n) and all(k % 16 == 0 for k in FULL.k)
    assert {n % 64 for n in FULL.n} > {0} and {k % 128 for k in FULL.k} > {0}


def test_a_tally_counts():
    tallies = Tallies("this against that", 1)
    tallies.count("kernel", "case 1", "")
    tallies.count("kernel", "case 2", "wrong")
    assert (tallies.cases, tallies.differing, tallies.failures) == (2, 1, ["kernel, case 2: wrong"])


@pytest.mark.parametrize("size", ["full", "quick", "small"])
def test_every_kernel_is_run(size):
    arguments = argparse.Namespace(quick=size == "quick", small=size == "small", seed=0)
    kernels = [spec for spec in _core.specs() if spec["arch"] == "sm_90a"]
    parts = list(runs.gpu_parts(kernels, arguments))
    assert {spec["kernel"] for part in parts for spec in part.kernels} == {spec["kernel"] for spec in kernels}
    assert all(part.cases >= len(part.kernels) for part in parts)


def test_a_wrong_addition_of_c_is_found(capsys, monkeypatch):
    right = host_1d1d.defined
    monkeypatch.setattr(
        host_1d1d, "defined", lambda *operands, **options: right(*operands, **options) + np.float32(1e4)
    )
    assert main(["selftest", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    wrong = {tally["name"]: tally for tally in report["tallies"] if tally["differing"]}
    assert list(wrong) == ["CPU backend, fp8_gemm_1d1d"] and wrong["CPU backend, fp8_gemm_1d1d"]["equal"] == 0

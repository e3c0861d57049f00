"""The self-test finds what is wrong: a test of the test."""

import json

import numpy as np
import pytest
from aotgemm import _core
from aotgemm.cli import main
from aotgemm.problems.kinds import KINDS
from aotgemm.reference import bf16 as definition_bf16
from aotgemm.reference import casts as definition_casts
from aotgemm.reference import fp8 as definition_fp8
from aotgemm.selftest.tally import Tallies


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)


def test_a_wrong_bit_in_a_gemm_is_found(capsys, monkeypatch):
    right = definition_fp8.fp8_gemm_nt

    def wrong_in_one_case(a, sfa, b, sfb, rows_per_scale):
        out = right(a, sfa, b, sfb, rows_per_scale)
        if out.shape == (65, 136) and rows_per_scale == 128:
            out[64, 135] = np.nextafter(out[64, 135], np.float32(np.inf)) * np.float32(1.01)
        return out

    monkeypatch.setattr(definition_fp8, "fp8_gemm_nt", wrong_in_one_case)
    assert main(["selftest", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["differing"] == 8  # four K, two layouts
    assert report["cases"] == report["equal"] + 8
    assert all("M=65 N=136" in failure and "1 of 8840 outputs differ" in failure for failure in report["failures"])


@pytest.mark.parametrize("bits, outs", [(24, ("fp32",)), (9, ("fp32", "bf16"))])
def test_a_wrong_bit_in_a_bf16_gemm_is_found(capsys, monkeypatch, bits, outs):
    """One bit less of a step's sum shows in FP32, and so few as 9 in every BF16 output as well."""
    monkeypatch.setattr(definition_bf16, "FRACTION_BITS", bits)
    assert main(["selftest", "--json"]) == 1
    wrong = {tally["name"] for tally in json.loads(capsys.readouterr().out)["tallies"] if tally["differing"]}
    of_bf16 = {f"CPU backend, {name}": kind for name, kind in KINDS.items() if not kind.is_fp8}
    # The tensor cores add TF32 products as they add BF16's, and so do sm_100a's FP8's.
    indexers = {"fp8_fp4_mqa_logits", "fp8_fp4_paged_mqa_logits"}  # of 8 heads
    same_chain = (
        {"tf32_hc_prenorm_gemm"}
        | indexers
        | {f"CPU backend, {name}" for name, kind in KINDS.items() if kind.packs_scales}
    )
    assert {name for name, kind in of_bf16.items() if kind.out_dtype in outs} <= wrong <= set(of_bf16) | same_chain
    assert "CPU backend, bf16_gemm" in wrong


def test_a_wrong_cast_is_found(capsys, monkeypatch):
    monkeypatch.setattr(definition_casts, "FP8_MAX", np.float32(447))
    assert main(["selftest", "--json"]) == 1
    wrong = {tally["name"] for tally in json.loads(capsys.readouterr().out)["tallies"] if tally["differing"]}
    kinds = ("per_token_cast", "per_block_cast", "per_channel_cast", "per_custom_dims_cast", "silu_mul_cast")
    assert wrong == {f"{kind}_to_fp8" for kind in kinds}


def test_a_tally_counts():
    tallies = Tallies("this against that", 1)
    tallies.count("kernel", "case 1", "")
    tallies.count("kernel", "case 2", "wrong")
    assert (tallies.cases, tallies.differing, tallies.failures) == (2, 1, ["kernel, case 2: wrong"])


def test_a_wrong_addition_of_c_is_found(capsys, monkeypatch):
    right = definition_fp8.fp8_gemm_nt

    def another_sum(a, sfa, b, sfb, rows_per_scale):
        return right(a, sfa, b, sfb, rows_per_scale) + np.float32(1e4 if rows_per_scale == 1 else 0)

    monkeypatch.setattr(definition_fp8, "fp8_gemm_nt", another_sum)
    assert main(["selftest", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    wrong = {tally["name"]: tally for tally in report["tallies"] if tally["differing"]}
    by_row = {name: kind for name, kind in KINDS.items() if kind.scales_b_by_row and not kind.packs_scales}
    assert set(wrong) == {f"CPU backend, {name}" for name in by_row}
    assert {wrong[f"CPU backend, {name}"]["equal"] for name, kind in by_row.items() if not kind.has_row_groups} == {0}


def test_the_cpu_backend_runs_every_kind(capsys):
    """Never fewer cases than these, of each."""
    assert main(["selftest", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    cases = {tally["name"].removeprefix("CPU backend, "): tally["cases"] for tally in report["tallies"]}
    assert set(KINDS) <= set(cases) and all(cases[name] >= 4 for name in KINDS)
    least = {"fp8_gemm_1d2d": 120, "fp8_gemm_1d1d": 120, "fp8_gemm_1d1d_fp32": 120, "bf16_gemm": 24}
    least |= {"fp8_gemm_1d2d_contiguous": 16, "fp8_gemm_1d2d_batched": 16, "bf16_gemm_batch_reduced": 8}
    assert all(cases[name] >= count for name, count in least.items())


def test_an_architecture_has_its_own_gemms(capsys):
    assert main(["selftest", "--arch", "sm_100a", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    named = {tally["name"].removeprefix("CPU backend, ") for tally in report["tallies"]} & set(KINDS)
    assert named == {name for name, kind in KINDS.items() if "sm_100a" in kind.form.family.archs}
    assert {"fp8_fp4_gemm", "bf16_gemm"} < named and _core.get_cpu_arch() == "sm_90a"

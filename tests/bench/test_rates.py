"""Rates, shares, ratios and means of given times, over live rows; tables, and a run's document and back."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from aotgemm.bench.document import gemm_document, read_document, rows_of
from aotgemm.bench.report import FEW, MANY, Limits, Row, geometric_mean, label, others, summary
from aotgemm.bench.tables import gemm_tables, limits_words, markdown
from aotgemm.bench.traffic import size_of
from aotgemm.bench.work import bytes_moved, c_operand, flops, live_rows, tokens
from aotgemm.problems.kinds import KINDS
from aotgemm.problems.sizes import Size, k_groups, row_groups

RESULTS = sorted((Path(__file__).parents[2] / "benchmarks" / "results").glob("*.json"))
DENSE, MASKED = KINDS["fp8_gemm_1d2d"], KINDS["fp8_gemm_1d2d_masked"]
LIMITS = Limits(gbps=3000.0, tflops={"fp8": 1400.0})
SMALL = Row(DENSE, Size(64, 2112, 7168), "small", {"aotgemm": 10.0, "deep_gemm": 14.0}, {"aotgemm": 9.0})
LARGE = Row(DENSE, Size(4096, 4096, 7168), "large", {"aotgemm": 200.0, "deep_gemm": 190.0, "bf16": 400.0})
GROUPS = row_groups((3, 0, 40, 5), 512, 1024, 128)
GROUPED = Row(MASKED, GROUPS, "masked", {"aotgemm": 20.0, "deep_gemm": 22.0})
ROWS = [SMALL, LARGE]


def test_rates():
    assert SMALL.tflops() == pytest.approx(2 * 64 * 2112 * 7168 / 10e-6 / 1e12)
    assert SMALL.bytes == 64 * 7168 + 2112 * 7168 + 2 * 64 * 2112 + 4 * 56 * (64 + 17)
    assert SMALL.gbps("deep_gemm") == pytest.approx(SMALL.bytes / 14e-6 / 1e9)


def test_rates_of_groups_count_live_rows_and_the_weights_they_meet():
    assert (live_rows(MASKED, GROUPS), tokens(MASKED, GROUPS)) == (48, 12)
    assert GROUPED.flops == 2 * 48 * 512 * 1024
    assert GROUPED.bytes == 48 * 1024 + 3 * 512 * 1024 + 2 * 48 * 512 + 4 * 8 * (48 + 3 * 4)


def test_a_gradient_is_read_and_written_once_for_each_group():
    kind, size = KINDS["fp8_gemm_1d1d_k_grouped_fp32"], k_groups((256, 128), 64, 512)
    assert c_operand(kind) == "in_place" and tokens(kind, size) == 192
    assert flops(kind, size) == 2 * 64 * 512 * 384
    assert bytes_moved(kind, size) == (64 + 512) * 384 + 2 * 4 * 2 * 64 * 512 + 4 * 3 * (64 + 512)


def test_batches_are_summed_over():
    kind, size = KINDS["bf16_gemm_batch_reduced"], Size(64, 128, 256, batches=5)
    assert c_operand(kind) == "none" and tokens(kind, size) == 1280
    assert flops(kind, size) == 2 * 64 * 128 * 1280
    assert bytes_moved(kind, size) == 2 * (64 + 128) * 1280 + 2 * 64 * 128


def test_the_tighter_limit_counts():
    assert SMALL.share(LIMITS) == pytest.approx(SMALL.bytes / 3000e9 / 10e-6)
    assert LARGE.share(LIMITS) == pytest.approx(LARGE.flops / 1400e12 / 200e-6)


def test_no_share_of_a_limit_that_was_not_measured():
    bf16 = Row(KINDS["bf16_gemm"], Size(64, 512, 1024), "k", {"aotgemm": 1.0})
    assert bf16.share(LIMITS) is SMALL.share(Limits()) is None
    assert limits_words(LIMITS) == "3,000 GB/s, 1,400 TFLOP/s in FP8" and limits_words(Limits()) == "not measured"


def test_ratios_and_means():
    assert others(ROWS) == ["deep_gemm", "bf16"]
    assert (SMALL.ratio("deep_gemm"), SMALL.ratio("bf16")) == (1.4, None)
    deep_gemm, bf16 = summary(ROWS)
    assert deep_gemm == {
        "kind": "fp8_gemm_1d2d",
        "peer": "deep_gemm",
        "problems": 2,
        "mean": pytest.approx(math.sqrt(1.4 * 0.95)),
        FEW: 1.4,
        MANY: 0.95,
        "least": 0.95,
        "worst": "4096x4096x7168",
    }
    assert bf16["problems"] == 1 and bf16[FEW] is None and bf16[MANY] == 2
    assert geometric_mean([2.0, 8.0]) == pytest.approx(4)


def test_kinds_are_compared_apart():
    lines = summary([*ROWS, GROUPED])
    assert [(line["kind"], line["peer"]) for line in lines] == [
        ("fp8_gemm_1d2d", "deep_gemm"),
        ("fp8_gemm_1d2d", "bf16"),
        ("fp8_gemm_1d2d_masked", "deep_gemm"),
    ]
    assert lines[2]["mean"] == pytest.approx(1.1) and lines[2]["worst"] == "G=4 M=12 (0 to 40) 512x1024"


def test_sizes_in_a_few_words():
    assert label(KINDS["bf16_gemm_batched"], row_groups((7,) * 3, 512, 128)) == "3 of 7x512x128"
    assert label(KINDS["bf16_gemm_k_grouped_tn_fp32"], k_groups((128, 384), 64, 512)) == "G=2 64x512 K=256 (128 to 384)"
    assert label(MASKED, row_groups((9, 9), 512, 1024)) == "G=2 M=9 512x1024"


def test_tables_have_a_line_for_each_problem_and_a_cell_for_each_column():
    rows = [Row(kind, _some_size(kind), "k", {"aotgemm": 2.0, "deep_gemm": 3.0}) for kind in KINDS.values()]
    *tables, last = gemm_tables(LIMITS, rows)
    assert [table.title for table in tables] == list(KINDS) and len(last.rows) == len(KINDS)
    for table in (*tables, last):
        assert {len(row) for row in table.rows} == {len(table.columns)}


def _some_size(kind):
    return size_of(kind, (512, 1024, 4), 40, "zipf", np.random.default_rng(0))


def test_markdown_rounds_as_a_reader_wants_it():
    first, second, _ = gemm_tables(LIMITS, [SMALL, GROUPED])
    assert markdown(first).splitlines() == [
        "fp8_gemm_1d2d",
        "",
        "| M | N | K | us | TFLOP/s | GB/s | of limit | deep_gemm / ours |",
        "|---|---|---|---|---|---|---|---|",
        "| 64 | 2112 | 7168 | 10.0 | 194 | 1,589 | 53% | 1.40 |",
    ]
    assert markdown(second).splitlines()[-1].startswith("| 4 | 12 | 0 | 40 | 512 | 1024 | 20.0 | ")


def test_documents_round_trip():
    rows = [
        SMALL,
        LARGE,
        GROUPED,
        Row(KINDS["bf16_gemm_k_grouped_tn_fp32"], k_groups((128, 64), 64, 512), "k", SMALL.us),
    ]
    document = json.loads(json.dumps({"gemm": gemm_document(LIMITS, rows, timer={"rounds": 3})}))
    assert rows_of(document) == (LIMITS, rows) and document["gemm"]["timer"] == {"rounds": 3}
    assert document["gemm"]["rows"][0]["share"] == pytest.approx(SMALL.share(LIMITS))
    assert document["gemm"]["rows"][0]["p10"] == {"aotgemm": 9.0}


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_saved_runs_can_be_shown(path):
    document = read_document(path)
    assert path.stem.endswith(document["date"])
    if "gemm" in document:
        limits, rows = rows_of(document)
        assert rows and all(table.rows for table in gemm_tables(limits, rows))


def test_a_run_of_the_first_format_is_of_dense_fp8(tmp_path):
    row = {"m": 64, "n": 512, "k": 1024, "kernel": "k", "us": {"aotgemm": 5.0}}
    part = {"limits": {"gbps": 3000.0, "tflops": 1400.0}, "rows": [row]}
    (tmp_path / "old.json").write_text(json.dumps({"card": "x", "date": "2026-01-01", "gemm": part}))
    limits, rows = rows_of(read_document(tmp_path / "old.json"))
    assert limits == LIMITS and rows == [Row(DENSE, Size(64, 512, 1024), "k", {"aotgemm": 5.0})]

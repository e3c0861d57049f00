"""The model of sm_100a kernels: the published facts that it is made of come out of it again."""

from pathlib import Path

import pytest
from aotgemm import _core
from aotgemm.errors import DeviceError, KernelMissingError, ShapeError
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.predicted_b200 import (
    ALIGNMENTS,
    best_of,
    deepgemm_alignments,
    dense_problems,
    dense_table,
    families,
    grouped_problems,
    grouped_table,
    our_tiles,
    predicted_us,
    problem_of,
    published_rows,
    published_table,
    published_us,
    slower_than_deepgemm,
)
from benchmarks.sm100_tiles import Problem, Tile, deepgemm_choice, deepgemm_tiles

B200 = _core.named_device("b200")
TENSOR_CLOCK = 1856 / 1965  # of the boost clock
# Cycles of one instruction by its columns, of one CTA and of a pair (github.com/SemiAnalysisAI/microbench-blackwell,
# commit 9a068d8, umma_throughput, tput_results_max: 128 and 256 rows, both operands in shared memory).
PUBLISHED_CYCLES = {
    1: {64: 48, 80: 52, 96: 56, 112: 60, 128: 64, 256: 128},
    2: {64: 43.5, 80: 46, 96: 50, 112: 56, 128: 64, 256: 128},
}

BYTES_PER_US_OF_ONE_SM = 0.155e6  # cpp/dispatch/select/sm100_facts.hpp


def shape(tile, block_k=128):
    return {name: getattr(tile, name) for name in ("block_m", "block_n", "cluster_m", "cluster_n", "swap_ab")} | {
        "block_k": block_k
    }


def cycles_of_an_instruction(tile):
    """From how much longer a tile takes for more of K, on a card whose clock is so low that nothing else counts."""
    slow = B200 | {"clock_mhz": 20}
    sizes = tile.block_m * tile.cluster_m, tile.block_n * tile.cluster_n
    few, many = (
        _core.predict_tile(shape(tile), "fp8_fp4_gemm", *sizes, k, 0, slow)["computing_us"] for k in (12800, 25600)
    )
    return (many - few) * 20 * TENSOR_CLOCK / (12800 / 32)


@pytest.mark.parametrize("cluster", PUBLISHED_CYCLES)
@pytest.mark.parametrize("swap_ab", (False, True))
def test_instructions_take_the_published_cycles(cluster, swap_ab):
    for columns, cycles in PUBLISHED_CYCLES[cluster].items():
        tile = Tile(columns, 128, 1, cluster, True) if swap_ab else Tile(128, columns, cluster)
        assert cycles_of_an_instruction(tile) == pytest.approx(cycles, rel=0.05), (columns, cycles)


def test_decode_reads_at_the_bandwidth_that_streams_reach():
    """N and K large, one row: all that counts is memory."""
    time = Problem("fp8_fp4_gemm", 1, 262144, 16384).predicted(Tile(16, 128, 1, 2, True))
    assert 262144 * 16384 / time["memory_us"] * 1e-6 == pytest.approx(7.222, rel=0.01)


@pytest.mark.parametrize("row", published_rows(), ids=lambda row: f"{row['who']} {row['m']}x{row['n']}x{row['k']}")
def test_published_times_are_near(row):
    """DeepGEMM's, whose tiles are known, within a quarter; those of other kernels within a factor of 2."""
    most = 1.25 if "DeepGEMM" in row["who"] else 2
    assert 1 / most < predicted_us(row) / published_us(row) < most, problem_of(row)


def test_deepgemm_takes_tiles_that_it_has():
    for m in (1, 33, 128, 4096):
        for layout in ("nt", "nn", "tn", "tt"):
            problem = Problem("fp8_fp4_gemm", m, 4096, 7168, layout=layout)
            assert deepgemm_choice(problem) in deepgemm_tiles(problem)
    grouped = Problem("bf16_gemm", 8 * 4096, 4096, 7168, "contiguous", groups=8)
    assert deepgemm_tiles(grouped) == [Tile(128, 128, 1, 2, True)]
    assert deepgemm_choice(Problem("bf16_gemm", 64, 2112, 7168)) == Tile(64, 16)  # 132 tiles, one wave


TILES = st.builds(
    Tile,
    block_m=st.sampled_from((16, 32, 64, 128, 240)),
    block_n=st.sampled_from((16, 64, 128, 224)),
    cluster_m=st.just(1),
    cluster_n=st.sampled_from((1, 2)),
    swap_ab=st.booleans(),
)


@given(
    tile=TILES,
    family=st.sampled_from(("fp8_fp4_gemm", "bf16_gemm")),
    m=st.integers(1, 20000),
    n=st.integers(1, 2000).map(lambda n: 8 * n),
    k=st.integers(1, 500).map(lambda k: 32 * k),
    num_sms=st.integers(2, 147),
)
@settings(max_examples=200, deadline=None)
def test_more_work_is_never_faster(tile, family, m, n, k, num_sms):
    def us(m, k, num_sms):
        return _core.predict_tile(shape(tile), family, m, n, k, num_sms, "b200")["us"]

    base = us(m, k, num_sms)
    assert 0 < base < float("inf")
    assert us(2 * m, k, num_sms) >= base and us(m, 2 * k, num_sms) > base


def test_no_time_exceeds_the_tensor_cores_peak():
    for m, n, k in ((8192, 8192, 8192), (65536, 28672, 8192)):
        for tile in (Tile(128, 224, 2), Tile(256, 128, 1, 2, True)):
            for family in ("fp8_fp4_gemm", "bf16_gemm"):
                time = Problem(family, m, n, k).predicted(tile)
                peak = {"fp8_fp4_gemm": 4500, "bf16_gemm": 2250}[family]
                tflops = 2 * m * n * k / time["us"] * 1e-6
                assert time["tensor_share"] == pytest.approx(tflops / peak, rel=0.005) and time["tensor_share"] < 1


@pytest.mark.parametrize(
    "change, error, text",
    [
        ({"device": "h100"}, DeviceError, "device: is of compute capability 9.0, allowed is 10.0"),
        ({"block_m": 0}, ShapeError, "tile: block_m is 0, allowed is 1 to 1024"),
        ({"block_n": 4096}, ShapeError, "tile: block_n is 4096"),
        ({"cluster_m": 2, "cluster_n": 2}, ShapeError, "tile: cluster_n is 2, allowed is 1 to 1"),
        ({"m": 0}, ShapeError, "m: is 0"),
        ({"n": 12}, ShapeError, "n: is 12, must be a positive multiple of 8"),
    ],
)
def test_what_no_tile_or_call_has_is_refused(change, error, text):
    given = {"m": 64, "n": 4096, "k": 7168, "device": "b200"} | change
    tile = {name: given.pop(name, value) for name, value in shape(Tile(128, 128)).items()}
    with pytest.raises(error, match=text):
        _core.predict_tile(tile, "bf16_gemm", given["m"], given["n"], given["k"], 0, given["device"])


def test_the_page_has_the_table_of_published_times():
    page = (Path(__file__).parents[2] / "docs" / "blackwell.md").read_text(encoding="utf-8")
    assert "\n".join(published_table()) in page


@pytest.mark.parametrize("family", families())
def test_tiles_are_as_good_as_those_that_deepgemm_takes(family):
    assert slower_than_deepgemm(dense_problems(family)) == {}


@pytest.mark.parametrize("family", families())
def test_tiles_of_groups_are_too_at_every_alignment(family):
    problems = grouped_problems(family)
    assert {alignment for problem in problems for alignment in deepgemm_alignments(problem)} == {32, 128, 224}
    for grouping, alignment in ALIGNMENTS:
        assert slower_than_deepgemm([one for one in problems if one.grouping == grouping], alignment) == {}, alignment


@pytest.mark.parametrize("table", [dense_table, grouped_table])
def test_the_page_has_the_tables_of_both_choices(table):
    page = (Path(__file__).parents[2] / "docs" / "blackwell.md").read_text(encoding="utf-8")
    assert "\n".join(table()) in page


def rows_loaded(tile, m, grouping, layout):
    """Of A and B by a block: from how much longer a tile takes for more of K where nothing but loads counts."""
    fast = B200 | {"clock_mhz": 10**6, "memory_gbps": 10**6}
    few, many = (
        _core.predict_tile(shape(tile), "fp8_fp4_gemm", m, 128, k, 0, fast, grouping, layout)["computing_us"]
        for k in (12800, 25600)
    )
    return (many - few) * BYTES_PER_US_OF_ONE_SM / 12800


@pytest.mark.parametrize(
    "tile, m, grouping, layout, rows",
    [
        (Tile(128, 128), 1, "dense", "nt", 8 + 128),
        (Tile(128, 16), 97, "batched", "nn", 104 + 16),
        (Tile(128, 128), 200, "dense", "nt", 128 + 128),
        (Tile(128, 128), 1, "dense", "tn", 128 + 128),  # an M-major A comes in whole boxes
        (Tile(128, 128), 1, "masked", "nt", 128 + 128),  # M is only expected
        (Tile(128, 128, 1, 2, True), 1, "dense", "nt", 64 + 128),  # half of a tile that a pair shares
    ],
)
def test_of_a_the_rows_that_there_are_are_loaded(tile, m, grouping, layout, rows):
    assert rows_loaded(tile, m, grouping, layout) == pytest.approx(rows, rel=0.01)


def test_the_selection_takes_the_tile_predicted_fastest():
    """For kernels that were never measured, and with their reason."""
    assert families()
    for family in families():
        for m, n, k in ((1, 2112, 7168), (512, 7168, 2048), (4096, 4096, 7168)):
            problem = Problem(family, m, n, k)
            choices = _core.select(family, m, n, k, 0, "b200", 99)
            assert choices[0]["predicted_us"] == pytest.approx(best_of(problem, our_tiles(problem))[1]["us"], rel=1e-12)
            assert all(c["reason"].startswith("predicted from published facts, not measured: ") for c in choices)
            assert all(len(c["reason"]) < 255 and c["measured_us"] == 0 for c in choices)


FP8_LAYOUTS_OF_NO_FP4 = [("fp8_fp4_gemm", layout) for layout in ("n4t", "nt4", "nn44", "n", "4", "")]
LAYOUTS_OF_FP4 = [("dense", "nn4"), ("dense", "tn4"), ("batched", "tn4"), ("psum", "nn4"), ("dense", "t4t")]


@pytest.mark.parametrize("grouping, layout", [*LAYOUTS_OF_FP4, ("dense", "t4n"), ("dense", "t4n4")])
def test_fp4_along_m_or_n_is_read_by_kernels_that_load_whole_boxes(grouping, layout):
    """The same kernels as FP8 has, but for those of which a block loads a part of a box."""
    sizes = (4096, 7168, 2048, 0, "b200", 99, grouping)
    fp4, fp8 = (
        {c["name"] for c in _core.select("fp8_fp4_gemm", *sizes, of)} for of in (layout, layout.replace("4", ""))
    )
    specs = {spec["name"]: spec for spec in _core.specs()}
    for letters, block, share in (("t4", "block_m", "cluster_n"), ("n4", "block_n", "cluster_m")):
        if letters in layout:
            fp8 = {name for name in fp8 if specs[name][block] // specs[name][share] % 128 == 0}
    assert fp4 == fp8 != set()


@pytest.mark.parametrize("plain, layout", [("nn", "nn4"), ("tn", "tn4"), ("tn", "t4n")])
def test_not_all_kernels_do(plain, layout):
    sizes = (4096, 7168, 2048, 0, "b200", 99, "dense")
    assert len(_core.select("fp8_fp4_gemm", *sizes, layout)) < len(_core.select("fp8_fp4_gemm", *sizes, plain))


@pytest.mark.parametrize("family, layout", [("bf16_gemm", "nn4"), ("bf16_gemm", "t4n"), *FP8_LAYOUTS_OF_NO_FP4])
def test_a_layout_of_fp4_is_for_one_family_and_an_operand_not_along_k(family, layout):
    with pytest.raises(KernelMissingError, match=f"no {family} kernel, dense {layout}"):
        _core.select(family, 128, 128, 128, 0, "b200", 1, "dense", layout)

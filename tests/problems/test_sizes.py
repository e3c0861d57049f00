"""Sizes: how they are drawn, how the library counts them, where rows of groups lie."""

import numpy as np
import pytest
from aotgemm.errors import RequestError
from aotgemm.problems.kinds import KINDS
from aotgemm.problems.rows import place_rows
from aotgemm.problems.sizes import Limits, Size, draw_counts, heads, k_groups, random_size, row_groups


def rng():
    return np.random.default_rng(3)


def test_equal_groups():
    assert draw_counts("equal", 7, 3, rng()) == (7, 7, 7)


def test_uniform_groups_stay_in_their_range():
    counts = draw_counts("uniform:0.3", 1000, 500, rng())
    assert 700 <= min(counts) < 720 and 1280 < max(counts) <= 1300
    assert 980 < sum(counts) / 500 < 1020


def test_zipf_groups_hold_all_tokens_and_differ_as_a_routers_do():
    counts = draw_counts("zipf", 1000, 16, rng())
    assert sum(counts) == 16_000 and len(counts) == 16
    largest, second = sorted(counts, reverse=True)[:2]
    assert 1.8 < largest / second < 2.2
    assert draw_counts("zipf", 1000, 16, rng()) == counts
    firsts = {np.argmax(draw_counts("zipf", 1000, 16, np.random.default_rng(seed))) for seed in range(8)}
    assert len(firsts) > 2  # not always the same group


@pytest.mark.parametrize(
    "text", ["", "uniform", "uniform:", "uniform:1.5", "uniform:-1", "uniform:x", "normal", "zipf:2"]
)
def test_other_distributions_are_refused(text):
    with pytest.raises(RequestError, match=f"^distribution: is {text}, allowed is equal, uniform:SPREAD"):
        draw_counts(text, 8, 2, rng())


def test_what_the_selection_is_asked():
    rows = row_groups((3, 0, 130), 64, 128)
    assert rows.m == 45
    assert rows.asked(KINDS["fp8_gemm_1d2d_contiguous"]) == rows.asked(KINDS["bf16_gemm_psum"]) == (384, 64, 128, 3)
    assert rows.asked(KINDS["fp8_gemm_1d2d_masked"]) == (45, 64, 128, 3)
    assert k_groups((128, 0, 256), 5, 24).asked(KINDS["fp8_gemm_1d1d_k_grouped_fp32"]) == (5, 24, 384, 3)
    assert Size(5, 24, 64, batches=9).asked(KINDS["bf16_gemm_batch_reduced"]) == (5, 24, 64, 9)
    assert Size(5, 24, 64).asked(KINDS["bf16_gemm"]) == (5, 24, 64, 1)


def test_heads_widen_d():
    size = heads((128, 64, 0), 4, 5, 144)
    assert (size.n, size.columns_of_d) == (512, 768)


@pytest.mark.parametrize("kind", KINDS.values(), ids=str)
def test_random_sizes_keep_the_limits(kind):
    random, limits = rng(), Limits(40, 64, 96, 3, 50)
    sizes = [random_size(random, kind, limits) for _ in range(200)]
    assert len(set(sizes)) > 50
    assert all(size.groups <= 3 and size.batches <= 50 and 16 <= size.n <= 64 for size in sizes)
    assert {size.groups > 1 for size in sizes} == ({False, True} if kind.has_groups else {False})
    if kind.has_row_groups:
        assert all(sum(size.counts) >= 1 for size in sizes)


def test_places_of_groups():
    assert place_rows("psum", (3, 0, 130)).index.tolist() == [3, 128, 258]
    assert place_rows("contiguous", (0, 0)).index.tolist() == [-1] * 128
    assert place_rows("masked", (3, 0)).index.tolist() == [3, 0]
    assert place_rows("batched", (3, 3)).index is None


def test_room_of_a_masked_group():
    assert place_rows("masked", (3, 9)).room == 14 and place_rows("masked", (3, 9), 64).rows == 128

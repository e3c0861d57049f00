"""Sizes that are measured: every kind has some, M is drawn and not only powers of 2, groups are a router's."""

import numpy as np
import pytest
from aotgemm.bench.shapes import GRADIENT_TOKENS, M_GRID
from aotgemm.bench.suites import GEMM_SUITES, Range, measured_kinds
from aotgemm.bench.traffic import DRAWS, GRID, Request, size_of, sizes_of, traffic_of
from aotgemm.bench.work import tokens
from aotgemm.errors import RequestError
from aotgemm.problems.backends import CpuBackend
from aotgemm.problems.call import call
from aotgemm.problems.kinds import KINDS, SKIP_HEAD_MID
from aotgemm.problems.make import make
from aotgemm.problems.sizes import Size, log_uniform
from aotgemm.problems.traffic import K_STEP

ALL_KINDS = pytest.mark.parametrize("name", KINDS)
SEED = 7


@ALL_KINDS
def test_every_kind_can_be_measured(name):
    ((kind, ranges),) = measured_kinds([], [name]).items()
    sizes = sizes_of(kind, ranges, Request(SEED))
    assert kind is KINDS[name] and len(sizes) > DRAWS // 2  # batched layers are few, and small draws may coincide
    first, last = traffic_of(kind).drawn
    step = K_STEP if name.startswith("fp8_gemm_1d1d") or kind.grouping in ("k_grouped", "batch_reduced") else 1
    assert all(first <= tokens(kind, size) <= last + step for size in sizes)


@ALL_KINDS
def test_the_library_computes_sizes_of_every_kind(name):
    kind, rng = KINDS[name], np.random.default_rng(SEED)
    problem = make(kind, size_of(kind, (256, 128, 3), 20, "zipf", rng), CpuBackend(), rng)
    problem.reset()
    before = problem.read().copy()
    call(problem)
    assert (problem.read() != before).any()


def test_an_unknown_kind_is_named():
    with pytest.raises(RequestError, match="--kind: is fp8, allowed are fp8_gemm_1d2d, "):
        measured_kinds([], ["fp8"])


def test_suites_name_kinds_of_the_library():
    measured = [measured_kinds([name], []) for name in GEMM_SUITES]
    assert all(measured) and set().union(*measured) <= set(KINDS.values())
    assert sum(map(len, measured)) > 15


def test_kinds_name_suites_that_there_are():
    assert {kind.suite for kind in KINDS.values()} - {None} == {measures for measures, _ in GEMM_SUITES.values()}


def test_suites_divide_the_grid():
    asked = {name: measured_kinds([name], []) for name in ("dense", "decode", "prefill")}
    m = {name: {size.m for size in _only(kinds, Request(SEED, GRID))} for name, kinds in asked.items()}
    assert m["decode"] | m["prefill"] == m["dense"] == set(M_GRID)
    assert max(m["decode"]) == 128 < min(m["prefill"])


def _only(kinds, request):
    ((kind, ranges),) = kinds.items()
    return sizes_of(kind, ranges, request)


def test_suites_of_one_kind_are_measured_together():
    kinds = measured_kinds(["decode", "prefill"], ["fp8_gemm_1d2d"])
    assert kinds == {KINDS["fp8_gemm_1d2d"]: [Range(last=128), Range(first=129), Range()]}


def test_m_is_drawn_log_uniformly_and_the_seed_says_what():
    sizes = _only(measured_kinds(["dense"], []), Request(SEED, draws=400))
    m = np.array([size.m for size in sizes])
    assert m.min() < 8 and 4096 < m.max() <= 8192
    assert (np.log2(m) % 1 > 0).mean() > 0.7
    assert 0.4 < (m < 90).mean() < 0.6  # half of the octaves
    assert sizes == _only(measured_kinds(["dense"], []), Request(SEED, draws=400))
    assert sizes != _only(measured_kinds(["dense"], []), Request(SEED + 1, draws=400))


def test_the_draws_of_a_kind_do_not_depend_on_the_others():
    alone = sizes_of(KINDS["bf16_gemm"], [Range()], Request(SEED))
    assert sizes_of(KINDS["bf16_gemm"], [Range(), Range(last=128)], Request(SEED))[: len(alone)] == alone


def test_draws_take_every_layer_in_turn():
    layers = traffic_of(KINDS["fp8_gemm_1d2d"]).layers()
    sizes = sizes_of(KINDS["fp8_gemm_1d2d"], [Range()], Request(SEED, draws=len(layers)))
    assert {(size.n, size.k) for size in sizes} == {layer[:2] for layer in layers}


def test_ends_of_a_range_are_drawn_too():
    rng = np.random.default_rng(SEED)
    assert {log_uniform(rng, 1, 3) for _ in range(100)} == {1, 2, 3}
    assert {log_uniform(rng, 129, 129) for _ in range(10)} == {129}


def test_groups_are_a_routers_by_default():
    sizes = sizes_of(
        KINDS["fp8_gemm_1d2d_masked"], [Range()], Request(SEED, [64], 3, experts=[32], shapes=[(512, 256)])
    )
    assert len(set(sizes)) == 3
    for size in sizes:
        assert len(size.counts) == 32 and sum(size.counts) == 32 * 64
        assert max(size.counts) > 4 * 64 and size.room >= max(size.counts) and size.room % 128 == 0


@pytest.mark.parametrize("groups, spread", [("equal", 0), ("uniform:0.3", 0.3)])
def test_groups_as_asked_for(groups, spread):
    request = Request(SEED, [100], 1, groups, [(512, 256)], [8])
    (size,) = sizes_of(KINDS["fp8_gemm_1d2d_contiguous"], [Range()], request)
    assert len(size.counts) == 8 and all(100 * (1 - spread) <= count <= 100 * (1 + spread) for count in size.counts)


def test_groups_have_a_row_among_them():
    rng = np.random.default_rng(SEED)
    drawn = {size_of(KINDS["fp8_gemm_1d2d_psum"], (512, 256, 2), 1, "uniform:1", rng).counts for _ in range(50)}
    assert (1, 0) in drawn and (0, 0) not in drawn


def test_heads_have_equal_rows():
    (size,) = sizes_of(KINDS["bf16_gemm_batched"], [Range()], Request(SEED, [9], 1, "zipf", [(512, 128)], [4]))
    assert size.counts == (9,) * 4 and (size.m, size.n, size.k) == (9, 512, 128)


def test_gradients_are_of_the_layer_and_sum_over_tokens():
    dense = sizes_of(KINDS["fp8_gemm_1d1d_fp32"], [Range()], Request(SEED, GRID, 1, shapes=[(512, 256)]))
    assert dense == [Size(512, 256, count) for count in GRADIENT_TOKENS]
    request = Request(SEED, [1000], 1, shapes=[(512, 256)], experts=[4])
    (grouped,) = sizes_of(KINDS["fp8_gemm_1d1d_k_grouped_fp32"], [Range()], request)
    assert (grouped.m, grouped.n, len(grouped.counts)) == (512, 256, 4)
    assert all(count % K_STEP == 0 for count in grouped.counts) and sum(grouped.counts) == grouped.k >= 4000


def test_heads_that_are_cut_must_fill_n():
    kind = KINDS[f"fp8_gemm_1d2d_{SKIP_HEAD_MID}"]
    (size,) = sizes_of(kind, [Range()], Request(SEED, [5], 1, shapes=[(512, 256)]))
    assert (size.n, size.columns_of_d) == (512, 640)
    with pytest.raises(RequestError, match="--shapes: N is 500, allowed with skip_head_mid are multiples of 256"):
        sizes_of(kind, [Range()], Request(SEED, [5], 1, shapes=[(500, 256)]))


def test_experts_change_groups_and_not_layers():
    request = Request(SEED, [64], 1, "equal", experts=[128])
    sizes = sizes_of(KINDS["bf16_gemm_masked"], [Range()], request)
    assert {(size.n, size.k) for size in sizes} == {
        layer[:2] for layer in traffic_of(KINDS["bf16_gemm_masked"]).layers()
    }
    assert {size.groups for size in sizes} == {128}
    dense = Request(SEED, [64], 1, experts=[128])
    assert {size.groups for size in sizes_of(KINDS["bf16_gemm"], [Range()], dense)} == {1}

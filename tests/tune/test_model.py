"""The model that is fitted is the library's, and fitting finds the rates there are."""

from pathlib import Path

import numpy as np
import pytest
from aotgemm import _core
from aotgemm.bench.rounds import Measurement
from aotgemm.problems.kinds import KINDS, kernels_of, words_of
from aotgemm.tune.draw import draw_sizes
from aotgemm.tune.fit import first_guess, fit
from aotgemm.tune.model import Columns, count, predict
from aotgemm.tune.points import Point, make_points
from aotgemm.tune.regret import held_out_regrets, regrets
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.matrix import gemm_specs
from codegen.write import tile_rates

SPECS = _core.specs()
BY_NAME = {spec.name(): spec for spec in gemm_specs()}
H200 = _core.named_device("h200")
TABLES = tile_rates.read_tables(gemm_specs())
KIND = KINDS["fp8_gemm_1d2d"]
TUNED = [s for s in SPECS if s["arch"] == "sm_90a" and s["grouping"] not in ("k_grouped", "batch_reduced")]


def rates_of(name, table):
    """What the build compiles in for a kernel."""
    other = tile_rates.stand_in(BY_NAME[name], [spec for spec in BY_NAME.values() if spec.name() in table.tiles])
    area = BY_NAME[name].block_m * BY_NAME[name].block_n / (other.block_m * other.block_n)
    tile, kind = table.tiles[other.name()], table.kinds[tile_rates.words_of(other)]
    tiles = tile.k_block_us * area, tile.tile_us * area, tile.launch_us
    return tiles, (kind.gbps * 1e3, kind.idle_gain, kind.power_loss, kind.outside_share)


@given(
    spec=st.sampled_from(TUNED),
    m=st.integers(1, 9000),
    n=st.integers(1, 3000).map(lambda n: 8 * n),
    k=st.integers(1, 1000).map(lambda k: 16 * k),
    groups=st.integers(1, 64),
    num_sms=st.integers(2, 132),
    table=st.sampled_from(TABLES),
)
@settings(max_examples=300, deadline=None)
def test_the_formula_is_the_librarys(spec, m, n, k, groups, num_sms, table):
    family, grouping, layout, out_dtype = words_of(spec)
    groups = 1 if grouping == "dense" else groups
    m = 128 * (groups + m // 128) if grouping in ("contiguous", "psum") else m
    device = H200 | {"memory_gbps": table.device.memory_gbps}
    choices = _core.select(family, m, n, k, num_sms, device, len(SPECS), grouping, layout, out_dtype, groups)
    (choice,) = (one for one in choices if one["kernel"] == spec["kernel"])
    counts = count(Point(family, n, k, m, grouping, layout, out_dtype, groups), spec, 132, num_sms)
    (us,) = predict(*rates_of(spec["name"], table), Columns.of([counts]))
    assert us == pytest.approx(choice["predicted_us"], rel=1e-12)


def synthetic(points, specs, tiles, kind):
    """Times that the model gives with these rates."""
    results = {}
    for point in points:
        us = predict(tiles, kind, Columns.of([count(point, spec, 132) for spec in specs]))
        results[point] = {spec["name"]: Measurement(float(t), 9) for spec, t in zip(specs, us, strict=True)}
    return results


def test_a_fit_finds_the_rates_that_made_the_times():
    specs = kernels_of(KIND)[::5]
    prior = first_guess(specs)
    rng = np.random.default_rng(5)
    tiles = prior.tiles * np.exp(rng.normal(0, 0.15, prior.tiles.shape))
    kind = np.array([3.6e6, 0.25, 0.2, 0.8])
    points = make_points(KIND, draw_sizes(KIND, None, 80, 3, H200))
    results = synthetic(points, specs, tiles, kind)
    rates = fit(results, specs, 132)
    np.testing.assert_allclose(rates.tiles[0], tiles[0], rtol=0.05)
    np.testing.assert_allclose(rates.kind[0], kind[0], rtol=0.05)
    assert rates.points.tolist() == [len(points)] * len(specs) and rates.spread.max() < 0.02
    found = regrets(results, rates, specs, 132)
    assert max(found) < 1.02 and len(found) == len(points)
    assert np.mean(held_out_regrets(results, specs, 132)) < 1.01


def test_one_wild_time_moves_no_rate():
    specs = kernels_of(KIND)[::7]
    prior = first_guess(specs)
    points = list(make_points(KIND, draw_sizes(KIND, None, 60, 4, H200)))
    results = synthetic(points, specs, prior.tiles, prior.kind)
    results[points[0]][specs[0]["name"]] = Measurement(1e5, 9)
    np.testing.assert_allclose(fit(results, specs, 132).tiles[0], prior.tiles[0], rtol=0.02)


def test_groups_that_are_known_are_counted_as_they_are():
    spec = next(s for s in SPECS if s["grouping"] == "masked" and s["block_m"] == 64 and s["family"] == KIND.family)
    point = Point(KIND.family, 4096, 7168, 50, "masked", groups=4, counts=(200, 0, 1, 64))
    known = count(point, spec, 132)
    columns = -(-4096 // spec["block_n"])
    assert known.waves == -(-(4 + 0 + 1 + 1) * columns // 132)
    twice = 2  # six tile rows of three groups
    assert known.read_bytes == (265 + twice * 3 * 4096) * 7168 and known.outside_bytes == 0


def test_every_file_of_rates_is_in_use():
    assert len(TABLES) == len(list((Path(tile_rates.FOLDER)).glob("*.txt"))) >= 2

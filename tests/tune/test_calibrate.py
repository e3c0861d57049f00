"""Calibration: the model that is fitted is the library's, and fitting finds what there is to find."""

import numpy as np
import pytest
from aotgemm import _core
from aotgemm.bench.rounds import Measurement
from aotgemm.problems.kinds import KINDS, kernels_of
from aotgemm.tune.grids import sizes_of
from aotgemm.tune.points import make_points
from aotgemm.tune.results import ResultsFile

from benchmarks.calibrate import Calibration, calibrate
from benchmarks.cost_model import CostModel
from benchmarks.fit import Measured, fit, pattern_search

H100 = _core.named_device("h100")
SHAPES = ((2112, 7168), (7168, 2048), (4096, 4096), (512, 7168))
KIND = KINDS["fp8_gemm_1d2d"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return CostModel(tmp_path_factory.mktemp("model"))


def test_the_model_is_the_librarys(model):
    for m, n, k in ((1, 2112, 7168), (300, 7168, 2048), (8192, 8192, 8192)):
        choices = _core.select("fp8_gemm_1d2d", m, n, k, 0, H100, len(_core.specs()))
        kernels = np.array([choice["kernel"] for choice in choices])
        us = model.predict(model.stated, kernels, np.tile([m, n, k, 1], (len(kernels), 1)), KIND.words, H100)
        assert us.tolist() == [choice["predicted_us"] for choice in choices]


def test_every_constant_is_read(model):
    assert len(model.names) == len(set(model.names)) > 5
    assert (model.stated > 0).all()


MEASURED = Measured(np.array([0, 2, 5]), np.array([10.0, 20.0, 6.0, 3.0, 4.0, 7.0]))


def test_regrets_are_of_the_candidate_predicted_fastest():
    assert MEASURED.regrets(np.array([2.0, 1.0, 1.0, 1.0, 5.0, 9.0])).tolist() == [2.0, 2.0, 1.0]


def test_the_loss_is_least_where_the_order_is_right():
    right, wrong = MEASURED.us, MEASURED.us[::-1]
    assert MEASURED.loss(right) < MEASURED.loss(right * 1.5) < MEASURED.loss(wrong)


def test_a_search_finds_the_least():
    target = np.array([3.0, 0.2, 40.0])
    found, _ = pattern_search(lambda x: float(np.sum(np.log(x / target) ** 2)), np.ones(3))
    np.testing.assert_allclose(found, target, rtol=0.02)
    np.testing.assert_array_equal(fit(lambda x: 0.0, target, 2), target)


def write_results(path, model, constants):
    """Measurements of a card on which the model with these constants is exact."""
    file = ResultsFile(path, KIND)
    file.open_for(H100)
    specs = kernels_of(KIND)
    kernels = np.array([spec["kernel"] for spec in specs])
    for point in make_points(KIND, sizes_of(KIND, SHAPES, (1, 16, 64, 256, 1024, 4096), None)):
        us = model.predict(
            constants, kernels, np.tile([point.m, point.n, point.k, 1], (len(specs), 1)), KIND.words, H100
        )
        file.add(point, {spec["name"]: Measurement(time, 9) for spec, time in zip(specs, us.tolist(), strict=True)})
    return file


def test_fitting_recovers_a_card_that_obeys_the_model(tmp_path, model):
    random = np.random.default_rng(1)
    true = model.stated * np.exp(random.normal(0, 1, len(model.stated)))
    file = write_results(tmp_path / "card.jsonl", model, true)
    report = calibrate(Calibration(model, KIND, file, 0), 2)
    before, held_out, after = report["regret"].values()
    assert before["p95"] > 1.1
    assert after["p95"] < 1.02 and held_out["median"] < 1.01 and held_out["p95"] < before["p95"]
    assert list(report["constants"]) == model.names and report["points"] == 24
    winners = {min(measured, key=lambda name: measured[name].us) for measured in file.results.values()}
    assert not winners & set(report["unused"])

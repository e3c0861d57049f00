"""What the selection costs on measured problems that its rates were not fitted to: see tests/data/README.md."""

import json
from pathlib import Path

import numpy as np
import pytest
from aotgemm import _core
from aotgemm.problems.kinds import KINDS

TIMES = json.loads((Path(__file__).parents[1] / "data" / "h200_problem_times.json").read_text())
# Time of the choice over that of the fastest kernel: mean, 95th percentile, worst.
BOUNDS = {
    "fp8_gemm_1d2d": (1.012, 1.05, 1.12),
    "bf16_gemm": (1.012, 1.06, 1.13),
    "fp8_gemm_1d2d_contiguous": (1.008, 1.035, 1.10),
    "fp8_gemm_1d2d_psum": (1.030, 1.095, 1.20),
    "fp8_gemm_1d2d_masked": (1.033, 1.125, 1.17),
    "fp8_gemm_1d1d_fp32": (1.005, 1.02, 1.04),
    "bf16_gemm_contiguous": (1.022, 1.06, 1.15),
    "bf16_gemm_masked": (1.032, 1.10, 1.12),
}


def chosen(kind, asked):
    m, n, k, groups = asked
    family, *words = KINDS[kind].words
    return _core.select(family, m, n, k, 0, TIMES["device"], 1, *words, groups)[0]["name"]


def regrets(kind):
    names = TIMES["kinds"][kind]["kernels"]
    problems = TIMES["kinds"][kind]["problems"]
    costs = [(p["us"][names.index(chosen(kind, p["asked"]))], min(filter(None, p["us"]))) for p in problems]
    return np.array([us / best for us, best in costs])


def test_every_measured_kind_has_bounds():
    assert set(BOUNDS) == set(TIMES["kinds"])


@pytest.mark.parametrize("kind", BOUNDS)
def test_choices_are_near_the_best(kind):
    found = regrets(kind)
    assert len(found) >= 25
    stated = dict(zip(("mean", "95th percentile", "worst"), BOUNDS[kind], strict=True))
    actual = {"mean": found.mean(), "95th percentile": np.quantile(found, 0.95), "worst": found.max()}
    assert {name: value for name, value in actual.items() if value > stated[name]} == {}

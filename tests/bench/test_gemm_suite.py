"""The GEMM suites from end to end, on a driver that answers and computes nothing; the kernel and the times of a row."""

import json

import numpy as np
import pytest
from aotgemm import _core
from aotgemm.bench.gemm_suite import chosen_kernel, make_row
from aotgemm.bench.reference import reference_key
from aotgemm.bench.timer import TRIES
from aotgemm.bench.traffic import size_of
from aotgemm.problems.kinds import KINDS, kernels_of
from aotgemm.problems.sizes import Size, k_groups, row_groups
from fake_driver import build_fake_driver, run_on_fake

US = 1e3 / 64  # between any two events of the fake driver
SMALL = ["--shapes", "512x256", "--experts", "3", "--peers", "none", "--rounds", "2"]


OF_HOPPER = [name for name, kind in KINDS.items() if "sm_90a" in kind.form.family.archs]


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    return build_fake_driver(tmp_path_factory.mktemp("driver"))


@pytest.fixture(scope="module")
def every_kind(fake):
    """A run of all kinds of the stand-in's architecture."""
    kinds = [word for name in OF_HOPPER for word in ("--kind", name)]
    return json.loads(run_on_fake(fake, "-m", "aotgemm", "bench", *kinds, *SMALL, "--draws", "2", "--json"))["gemm"]


def test_every_kind_is_measured(every_kind):
    assert list(dict.fromkeys(row["kind"] for row in every_kind["rows"])) == OF_HOPPER
    for row in every_kind["rows"]:
        assert row["us"] == row["p10"] == row["p90"] == {"aotgemm": US}
        assert row["tflops"] > 0 and row["gbps"] > 0 and row["share"] > 0
        assert row["kernel"] in {spec["name"] for spec in kernels_of(KINDS[row["kind"]])}
    assert every_kind["limits"]["gbps"] == (1 << 30) / US / 1e3
    assert every_kind["limits"]["tflops"] == dict.fromkeys(("fp8", "bf16"), 2 * 8192**3 / US / 1e6)


def test_a_run_says_what_it_was(every_kind):
    request = every_kind["request"]
    assert request["seed"] >= 0 and (request["m"], request["draws"], request["groups"]) == ("draw", 2, "zipf")
    assert request["rounds"] == 2 and list(every_kind["card_state"]) == ["before", "after"]
    problems, rounds = len(every_kind["rows"]) + 3, 3  # the limits; and a round that warms up
    assert every_kind["timer"]["rounds"] == problems * rounds
    assert 0 <= every_kind["timer"]["repeated"] <= (TRIES - 1) * problems * rounds


def test_a_seed_draws_the_same_again(fake):
    command = ["-m", "aotgemm", "bench", "decode", "grouped", *SMALL, "--draws", "3", "--seed", "5", "--json"]
    first, second = (json.loads(run_on_fake(fake, *command))["gemm"]["rows"] for _ in range(2))
    assert [(row["m"], row["counts"]) for row in first] == [(row["m"], row["counts"]) for row in second]
    assert max(row["m"] for row in first if not row["counts"]) <= 128
    assert any(len(set(row["counts"])) > 1 for row in first)


def test_the_kernel_of_k_groups_in_fp8_is_that_of_the_largest():
    kind, device = KINDS["fp8_gemm_1d1d_k_grouped_fp32"], _core.named_device("h100")
    alone = _core.select("fp8_gemm_1d1d", 512, 1024, 4096, 0, device, 1, "dense", "nt", "fp32", 1)[0]["name"]
    assert chosen_kernel(kind, k_groups((128, 4096, 0), 512, 1024), device) == alone


@pytest.mark.parametrize("name", KINDS)
def test_kernels_are_those_of_the_kind(name):
    kind = KINDS[name]
    size = size_of(kind, (512, 1024, 8), 100, "zipf", np.random.default_rng(0))
    device = _core.named_device("h200" if name in OF_HOPPER else "b200")
    assert chosen_kernel(kind, size, device) in {spec["name"] for spec in kernels_of(kind)}


def test_a_row_has_medians_and_their_spread():
    kind, size = KINDS["fp8_gemm_1d2d"], Size(1, 2, 3)
    row = make_row(kind, size, "k", {"aotgemm": [float(us) for us in range(11)], "x": [2.0]}, {"y (recorded)": 9.0})
    assert row.us == {"aotgemm": 5, "x": 2, "y (recorded)": 9}
    assert row.p10 == {"aotgemm": 1, "x": 2} and row.p90 == {"aotgemm": 9, "x": 2}


def test_recorded_times_are_of_equal_groups():
    kind = KINDS["fp8_gemm_1d2d_masked"]
    assert reference_key(kind, row_groups((20,) * 32, 4096, 7168, 128)) == ("fp8_gemm_1d2d_masked", 20, 4096, 7168, 32)
    assert reference_key(kind, row_groups((20, 21), 4096, 7168)) is None
    assert reference_key(KINDS["fp8_gemm_1d2d"], Size(1, 2, 3)) == ("fp8_gemm_1d2d", 1, 2, 3, 1)

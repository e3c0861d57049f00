"""Selection: a pure function of the problem and the device."""

import json
import os
import subprocess
import sys
from pathlib import Path

import aotgemm
from aotgemm import _core
from aotgemm.problems.kinds import words_of
from hypothesis import given, settings
from hypothesis import strategies as st

SPECS = _core.specs()
HOPPER = [name for name in _core.named_devices() if _core.named_device(name)["cc_major"] == 9]
SIZES = [(m, n, k) for m in (1, 17, 128, 4096) for n in (8, 2112, 7168) for k in (16, 1536, 7168)]
ASK = """
import json, sys
from aotgemm import _core
print(json.dumps([_core.select("fp8_gemm_1d2d", *size, 0, device, 4) for size in json.loads(sys.argv[1]) for device in
                  json.loads(sys.argv[2])]))
"""


def ask(hash_seed):
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(aotgemm.__file__).parents[1])}
    command = [sys.executable, "-c", ASK, json.dumps(SIZES), json.dumps(HOPPER)]
    return json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def test_two_processes_answer_alike():
    here = [_core.select("fp8_gemm_1d2d", *size, 0, device, 4) for size in SIZES for device in HOPPER]
    assert ask("1") == ask("2") == here


KINDS = sorted({words_of(spec) for spec in SPECS if spec["arch"] == "sm_90a"})


@given(
    kind=st.sampled_from(KINDS),
    m=st.integers(1, 20000),
    n=st.integers(1, 2000).map(lambda n: 8 * n),
    k=st.integers(1, 500).map(lambda k: 16 * k),
    groups=st.integers(1, 300),
    num_sms=st.integers(2, 132),
    device=st.sampled_from(HOPPER),
)
@settings(max_examples=200, deadline=None)
def test_every_kind_takes_the_shortest_predicted_time(kind, m, n, k, groups, num_sms, device):
    family, *words = kind
    choices = _core.select(family, m, n, k, num_sms, device, len(SPECS), *words, groups)
    serving = {spec["kernel"] for spec in SPECS if (words_of(spec), spec["arch"]) == (kind, "sm_90a")}
    assert {choice["kernel"] for choice in choices} == serving
    shortest = min(choices, key=lambda choice: (choice["predicted_us"], choice["kernel"]))
    assert _core.select(family, m, n, k, num_sms, device, 1, *words, groups) == [shortest] == choices[:1]
    assert 0 < shortest["predicted_us"] < float("inf")


@given(
    m=st.integers(1, 131072),
    n=st.integers(1, 13312).map(lambda n: 8 * n),
    k=st.integers(1, 1792).map(lambda k: 16 * k),
    num_sms=st.integers(1, 132),
    device=st.sampled_from(HOPPER),
)
@settings(max_examples=200, deadline=None)
def test_every_legal_shape_gets_a_kernel(m, n, k, num_sms, device):
    choices = _core.select("fp8_gemm_1d2d", m, n, k, num_sms, device, len(SPECS))
    best = choices[0]
    spec = SPECS[best["kernel"]]
    assert (spec["arch"], spec["family"], spec["name"]) == ("sm_90a", "fp8_gemm_1d2d", best["name"])
    assert 1 <= best["grid"] <= min(num_sms, best["tiles"])
    assert best["tiles"] * spec["block_m"] * spec["block_n"] >= m * n
    # A brute-force argmin: the least predicted time, and of equal ones the kernel that is first in the matrix.
    order = [(choice["predicted_us"], choice["kernel"]) for choice in choices]
    assert order == sorted(order) and all(choice["measured_us"] == 0 for choice in choices)
    assert (
        _core.select("fp8_gemm_1d2d", m, n, k, num_sms, device, 1) == choices[:1]
    )  # as a call chooses, without a list


def test_a_described_device_is_as_good_as_a_named_one():
    for name in HOPPER:
        described = _core.select("fp8_gemm_1d2d", 64, 2112, 7168, 0, _core.named_device(name), 3)
        assert described == _core.select("fp8_gemm_1d2d", 64, 2112, 7168, 0, name, 3)


def test_fewer_sms_take_longer():
    few, all_of_them = (_core.select("fp8_gemm_1d2d", 4096, 7168, 7168, sms, "h100", 1)[0] for sms in (16, 132))
    assert few["predicted_us"] > 2 * all_of_them["predicted_us"]


def test_as_many_choices_as_asked_for():
    assert len(_core.select("fp8_gemm_1d2d", 64, 2112, 7168, 0, "h100", 3)) == 3

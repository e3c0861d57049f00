"""Selection: a pure function of the problem and the device."""

import json
import os
import subprocess
import sys
from pathlib import Path

import aotgemm
from aotgemm import _core
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
    ranked = [choice["predicted_us"] for choice in choices if not choice["measured_us"]]
    assert ranked == sorted(ranked)
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

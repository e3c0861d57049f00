"""Several devices, and streams of each."""

import json
import os
import subprocess
import sys
from pathlib import Path

import aotgemm

CALLS = """
import json
import ml_dtypes, numpy as np
from aotgemm import _core

random = np.random.default_rng(0)
a, b = (random.standard_normal((rows, 96)).astype(ml_dtypes.bfloat16) for rows in (70, 40))
wanted = np.empty((70, 40), np.float32)
WORDS = "bf16_gemm", "dense", "nt"
_core.gemm(*WORDS, a, None, b, None, None, wanted)

def put(array, device):
    out = _core.DeviceArray.empty(array.shape, array.dtype.name, device)
    out.copy_from(array.reshape(-1).view(np.uint8))
    return out

differing = []
for device in range(_core.cuda_device_count()):
    operands = put(a, device), None, put(b, device), None, None
    streams = [None, _core.Stream(device), _core.Stream(device)]
    for stream in streams:
        d = _core.DeviceArray.empty(wanted.shape, "float32", device)
        _core.gemm(*WORDS, *operands, d, stream=stream.handle if stream else None)
        got = np.empty(wanted.nbytes, np.uint8)
        d.copy_to(got)
        differing.append(int((got.view(np.float32) != wanted.reshape(-1)).sum()))
print(json.dumps([differing, _core.cuda_device(1)["name"]]))
"""


def test_every_device_and_stream_gives_the_same_bits(machine, ptx, tmp_path):
    environment = os.environ | {
        "LD_LIBRARY_PATH": str(machine),
        "PYTHONPATH": str(Path(aotgemm.__file__).parents[1]),
        "AOTGEMM_PTX_FOLDER": str(ptx),
        "AOTGEMM_PTX_DEVICES": "3",
        "AOTGEMM_PTX_FINDINGS": str(tmp_path / "findings"),
    }
    done = subprocess.run([sys.executable, "-c", CALLS], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[0] * 9, "PTX machine"]
    assert not (tmp_path / "findings").exists() or not (tmp_path / "findings").read_text()

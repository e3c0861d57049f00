"""CUDA graphs, each in a fresh process, so that the captured call is the first of the process."""

import os
import subprocess
import sys
from pathlib import Path

import aotgemm
import pytest

CAPTURE = """
import numpy as np, torch, aotgemm
from device_problems import make_device_problem
from torch_tensors import bits
problem = make_device_problem({m}, 2112, 1024)
d, scales = problem.empty_output(), {scales}
torch.cuda.synchronize()
graph = torch.cuda.CUDAGraph()
with torch.cuda.graph(graph):
    aotgemm.fp8_gemm_nt((problem.a, scales), (problem.b, problem.sfb), d)
for _ in range(3):
    d.fill_(float("nan"))
    graph.replay()
    torch.cuda.synchronize()
    assert np.array_equal(bits(d), problem.expected)
print("equal")
"""
ALIGNED = "aotgemm.get_mn_major_tma_aligned_tensor(problem.sfa)"


@pytest.mark.parametrize("m", [1, 64, 300])
@pytest.mark.parametrize("scales", ["problem.sfa", ALIGNED], ids=["row-major", "aligned"])
def test_the_first_call_can_be_captured(m, scales):
    folders = [Path(__file__).parent, Path(__file__).parents[1] / "support", Path(aotgemm.__file__).parents[1]]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))}
    command = [sys.executable, "-c", CAPTURE.format(m=m, scales=scales)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "equal\n"), done.stderr

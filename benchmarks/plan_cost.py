"""What a plan in force costs each call on the host: `python benchmarks/plan_cost.py`, on a Hopper GPU.

The same launch, timed without a plan and under a strict one in turns, so that both see the same machine. GPU work is
small, and the queue is emptied between the rounds, so that the host's time is what is measured.
"""

import tempfile
import time
from pathlib import Path
from statistics import median

import aotgemm
import ml_dtypes
import numpy
from aotgemm import _core
from aotgemm.audit.architectures import calls_of
from aotgemm.audit.calls import Call
from aotgemm.audit.plan import make_plan
from aotgemm.audit.sources import model_config
from aotgemm.plan.document import canonical_text

M, N, K = 16, 64, 128
ROUNDS, CALLS = 41, 500


def _time_calls(call) -> float:
    """Nanoseconds of host time a call."""
    start = time.perf_counter_ns()
    for _ in range(CALLS):
        call()
    took = time.perf_counter_ns() - start
    _core.synchronize(0)
    return took / CALLS


def _plan() -> str:
    """As large as a real one: DeepSeek-V3's calls, and the one that is timed."""
    calls = [*calls_of(model_config("deepseek-v3"), 8, 8), Call(("timed",), "fp8_gemm_1d2d", N, K)]
    source = {"kind": "model", "name": "deepseek-v3", "tp": 8, "ep": 8}
    return canonical_text(make_plan(calls, _core.cuda_device(0), source))


def main() -> None:
    a, b = (aotgemm.from_numpy(numpy.ones((rows, K), ml_dtypes.float8_e4m3fn)) for rows in (M, N))
    sfa, sfb = (aotgemm.from_numpy(numpy.ones((rows, 1), numpy.float32)) for rows in (M, 1))
    d = aotgemm.from_numpy(numpy.zeros((M, N), ml_dtypes.bfloat16))
    times = {"no plan": [], "strict": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        path.write_text(_plan(), encoding="utf-8")
        for _ in range(ROUNDS):
            for mode, samples in times.items():
                aotgemm.load_plan(path) if mode == "strict" else aotgemm.unload_plan()
                _time_calls(lambda: aotgemm.fp8_gemm_nt((a, sfa), (b, sfb), d))
                samples.append(_time_calls(lambda: aotgemm.fp8_gemm_nt((a, sfa), (b, sfb), d)))
    none, strict = (median(samples) for samples in times.values())
    device = _core.cuda_device(0)["name"]
    print(f"{device}: {none:.0f} ns a call without a plan, {strict:.0f} ns under a strict one: {strict - none:+.0f} ns")


if __name__ == "__main__":
    main()

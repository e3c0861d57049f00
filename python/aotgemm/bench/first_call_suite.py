"""Suite `first_call`: what a process pays once. Each part runs in a process of its own, in which nothing is warm.

`python -m aotgemm.bench.first_call_suite PART` is such a process; it prints one JSON object.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from .. import _core
from ..errors import Error
from ..problems.arena import OperandArena
from ..problems.backends import CudaBackend
from ..problems.call import prepared, public
from ..problems.kinds import KINDS
from ..problems.make import Problem
from ..problems.sizes import Size
from .peers import torch_problem
from .rounds import Call

SHAPES = [(m, n, k) for n, k in ((2112, 7168), (7168, 2048), (4096, 7168)) for m in (1, 7, 65, 130, 517, 1030, 4099)]
PEER_SHAPES = SHAPES[2:4]  # a peer that compiles takes seconds for each


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _call_ms(run: Callable[[], Any]) -> float:
    """Of a call and of the GPU's work behind it."""
    return 1e3 * _seconds(lambda: (run(), _core.synchronize(0)))


def _preload() -> dict[str, float]:
    _core.synchronize(0)  # the context is not part of it
    return {"ms": 1e3 * _seconds(lambda: _core.preload(0))}


def _problems(shapes: list[tuple[int, int, int]]) -> list[Problem]:
    """Problems of these (M, N, K) on the GPU, which has nothing left to do."""
    sizes = [Size(*shape) for shape in shapes]
    arena = OperandArena(KINDS["fp8_gemm_1d2d"], sizes, CudaBackend())
    problems = [arena.problem(size) for size in sizes]
    _core.synchronize(0)
    return problems


def _timed(calls: list[Call]) -> dict[str, float]:
    times = [_call_ms(call) for call in calls]
    return {"median ms": median(times), "worst ms": max(times), "shapes": len(times)}


def _ours() -> dict[str, float]:
    return _timed([prepared(problem) for problem in _problems(SHAPES)])


def _deep_gemm() -> dict[str, float]:
    import deep_gemm

    return _timed([public(torch_problem(problem), deep_gemm) for problem in _problems(PEER_SHAPES)])


PARTS = {
    "preload of every kernel": _preload,
    "first call of a shape": _ours,
    "deep_gemm, first call of a shape": _deep_gemm,
}


def _run_part(part: str, cache: str) -> dict[str, Any]:
    # DeepGEMM keeps what it compiled; an empty folder of its own makes its first call a first call.
    environment = os.environ | {"DG_JIT_CACHE_DIR": cache}
    command = [sys.executable, "-m", "aotgemm.bench.first_call_suite", part]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        return {"failed": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def measure_first_calls(with_deep_gemm: bool) -> dict[str, dict[str, Any]]:
    """Milliseconds by part; a part that failed says why."""
    parts = [part for part in PARTS if with_deep_gemm or not part.startswith("deep_gemm")]
    with tempfile.TemporaryDirectory() as cache:
        return {part: _run_part(part, cache) for part in parts}


def main(arguments: list[str]) -> int:
    try:
        print(json.dumps(PARTS[arguments[0]]()))
    except Error as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

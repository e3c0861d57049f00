"""Plans for tests."""

from contextlib import contextmanager

import aotgemm
import ml_dtypes
import numpy as np
from aotgemm import _core
from aotgemm.audit.calls import Call
from aotgemm.audit.plan import make_plan
from aotgemm.plan.document import canonical_text

SOURCE = {"kind": "shapes", "name": "tests", "tp": 1, "ep": 1}


def small_plan(tokens=64, shapes=((64, 128), (512, 256)), num_sms=(), device="h100"):
    calls = [Call((f"{n}x{k}",), "fp8_gemm_1d2d", n, k) for n, k in shapes]
    return make_plan(calls, _core.named_device(device), SOURCE, tokens, num_sms)


def write_plan(folder, plan):
    path = folder / "plan.json"
    path.write_text(canonical_text(plan))
    return path


@contextmanager
def in_force(path, mode):
    aotgemm.load_plan(path, mode)
    try:
        yield
    finally:
        aotgemm.unload_plan()


def gemm_on_cpu(m, n=64, k=128):
    """One call, ones times ones."""
    ones = [np.ones(shape, ml_dtypes.float8_e4m3fn) for shape in ((m, k), (n, k))]
    scales = [np.ones((rows, -(-k // 128)), np.float32) for rows in (m, -(-n // 128))]
    d = np.zeros((m, n), ml_dtypes.bfloat16)
    aotgemm.fp8_gemm_nt((ones[0], scales[0]), (ones[1], scales[1]), d)
    return d

"""Operands for which a launch has too few thread blocks: the CPU refuses what a GPU does, in the same words.

On a driver that answers and computes nothing, in compile mode, so that tensors of 2^50 bytes need no memory.
"""

import json

import pytest
from exchange_tensor_build import build_exchange_tensor
from fake_driver import build_fake_driver, run_on_fake

PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
import aotgemm, ml_dtypes, numpy as np
from aotgemm import _core
from exchange_tensor import ExchangeTensor

M, K = (1 << 31) - 1024, 1 << 24
index = np.zeros(2, np.int32)

def verdict(call, device):
    placed = 0
    def tensor(dtype, *shape, stride=None, address=None):
        nonlocal placed
        placed += 1
        row_major = tuple(int(np.prod(shape[i + 1:], dtype=object)) for i in range(len(shape)))
        return ExchangeTensor(address or placed << 59, shape, stride or row_major, dtype, device)
    try:
        call(tensor)
    except aotgemm.Error as error:
        return f"{type(error).__name__}: {error}"
    return ""

def bf16_sum(t):
    n = 1 << 11
    _core.gemm("bf16_gemm", "batch_reduced", "nt", t("bfloat16", 1, M, 16), None, t("bfloat16", 1, n, 16), None, None,
               t("bfloat16", M, n), workspace=t("float32", 1, M, n))

def scales_by_row(t):
    _core.gemm("fp8_gemm_1d2d", "dense", "nt", t("float8_e4m3fn", M, K), t("float32", M, K // 128),
               t("float8_e4m3fn", 8, K), t("float32", 1, K // 128), None, t("bfloat16", M, 8))

k_groups = lambda t: t("int32", 2, address=index.ctypes.data)
CALLS = {
    "cast by block": lambda t: _core.cast("per_block_fp8", t("bfloat16", M, K), t("float8_e4m3fn", M, K),
                                          t("float32", M // 128, K // 128)),
    "cast by channel": lambda t: _core.cast("per_channel_fp8", t("bfloat16", M, K), t("float8_e4m3fn", M, K),
                                            t("float32", M // 128, K)),
    "cast by dims": lambda t: _core.cast_dims(t("bfloat16", M, 64, 2), t("float8_e4m3fn", M, 64, 2),
                                              t("float32", M, 64, 1), False),
    "fp4_to_fp32": lambda t: _core.fp4_to_fp32(t("int8", M, K), t("float32", M, K // 64), t("float32", M, 2 * K), 128),
    "fp4_to_fp8": lambda t: _core.fp4_to_fp8(t("int8", M, K), t("float32", M, K // 16), t("float8_e4m3fn", M, 2 * K),
                                             t("float32", M // 128, K // 64), t("int32", M // 128, K // 64)),
    "transpose_fp4": lambda t: _core.transpose_fp4(t("int8", M, K), t("int8", 2 * K, M // 2)),
    "pack": lambda t: _core.pack_ue8m0(t("float32", M, K), t("int32", M, K // 4), None, 1),
    "pack over groups of K": lambda t: _core.pack_ue8m0_k_grouped(t("float32", K, M), t("int32", K // 4, M),
                                                                  k_groups(t), 128, 128, False),
    "scales in MN-major order": lambda t: _core.sf_to_mn_major(t("float32", M, K), t("float32", M, K, stride=(1, M))),
    "copy of a GEMM's scales": scales_by_row,
    "sum over batches": bf16_sum,
    "prenorm": lambda t: _core.tf32_hc_prenorm_gemm(t("bfloat16", 1 << 20, 64), t("float32", 8, 64),
                                                    t("float32", 1 << 20, 1 << 20, 8), t("float32", 1 << 20, 1 << 20),
                                                    1 << 20),
}
aotgemm.set_compile_mode(1)
print(json.dumps({name: [verdict(call, 1), verdict(call, 2)] for name, call in CALLS.items()}))
"""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    folder = build_exchange_tensor(build_fake_driver(tmp_path_factory.mktemp("driver")))
    return json.loads(run_on_fake(folder, "-c", PROGRAM, str(folder)))


def test_the_cpu_refuses_what_no_launch_has_room_for(verdicts):
    for name, (cpu, cuda) in verdicts.items():
        assert cpu == cuda and cuda.startswith("ShapeError: "), (name, cpu, cuda)
        words = "pieces of work" if name == "prenorm" else "thread blocks"
        assert words in cuda and cuda.endswith("allowed is at most 2147483647"), (name, cuda)

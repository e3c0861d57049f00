"""What the BF16 calls refuse: the class, and a sentence that names the argument, what came and what is allowed."""

import aotgemm
import numpy as np
import pytest
from aotgemm import _core
from bf16_problems import BF16
from problems import CudaLike

M, N, K = 5, 64, 48


def gemm(**changed):
    given = {"a": np.zeros((M, K), BF16), "b": np.zeros((N, K), BF16), "d": np.zeros((M, N), BF16), "c": None} | changed
    aotgemm.bf16_gemm_nt(given["a"], given["b"], given["d"], given["c"])


def cuda_gemm(layout="nt", **changed):
    """Operands that claim to be on a GPU: only for what is refused before a launch."""
    given = {
        "a": CudaLike((M, K), (K, 1), "bfloat16"),
        "b": CudaLike((N, K), (K, 1), "bfloat16"),
        "c": None,
        "d": CudaLike((M, N), (N, 1), "bfloat16"),
    } | changed
    _core.gemm("bf16_gemm", "dense", layout, **given, sfa=None, sfb=None, stream=0)


def k_grouped(ks=(64, 0, 64), **changed):
    given = {
        "a": np.zeros((128, M), BF16),
        "b": np.zeros((128, N), BF16),
        "d": np.zeros((3, M, N), np.float32),
        "ks_tensor": np.array(ks, np.int32),
    } | changed
    aotgemm.k_grouped_bf16_gemm_tn_contiguous(given["a"], given["b"], given["d"], ks, given["ks_tensor"])


def masked(**changed):
    given = {
        "a": np.zeros((2, M, K), BF16),
        "b": np.zeros((2, N, K), BF16),
        "d": np.zeros((2, M, N), BF16),
        "masked_m": np.array([1, 2], np.int32),
        "expected_m": 1,
    } | changed
    aotgemm.m_grouped_bf16_gemm_nt_masked(**given)


CASES = {
    "a is None": (lambda: gemm(a=None), aotgemm.DtypeError, "a: is a NoneType"),
    "unknown layout": (
        lambda: cuda_gemm("xy"),
        aotgemm.LayoutError,
        "layout: is 'xy', allowed is nt, nn, tn or tt",
    ),
    "a in FP32": (lambda: gemm(a=np.zeros((M, K), np.float32)), aotgemm.DtypeError, "a: dtype is float32.*bfloat16"),
    "d in int32": (lambda: gemm(d=np.zeros((M, N), np.int32)), aotgemm.DtypeError, "d: .*int32.*bfloat16 or float32"),
    "c of another type": (
        lambda: gemm(c=np.zeros((M, N), np.float32)),
        aotgemm.DtypeError,
        "c: dtype is float32, allowed is bfloat16",
    ),
    "c of another shape": (lambda: gemm(c=np.zeros((M + 1, N), BF16)), aotgemm.ShapeError, r"c: shape is \[6, 64\].*5"),
    "K differs": (lambda: gemm(b=np.zeros((N, K + 8), BF16)), aotgemm.ShapeError, r"b: shape is \[64, 56\].*48"),
    "N = 60": (
        lambda: gemm(b=np.zeros((60, K), BF16), d=np.zeros((M, 60), BF16)),
        aotgemm.ShapeError,
        "b: N is 60, must be a multiple of 8; the nearest is 64",
    ),
    "three dimensions": (lambda: gemm(a=np.zeros((1, M, K), BF16)), aotgemm.ShapeError, "a: has 3 dimensions"),
    "stride of a": (
        lambda: cuda_gemm(a=CudaLike((M, K), (50, 1), "bfloat16")),
        aotgemm.LayoutError,
        "a: stride of dimension 0 is 50 elements, must be a multiple of 8.*the nearest is 56",
    ),
    "no stride of a is 1": (
        lambda: cuda_gemm(a=CudaLike((M, K), (96, 2), "bfloat16")),
        aotgemm.LayoutError,
        "a: stride of dimension 1 is 2, must be 1",
    ),
    "M-major a of odd rows": (
        lambda: cuda_gemm("tn", a=CudaLike((K, M), (M, 1), "bfloat16"), b=CudaLike((K, N), (N, 1), "bfloat16")),
        aotgemm.LayoutError,
        "a: stride of dimension 0 is 5 elements, must be a multiple of 8",
    ),
    "column-major d": (
        lambda: cuda_gemm(d=CudaLike((M, N), (1, M), "bfloat16")),
        aotgemm.LayoutError,
        "d: stride of dimension 1 is 5, must be 1",
    ),
    "address of c": (
        lambda: cuda_gemm(c=CudaLike((M, N), (N, 1), "bfloat16", address=264)),
        aotgemm.LayoutError,
        "c: data starts 8 bytes past",
    ),
    "c on the CPU": (lambda: cuda_gemm(c=np.zeros((M, N), BF16)), aotgemm.DeviceError, "c: is on the CPU"),
    "ks of two groups": (lambda: k_grouped(ks=[64, 64]), aotgemm.ShapeError, "ks: has 2 elements, must have 3"),
    "ks of 60": (lambda: k_grouped(ks=[60, 4, 64]), aotgemm.ShapeError, "ks: group 0 has K = 60.*64.*nearest is 64"),
    "ks below 0": (lambda: k_grouped(ks=[-64, 128, 64]), aotgemm.ShapeError, "ks: group 0 has K = -64.*nearest is 0"),
    "ks of floats": (lambda: k_grouped(ks=[64.0, 0, 64]), aotgemm.DtypeError, "ks: holds a float, allowed are ints"),
    "sum of ks": (lambda: k_grouped(ks=[64, 0, 0]), aotgemm.ShapeError, r"ks: the sum is 64, must be 128 \(K of a\)"),
    "ks_tensor in int64": (
        lambda: k_grouped(ks_tensor=np.array([64, 0, 64])),
        aotgemm.DtypeError,
        "ks_tensor: .*int32.*int64",
    ),
    "d in BF16": (lambda: k_grouped(d=np.zeros((3, M, N), BF16)), aotgemm.DtypeError, "d: dtype is bfloat16.*float32"),
    "masked_m beyond M": (lambda: masked(masked_m=np.array([1, 6], np.int32)), aotgemm.ShapeError, "masked_m: group 1"),
    "expected_m of 0": (lambda: masked(expected_m=0), aotgemm.ShapeError, "expected_m: is 0, allowed is a positive"),
    "groups differ": (lambda: masked(a=np.zeros((3, M, K), BF16)), aotgemm.ShapeError, r"a: shape is \[3, 5, 48\].*2"),
    "masked d in FP32": (lambda: masked(d=np.zeros((2, M, N), np.float32)), aotgemm.DtypeError, "d: dtype is float32"),
    "a hint without psum": (
        lambda: aotgemm.m_grouped_bf16_gemm_nt_contiguous(*[np.zeros((1, 8), BF16)] * 4, expected_m_for_psum_layout=3),
        aotgemm.ShapeError,
        "expected_m_for_psum_layout: is 3, allowed is None",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refused(case):
    call, kind, message = CASES[case]
    with pytest.raises(kind, match=f"^{message}"):
        call()

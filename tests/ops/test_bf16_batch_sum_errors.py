"""What einsum "bmk,bnk->mn" refuses: one row of the table for each cause."""

import aotgemm
import c_abi
import numpy as np
import pytest
from bf16_problems import BF16
from error_tables import assert_raises_as_told
from problems import CudaLike, Device

B, M, N, K = 3, 5, 64, 48


def call(**changed):
    given = {
        "a": np.zeros((B, M, K), BF16),
        "b": np.zeros((B, N, K), BF16),
        "d": np.zeros((M, N), np.float32),
        "c": None,
    } | changed
    aotgemm.einsum("bmk,bnk->mn", **given)


def cuda_like(*shape, dtype="bfloat16", **changed):
    strides = tuple(int(np.prod(shape[i + 1 :])) for i in range(len(shape)))
    return CudaLike(**({"shape": shape, "strides": strides, "dtype": dtype} | changed))


def cuda_call(**changed):
    """Operands that claim to be on a GPU: only for what is refused before a launch."""
    given = {
        "a": cuda_like(B, M, K),
        "b": cuda_like(B, N, K),
        "d": cuda_like(M, N, dtype="float32"),
        "workspace": cuda_like(B, M, N, dtype="float32"),
    } | changed
    c_abi.gemm("bf16_gemm", "batch_reduced", "nt", **given)


ON_CPU = Device("cpu", 0)
SHAPE, DTYPE, LAYOUT, DEVICE = aotgemm.ShapeError, aotgemm.DtypeError, aotgemm.LayoutError, aotgemm.DeviceError
CASES = {
    "a of two dimensions": (lambda: call(a=np.zeros((M, K), BF16)), SHAPE, "a: has 2 dimensions, allowed is 3"),
    "d of three dimensions": (lambda: call(d=np.zeros((1, M, N), BF16)), SHAPE, "d: has 3 dimensions, allowed is 2"),
    "batches differ": (lambda: call(b=np.zeros((4, N, K), BF16)), SHAPE, "b: shape is [4, 64, 48]", "3 (batches of a)"),
    "K differs": (lambda: call(b=np.zeros((B, N, 40), BF16)), SHAPE, "b: shape is [3, 64, 40]", "48 (K of a)"),
    "M of d": (lambda: call(d=np.zeros((6, N), BF16)), SHAPE, "d: shape is [6, 64]", "5 (M of a)"),
    "N of d": (lambda: call(d=np.zeros((M, 72), BF16)), SHAPE, "d: shape is [5, 72]", "64 (N of b)"),
    "N = 60": (
        lambda: call(b=np.zeros((B, 60, K), BF16), d=np.zeros((M, 60), BF16)),
        *(SHAPE, "b: N is 60, must be a multiple of 8; the nearest is 64"),
    ),
    "a in FP32": (lambda: call(a=np.zeros((B, M, K), np.float32)), DTYPE, "a: dtype is float32, allowed is bfloat16"),
    "d in int32": (lambda: call(d=np.zeros((M, N), np.int32)), DTYPE, "d: dtype", "bfloat16 or float32", "int32"),
    "c of another type": (lambda: call(c=np.zeros((M, N), BF16)), DTYPE, "c: dtype is bfloat16, allowed is float32"),
    "c of another shape": (lambda: call(c=np.zeros((M, 72), np.float32)), SHAPE, "c: shape is [5, 72]", "64 (as d)"),
    "a is no tensor": (lambda: call(a=None), DTYPE, "a: is a NoneType"),
    "b on the CPU": (
        lambda: cuda_call(b=cuda_like(B, N, K, device=ON_CPU)),
        *(DEVICE, "b: is on the CPU, but a is on CUDA"),
    ),
    "M-major a": (
        lambda: cuda_call(a=cuda_like(B, M, K, strides=(K * 8, 1, 8))),
        *(LAYOUT, "a: stride of dimension 2 is 8, must be 1"),
    ),
    "row stride of b": (
        lambda: cuda_call(b=cuda_like(B, N, K, strides=(N * 50, 50, 1))),
        *(LAYOUT, "b: stride of dimension 1 is 50 elements, must be a multiple of 8", "nearest is 56"),
    ),
    "batch stride of a": (
        lambda: cuda_call(a=cuda_like(B, M, K, strides=(M * K + 4, K, 1))),
        *(LAYOUT, "a: stride of dimension 0 is 244 elements, must be a multiple of 8"),
    ),
    "column-major d": (
        lambda: cuda_call(d=cuda_like(M, N, dtype="float32", strides=(1, M))),
        *(LAYOUT, "d: stride of dimension 1 is 5, must be 1"),
    ),
    "address of c": (
        lambda: cuda_call(c=cuda_like(M, N, dtype="float32", address=264)),
        *(LAYOUT, "c: data starts 8 bytes past a multiple of 16"),
    ),
    "workspace in BF16": (
        lambda: cuda_call(workspace=cuda_like(B, M, N)),
        *(DTYPE, "workspace: dtype is bfloat16, allowed is float32"),
    ),
    "a workspace of two ranges": (
        lambda: cuda_call(workspace=cuda_like(2, M, N, dtype="float32")),
        *(SHAPE, "workspace: shape is [2, 5, 64], size 0 must be 3 (ranges of batches)"),
    ),
    "a workspace with gaps": (
        lambda: cuda_call(workspace=cuda_like(B, M, N, dtype="float32", strides=(360, 72, 1))),
        *(LAYOUT, "workspace: stride of dimension 1 is 72, must be 64 (float32 [3, 5, 64], contiguous)"),
    ),
    "a workspace elsewhere": (
        lambda: cuda_call(workspace=cuda_like(B, M, N, dtype="float32", device=Device("cuda", 1))),
        *(DEVICE, "workspace: is on CUDA device 1, but d is on CUDA device 0"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refused(case):
    assert_raises_as_told(CASES[case])


def test_a_call_without_workspace_and_allocator_says_what_it_needs():
    with pytest.raises(SHAPE, match=r"^workspace: is none, must be float32 \[3, 5, 64\], contiguous"):
        cuda_call(workspace=None)
    one_range = {"a": cuda_like(1, M, K), "b": cuda_like(1, N, K)}
    with pytest.raises(SHAPE, match=r"^workspace: is none, must be float32 \[1, 5, 64\]"):
        cuda_call(**one_range, d=cuda_like(M, N), workspace=None)

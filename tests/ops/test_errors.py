"""Every error: its class, and that its sentence names the argument, what came and what is allowed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import aotgemm
import numpy as np
import pytest
from aotgemm import DeviceArray, _core
from aotgemm.arrays.frameworks import empty_strided
from error_tables import assert_raises_as_told
from problems import BF16, FP8, CudaLike, Device, make_problem

M, N, K = 5, 64, 256


def gemm(**changed):
    """The public call on good operands, some of them replaced."""
    problem = make_problem(M, N, K)
    given = {
        "a": problem.a,
        "sfa": problem.sfa,
        "b": problem.b,
        "sfb": problem.sfb,
        "d": problem.empty_output(),
    } | changed
    options = {name: given[name] for name in ("c", "recipe", "recipe_a", "recipe_b") if name in given}
    aotgemm.fp8_gemm_nt((given["a"], given["sfa"]), (given["b"], given["sfb"]), given["d"], **options)


def cuda_gemm(**changed):
    """The binding's call on operands that claim to be on a GPU; only for what is refused before a launch."""
    operands = {
        "a": CudaLike((M, K), (K, 1), "float8_e4m3fn"),
        "sfa": CudaLike((M, 2), (1, 8), "float32"),
        "b": CudaLike((N, K), (K, 1), "float8_e4m3fn"),
        "sfb": CudaLike((1, 2), (2, 1), "float32"),
        "d": CudaLike((M, N), (N, 1), "bfloat16"),
    } | changed
    _core.gemm("fp8_gemm_1d2d", "dense", "nt", **operands, c=None, stream=0)


def zeros(shape, dtype=np.float32):
    return np.zeros(shape, dtype)


def read_only(array):
    array.flags.writeable = False
    return array


def bytes_apart(shape, step):
    """FP32 whose rows start at odd bytes."""
    return np.lib.stride_tricks.as_strided(np.zeros(4096, np.uint8)[:4].view(np.float32), shape, (step, 4))


EMPTY = DeviceArray.empty([0, 4], "float32")
OTHER_FRAMEWORK = CudaLike((4, 128), (128, 1), "float32")
X = zeros((4, 128))

CASES = {
    # Arguments that are no tensors
    "a is no pair": (lambda: aotgemm.fp8_gemm_nt(X, (X, X), X), aotgemm.DtypeError, "a: is a ndarray", "pair"),
    "b has three": (
        lambda: aotgemm.fp8_gemm_nt((X, X), (X, X, X), X),
        aotgemm.DtypeError,
        "b: is a tuple of length 3",
        "pair",
    ),
    "d is None": (lambda: gemm(d=None), aotgemm.DtypeError, "d: is a NoneType", "PyTorch tensor"),
    "sfa is a list": (lambda: gemm(sfa=[1.0]), aotgemm.DtypeError, "sfa: is a list", "NumPy array"),
    "x is text": (lambda: aotgemm.per_token_cast_to_fp8("x", False), aotgemm.DtypeError, "x: is a str", "tensor"),
    "stream is a float": (
        lambda: _core.sf_to_mn_major(X, X, stream=1.0),
        aotgemm.DtypeError,
        "stream: is a float",
        "CUstream as an int",
    ),
    "no output for that framework": (
        lambda: empty_strided("x", OTHER_FRAMEWORK, [4], [1], "float32"),
        aotgemm.DtypeError,
        "x: is a problems.CudaLike",
        "DeviceArray",
    ),
    # Element types
    "a in bfloat16": (lambda: gemm(a=zeros((M, K), BF16)), aotgemm.DtypeError, "a: dtype is bfloat16", "float8_e4m3fn"),
    "b in float32": (lambda: gemm(b=zeros((N, K))), aotgemm.DtypeError, "b: dtype is float32", "float8_e4m3fn"),
    "sfa in bfloat16": (lambda: gemm(sfa=zeros((M, 2), BF16)), aotgemm.DtypeError, "sfa: dtype is bfloat16", "float32"),
    "sfb in int32": (lambda: gemm(sfb=zeros((1, 2), np.int32)), aotgemm.DtypeError, "sfb: dtype is int32", "float32"),
    "d in float16": (lambda: gemm(d=zeros((M, N), np.float16)), aotgemm.DtypeError, "d: ", "d is float16", "bfloat16"),
    "sfa big-endian": (lambda: gemm(sfa=zeros((M, 2), ">f4")), aotgemm.DtypeError, "sfa: ", "sfa is >f4", "float32"),
    "x in float64": (
        lambda: aotgemm.per_block_cast_to_fp8(zeros((4, 128), float), False),
        aotgemm.DtypeError,
        "x: ",
        "x is float64",
        "bfloat16 or float32",
    ),
    "sf in bfloat16": (
        lambda: aotgemm.get_mn_major_tma_aligned_tensor(zeros((4, 2), BF16)),
        aotgemm.DtypeError,
        "sf: dtype is bfloat16",
        "float32",
    ),
    "device array in float16": (
        lambda: DeviceArray.empty([0], "float16"),
        aotgemm.DtypeError,
        "dtype: is float16",
        "float8_e4m3fn, bfloat16, float32, int32 or int8",
    ),
    "chain of mixed types": (
        lambda: _core.emulate_wgmma(zeros((2, 32), FP8), zeros((2, 32), BF16), zeros((2, 2))),
        aotgemm.DtypeError,
        "b: ",
        "bfloat16",
        "float8_e4m3fn",
    ),
    # Sizes
    "a has one dimension": (lambda: gemm(a=zeros(K, FP8)), aotgemm.ShapeError, "a: has 1 dimensions", "allowed is 2"),
    "sfa has three": (lambda: gemm(sfa=zeros((1, M, 2))), aotgemm.ShapeError, "sfa: has 3 dimensions", "allowed is 2"),
    "a has five": (lambda: gemm(a=zeros((1, 1, 1, 1, 1), FP8)), aotgemm.ShapeError, "a: has 5 dimensions", "at most 4"),
    "x has three": (
        lambda: aotgemm.per_token_cast_to_fp8(zeros((1, 2, 3)), False),
        aotgemm.ShapeError,
        "x: has 3 dimensions",
        "allowed is 2",
    ),
    "sf has one": (
        lambda: aotgemm.get_mn_major_tma_aligned_tensor(zeros(4)),
        aotgemm.ShapeError,
        "sf: has 1 dimensions",
        "2 or 3",
    ),
    "K differs": (lambda: gemm(b=zeros((N, 128), FP8)), aotgemm.ShapeError, "b: shape is [64, 128]", "256"),
    "rows of sfa": (lambda: gemm(sfa=zeros((M + 1, 2))), aotgemm.ShapeError, "sfa: shape is [6, 2]", "must be 5"),
    "columns of sfa": (lambda: gemm(sfa=zeros((M, 3))), aotgemm.ShapeError, "sfa: shape is [5, 3]", "must be 2"),
    "rows of sfb": (lambda: gemm(sfb=zeros((2, 2))), aotgemm.ShapeError, "sfb: shape is [2, 2]", "must be 1"),
    "columns of sfb": (lambda: gemm(sfb=zeros((1, 1))), aotgemm.ShapeError, "sfb: shape is [1, 1]", "must be 2"),
    "rows of d": (lambda: gemm(d=zeros((M + 1, N), BF16)), aotgemm.ShapeError, "d: shape is [6, 64]", "must be 5"),
    "columns of d": (lambda: gemm(d=zeros((M, N + 8), BF16)), aotgemm.ShapeError, "d: shape is [5, 72]", "must be 64"),
    "N = 60": (
        lambda: gemm(b=zeros((60, K), FP8), d=zeros((M, 60), BF16)),
        aotgemm.ShapeError,
        "b: N is 60",
        "multiple of 8",
        "64",
    ),
    "K = 200": (
        lambda: gemm(a=zeros((M, 200), FP8), b=zeros((N, 200), FP8)),
        aotgemm.ShapeError,
        "a: K is 200",
        "multiple of 16",
        "208",
    ),
    "shape of q": (
        lambda: _core.cast("per_token_fp8", X, zeros((3, 128), FP8), zeros((4, 1))),
        aotgemm.ShapeError,
        "q: shape is [3, 128]",
        "must be 4",
    ),
    "shape of out": (
        lambda: _core.sf_to_mn_major(X, zeros((4, 8))),
        aotgemm.ShapeError,
        "out: shape is [4, 8]",
        "must be 128",
    ),
    "recipe": (
        lambda: gemm(recipe=(1, 32, 32)),
        aotgemm.ShapeError,
        "recipe: is (1, 32, 32)",
        "None or (1, 128, 128) or (1, 1, 128)",
    ),
    "recipe_a": (lambda: gemm(recipe_a=(1, 32)), aotgemm.ShapeError, "recipe_a: is (1, 32)", "None or (1, 128)"),
    "recipe_b": (lambda: gemm(recipe_b=(32, 32)), aotgemm.ShapeError, "recipe_b: is (32, 32)", "None or (128, 128)"),
    "gran_k of a token cast": (
        lambda: aotgemm.per_token_cast_to_fp8(X, False, 64),
        aotgemm.ShapeError,
        "gran_k: is 64",
        "32 or 128",
    ),
    "gran_k of a block cast": (
        lambda: aotgemm.per_block_cast_to_fp8(X, False, 64),
        aotgemm.ShapeError,
        "gran_k: is 64",
        "32 or 128",
    ),
    "rows of a cast per channel": (
        lambda: aotgemm.per_channel_cast_to_fp8(zeros((130, 64)), False),
        aotgemm.ShapeError,
        "x: has 130 rows, must be a multiple of gran_k = 128; the nearest is 256",
    ),
    "columns of a cast to FP4": (
        lambda: aotgemm.per_token_cast_to_fp4(zeros((2, 33)), False),
        aotgemm.ShapeError,
        "x: has 33 columns, must be a multiple of 2 (two codes a byte); the nearest is 34",
    ),
    "dtype of gate and up": (
        lambda: aotgemm.silu_mul_cast_to_fp8(zeros((2, 64)), False),
        aotgemm.DtypeError,
        "x: dtype is float32, allowed is bfloat16",
    ),
    "limit of a SwiGLU": (
        lambda: aotgemm.silu_mul_cast_to_fp8(zeros((2, 64)), False, limit=-1.0),
        aotgemm.ShapeError,
        "limit: is -1.0, allowed is None or a positive number",
    ),
    "packed scales that are no powers of two": (
        lambda: aotgemm.per_token_cast_to_fp8(X, False, use_packed_ue8m0=True),
        aotgemm.DtypeError,
        "use_packed_ue8m0: is True without use_ue8m0",
    ),
    "masked_m beside grouped_layout": (
        lambda: aotgemm.per_token_cast_to_fp8(X, False, grouped_layout=X, masked_m=X),
        aotgemm.ShapeError,
        "masked_m: is given with grouped_layout",
    ),
    "use_psum_layout alone": (
        lambda: aotgemm.per_token_cast_to_fp8(X, False, use_psum_layout=True),
        aotgemm.ShapeError,
        "use_psum_layout: is True without grouped_layout",
    ),
    "a group's end beyond the rows of a cast": (
        lambda: aotgemm.per_token_cast_to_fp8(X, False, grouped_layout=np.array([9], np.int32), use_psum_layout=True),
        aotgemm.ShapeError,
        "grouped_layout: group 0 ends at row 9, allowed is 0",
    ),
    "masked_m of another number of groups": (
        lambda: aotgemm.per_token_cast_to_fp8(zeros((2, 3, 32)), False, masked_m=np.array([1], np.int32)),
        aotgemm.ShapeError,
        "masked_m: shape is [1], size 0 must be 2 (groups of x)",
    ),
    "element_size": (
        lambda: aotgemm.get_tma_aligned_size(3, 3),
        aotgemm.ShapeError,
        "element_size: is 3",
        "1, 2, 4, 8 or 16",
    ),
    "num_sms": (lambda: aotgemm.set_num_sms(-1), aotgemm.ShapeError, "num_sms: is -1", "0 to 2147483647"),
    "size of a device array": (
        lambda: DeviceArray.empty([-1], "float32"),
        aotgemm.ShapeError,
        "shape: a size is -1",
        "0 or more",
    ),
    "dimensions of a device array": (
        lambda: DeviceArray.empty([0] * 5, "int32"),
        aotgemm.ShapeError,
        "shape: has 5",
        "at most 4",
    ),
    "bytes for a device array": (
        lambda: EMPTY.copy_from(b"abc"),
        aotgemm.ShapeError,
        "buffer: has 3 bytes",
        "array's 0",
    ),
    # Layouts
    "c given": (
        lambda: gemm(c=zeros((M, N), BF16)),
        aotgemm.LayoutError,
        "c: is a ndarray",
        "allowed is None",
        "accumulate",
    ),
    "d read-only": (lambda: gemm(d=read_only(zeros((M, N), BF16))), aotgemm.LayoutError, "d: is read-only", "writable"),
    "odd byte stride": (
        lambda: gemm(sfa=bytes_apart((M, 2), 9)),
        aotgemm.LayoutError,
        "sfa: a stride is 9 bytes",
        "multiple of the element's 4",
    ),
    "columns of x strided": (
        lambda: aotgemm.per_token_cast_to_fp8(zeros((4, 256))[:, ::2], False),
        aotgemm.LayoutError,
        "x: stride of dimension 1 is 2",
        "must be 1",
    ),
    "scales into a row-major copy": (
        lambda: _core.sf_to_mn_major(X, zeros((4, 128))),
        aotgemm.LayoutError,
        "out: must have strides",
        "1, 4)",
        "16-byte",
    ),
    "columns of a on CUDA": (
        lambda: cuda_gemm(a=CudaLike((M, K), (1, 16), "float8_e4m3fn")),
        aotgemm.LayoutError,
        "a: stride of dimension 1 is 16",
        "must be 1",
    ),
    "rows of b on CUDA": (
        lambda: cuda_gemm(b=CudaLike((N, K), (264, 1), "float8_e4m3fn")),
        aotgemm.LayoutError,
        "b: stride of dimension 0 is 264",
        "multiple of 16",
        "272",
    ),
    "rows of d overlap on CUDA": (
        lambda: cuda_gemm(d=CudaLike((M, N), (8, 1), "bfloat16")),
        aotgemm.LayoutError,
        "d: stride of dimension 0 is 8",
        "at least the row length 64",
    ),
    "address of d on CUDA": (
        lambda: cuda_gemm(d=CudaLike((M, N), (N, 1), "bfloat16", address=264)),
        aotgemm.LayoutError,
        "d: data starts 8 bytes past",
        "multiple of 16",
    ),
    "strides of a view": (
        lambda: EMPTY.as_strided([1, 2], [1]),
        aotgemm.LayoutError,
        "stride: has 1 numbers",
        "one a dimension, 2",
    ),
    "negative stride of a view": (
        lambda: EMPTY.as_strided([1], [-1]),
        aotgemm.LayoutError,
        "stride: is -1",
        "0 or more",
    ),
    "view beyond its memory": (
        lambda: EMPTY.as_strided([2], [3]),
        aotgemm.LayoutError,
        "bytes 0 to 16",
        "within the 0 bytes",
    ),
    "copy of a strided array": (
        lambda: EMPTY.as_strided([2, 0], [8, 1]).copy_from(b""),
        aotgemm.LayoutError,
        "array: stride of dimension 0 is 8",
        "contiguous",
    ),
    # Devices and kernels
    "operands apart": (
        lambda: cuda_gemm(d=zeros((M, N), BF16)),
        aotgemm.DeviceError,
        "d: is on the CPU",
        "a is on CUDA device 0",
        "one device",
    ),
    "two GPUs": (
        lambda: cuda_gemm(b=CudaLike((N, K), (K, 1), "float8_e4m3fn", Device("cuda", 1))),
        aotgemm.DeviceError,
        "b: is on CUDA device 1",
        "device 0",
        "one device",
    ),
    "unknown device": (lambda: _core.named_device("h1000"), aotgemm.DeviceError, "device: 'h1000'", "h100", "h200"),
    "no kernel for Blackwell": (
        lambda: _core.select("fp8_gemm_1d2d", 1, 8, 16, 0, "b200", 1),
        aotgemm.KernelMissingError,
        "fp8_gemm_1d2d",
        "10.0",
        "aotgemm list",
    ),
    "unknown family": (
        lambda: _core.select("fp9", 1, 8, 16, 0, "h100", 1),
        aotgemm.KernelMissingError,
        "fp9",
        "aotgemm list",
    ),
    "unknown cubin": (
        lambda: _core.cubin_bytes("nothing", "sm_90a"),
        aotgemm.KernelMissingError,
        "name, arch: are nothing, sm_90a",
        "aotgemm list",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_error(name):
    assert_raises_as_told(CASES[name])


@pytest.mark.parametrize(
    "kind, builtin",
    [
        (aotgemm.ShapeError, ValueError),
        (aotgemm.DtypeError, TypeError),
        (aotgemm.LayoutError, ValueError),
        (aotgemm.DeviceError, RuntimeError),
        (aotgemm.KernelMissingError, LookupError),
        (aotgemm.PlanError, RuntimeError),
        (aotgemm.CudaError, RuntimeError),
    ],
)
def test_errors_are_also_the_builtin_ones_python_users_catch(kind, builtin):
    assert issubclass(kind, aotgemm.Error) and issubclass(kind, builtin)


@pytest.mark.parametrize(
    "sfa",
    [
        CudaLike((M, 2), (2, 1), "float32"),
        CudaLike((M, 2), (1, 6), "float32"),
        CudaLike((M, 2), (1, 8), "float32", address=260),
    ],
    ids=["row-major", "columns", "address"],
)
def test_scales_to_be_copied_on_a_stream_that_no_memory_is_ordered_by_are_refused(sfa):
    with pytest.raises(aotgemm.LayoutError, match="^sfa: strides.*get_mn_major_tma_aligned_tensor makes such a copy"):
        cuda_gemm(sfa=sfa)


def test_nothing_is_written_when_a_call_is_refused():
    d = np.full((M, N + 8), 7, BF16)
    with pytest.raises(aotgemm.ShapeError):
        gemm(d=d)
    assert (d == 7).all()


WITHOUT_GPU = """
import json
from test_errors import DeviceArray, _core, aotgemm, cuda_gemm
calls = [aotgemm.get_num_sms, aotgemm.preload, lambda: aotgemm.preload(0), lambda: _core.cuda_device(0),
         lambda: DeviceArray.empty([1], "float32"), lambda: _core.Event(0), cuda_gemm]
answers = []
for call in calls:
    try:
        call()
    except aotgemm.Error as error:
        answers.append([type(error).__name__, str(error)])
print(json.dumps(answers))
"""


def test_without_a_gpu_every_call_that_needs_one_says_so():
    folders = [
        str(Path(__file__).parent),
        str(Path(__file__).parents[1] / "support"),
        str(Path(aotgemm.__file__).parents[1]),
    ]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": os.pathsep.join(folders)}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_GPU], env=environment, capture_output=True, text=True, check=True
    )
    answers = json.loads(done.stdout)
    assert [kind for kind, _ in answers] == ["DeviceError"] * 7
    assert [message for _, message in answers if "CUDA device" not in message] == []

"""Family fp8_gemm_1d1d on the CPU: B scaled by row, FP32 and BF16 out, C accumulated; and the k_grouped call."""

import aotgemm
import numpy as np
import pytest
import reference
from aotgemm import _core
from aotgemm.reference.fp8 import fp8_gemm_nt as defined
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import BF16, FP8, CudaLike, make_finite_operands

RECIPE = (1, 1, 128)
SHAPES = [(1, 8, 16), (7, 72, 144), (130, 136, 400)]
DTYPES = pytest.mark.parametrize("dtype", [np.float32, BF16], ids=["fp32", "bf16"])


class Problem:
    def __init__(self, m, n, k, seed=0):
        random = np.random.default_rng([m, n, k, seed])
        self.a, self.sfa = make_finite_operands(random, m, 0, k)[:2]
        self.b, self.sfb = make_finite_operands(random, n, 0, k)[:2]  # scaled as A is
        self.c = (random.standard_normal((m, n)) * 1e3).astype(np.float32)

    def product(self):
        """FP32, by the definition of fp8_gemm_1d2d with each row of B a matrix of its own."""
        columns = [defined(self.a, self.sfa, self.b[j : j + 1], self.sfb[j : j + 1]) for j in range(len(self.b))]
        return np.concatenate(columns, 1)

    def run(self, d, c=None, **options):
        options = options or {"recipe": RECIPE}
        aotgemm.fp8_gemm_nt((self.a, self.sfa), (self.b, self.sfb), d, c, **options)
        return d

    def empty_output(self, dtype=np.float32):
        return np.full((len(self.a), len(self.b)), -1, dtype)


def assert_equal_bits(got, wanted):
    np.testing.assert_array_equal(np.ascontiguousarray(got).view(np.uint8), np.ascontiguousarray(wanted).view(np.uint8))


@DTYPES
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_its_definition(shape, dtype):
    problem = Problem(*shape)
    assert_equal_bits(problem.run(problem.empty_output(dtype)), problem.product().astype(dtype))


@DTYPES
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_c_is_added_once_in_fp32(shape, dtype):
    problem = Problem(*shape)
    c = problem.c.astype(dtype)
    wanted = (c.astype(np.float32) + problem.product()).astype(dtype)
    assert_equal_bits(problem.run(problem.empty_output(dtype), c), wanted)
    assert_equal_bits(problem.run(c, c), wanted)  # in place


@given(m=st.integers(1, 9), n=st.integers(1, 6), k=st.integers(1, 20), seed=st.integers(0, 99))
@settings(max_examples=20)
def test_for_any_sizes(m, n, k, seed):
    problem = Problem(m, 8 * n, 16 * k, seed)
    assert_equal_bits(problem.run(problem.empty_output()), problem.product())


def test_the_arithmetic_is_that_of_the_tensor_core():
    problem = Problem(2, 16, 272)
    wanted = np.array(
        [
            [
                reference.fp8_1d2d(x.tolist(), sx.tolist(), y.tolist(), sy.tolist())
                for y, sy in zip(problem.b.view(np.uint8), problem.sfb)
            ]
            for x, sx in zip(problem.a.view(np.uint8), problem.sfa)
        ],
        np.float32,
    )
    assert_equal_bits(problem.run(problem.empty_output()), wanted)


def test_equal_scales_give_what_1d2d_gives():
    problem = Problem(5, 128, 256)
    problem.sfb = np.repeat(problem.sfb[:1], 128, 0)
    d = problem.empty_output(BF16)
    aotgemm.fp8_gemm_nt((problem.a, problem.sfa), (problem.b, problem.sfb[:1]), d)
    assert_equal_bits(problem.run(problem.empty_output(BF16)), d)


@pytest.mark.parametrize("options", [{"recipe": [1, 1, 128]}, {"recipe_a": (1, 128), "recipe_b": (1, 128)}], ids=str)
def test_ways_to_ask_for_it(options):
    problem = Problem(5, 24, 144)
    assert_equal_bits(problem.run(problem.empty_output(), **options), problem.product())


def test_strided_outputs_keep_their_surroundings():
    problem = Problem(5, 24, 144)
    memory = np.full((7, 40), 7, np.float32)
    view = memory[1:6, 8:32]
    assert_equal_bits(problem.run(view), problem.product())
    view[:] = 7
    assert (memory == 7).all()


def test_nan_is_the_gpus():
    problem = Problem(5, 24, 144)
    problem.a.view(np.uint8)[2, 3] = 0x7F
    d = problem.run(problem.empty_output()).view(np.uint32)
    assert (d[2] == reference.FP32_NAN).all() and not np.isnan(d[:2].view(np.float32)).any()


def run_with(**changed):
    problem = Problem(5, 24, 144)
    for name in ("a", "sfa", "b", "sfb"):
        setattr(problem, name, changed.pop(name, getattr(problem, name)))
    problem.run(changed.pop("d", problem.empty_output()), changed.pop("c", None), **changed)


def zeros(shape, dtype=np.float32):
    return np.zeros(shape, dtype)


CASES = {
    "scales of blocks": (
        lambda: run_with(sfb=zeros((1, 2))),
        aotgemm.ShapeError,
        r"^sfb: shape is \[1, 2\].*24 \(N of b\)",
    ),
    "d in FP8": (
        lambda: run_with(d=zeros((5, 24), FP8)),
        aotgemm.DtypeError,
        "^d: dtype is float8.* bfloat16 or float32",
    ),
    "c of another type": (
        lambda: run_with(c=zeros((5, 24), BF16)),
        aotgemm.DtypeError,
        "^c: dtype is bfloat16.* float32",
    ),
    "c of another shape": (
        lambda: run_with(c=zeros((5, 16))),
        aotgemm.ShapeError,
        r"^c: shape is \[5, 16\].*24 \(as d\)",
    ),
    "N = 20": (
        lambda: run_with(b=zeros((20, 144), FP8), sfb=zeros((20, 2)), d=zeros((5, 20))),
        aotgemm.ShapeError,
        "^b: N is 20, must be a multiple of 8",
    ),
    "columns apart": (
        lambda: run_with(a=np.asfortranarray(zeros((5, 144), FP8))),
        aotgemm.LayoutError,
        "^a: stride of dimension 1",
    ),
    "recipe of B alone": (
        lambda: run_with(recipe=(1, 128, 128), recipe_b=(1, 128)),
        aotgemm.ShapeError,
        r"^recipe_b: is \(1, 128\), allowed is None or \(128, 128\)",
    ),
    "overlapping rows": (
        lambda: run_with(d=np.lib.stride_tricks.as_strided(zeros(200), (5, 24), (32, 4))),
        aotgemm.LayoutError,
        "^d: stride of dimension 0 is 8, must be at least the row length 24",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_refused(name):
    call, kind, message = CASES[name]
    with pytest.raises(kind, match=message):
        call()


def cuda_scales(row_stride, column_stride, rows=24):
    return CudaLike((rows, 2), (row_stride, column_stride), "float32")


def cuda_call(sfb, **changed):
    """The binding's call on operands that claim to be on a GPU; only for what is refused before a launch."""
    given = {"a": CudaLike((5, 144), (144, 1), "float8_e4m3fn"), "d": CudaLike((5, 24), (24, 1), "float32")} | changed
    b = CudaLike((24, 144), (144, 1), "float8_e4m3fn")
    _core.gemm("fp8_gemm_1d1d", "dense", "nt", given["a"], cuda_scales(1, 8, 5), b, sfb, None, given["d"], stream=0)


SF_TO_BE_COPIED = "^sfb: strides are .*get_mn_major_tma_aligned_tensor makes such a copy"


@pytest.mark.parametrize("strides", [(2, 1), (1, 26)], ids=str)
def test_scales_of_b_to_be_copied_on_a_stream_that_no_memory_is_ordered_by_are_refused(strides):
    for call in cuda_call, cuda_k_grouped:
        with pytest.raises(aotgemm.LayoutError, match=SF_TO_BE_COPIED):
            call(cuda_scales(*strides))


def test_layouts_are_checked_on_cuda():
    with pytest.raises(aotgemm.LayoutError, match="^a: stride of dimension 0 is 152"):
        cuda_call(cuda_scales(1, 24), a=CudaLike((5, 144), (152, 1), "float8_e4m3fn"))
    with pytest.raises(aotgemm.LayoutError, match="^d: stride of dimension 0 is 26 elements, must be a multiple of 4"):
        cuda_call(cuda_scales(1, 24), d=CudaLike((5, 24), (26, 1), "float32"))


def cuda_k_grouped(sfb, address=256):
    vector = CudaLike((5 * 256,), (1,), "float8_e4m3fn", address=address)
    b, d = CudaLike((24 * 256,), (1,), "float8_e4m3fn"), CudaLike((2, 5, 24), (120, 24, 1), "float32")
    tensor = CudaLike((2,), (1,), "int32")
    operands = vector, cuda_scales(1, 8, 5), b, sfb
    _core.gemm("fp8_gemm_1d1d", "k_grouped", "nt", *operands, None, d, tensor, [128, 128], stream=0)


def test_k_grouped_on_cuda():
    with pytest.raises(aotgemm.LayoutError, match="^a: data starts 8 bytes past a multiple of 16"):
        cuda_k_grouped(cuda_scales(1, 24), address=264)


class KGrouped:
    def __init__(self, ks, m, n):
        self.problems = [Problem(m, n, k, seed) for seed, k in enumerate(ks)]
        self.ks, self.m, self.n = ks, m, n
        self.c = np.stack([problem.c for problem in self.problems])

    def pair(self, operand, scales):
        flat = np.concatenate([getattr(problem, operand).reshape(-1) for problem in self.problems])
        return flat, np.concatenate([getattr(problem, scales) for problem in self.problems], 1)

    def run(self, d, c=None, ks=None, ks_tensor=None, **options):
        ks = self.ks if ks is None else ks
        tensor = np.array(self.ks, np.int32) if ks_tensor is None else ks_tensor
        aotgemm.k_grouped_fp8_gemm_nt_contiguous(
            self.pair("a", "sfa"), self.pair("b", "sfb"), d, ks, tensor, c, **options
        )
        return d

    def empty_output(self):
        return np.full((len(self.ks), self.m, self.n), -1, np.float32)

    def product(self):
        return np.stack([problem.product() for problem in self.problems])


KS = [(128,), (256, 0, 384), (0, 0), (128, 128, 512, 0, 256)]


@pytest.mark.parametrize("ks", KS, ids=str)
@pytest.mark.parametrize("m, n", [(5, 24), (130, 72)])
def test_k_grouped_equals_its_definition(ks, m, n):
    problem = KGrouped(ks, m, n)
    assert_equal_bits(problem.run(problem.empty_output()), problem.product())
    wanted = problem.c + problem.product()
    assert_equal_bits(problem.run(problem.empty_output(), problem.c), wanted)
    assert_equal_bits(problem.run(problem.c, problem.c, recipe=(1, 1, 128), compiled_dims="mn"), wanted)


K_CASES = {
    "ks": ({"ks": (256, 0, 192)}, aotgemm.ShapeError, "^ks: group 2 has K = 192, .*multiple of 128 .*nearest is 256"),
    "negative ks": ({"ks": (256, -128, 384)}, aotgemm.ShapeError, "^ks: group 1 has K = -128.*nearest is 0"),
    "sum of ks": (
        {"ks": (256, 0, 512)},
        aotgemm.ShapeError,
        r"^a: shape is \[3200\].*3840 \(rows of d times the sum of ks\)",
    ),
    "number of ks": ({"ks": (256, 384)}, aotgemm.ShapeError, "^ks: has 2 elements, must have 3 .groups of d."),
    "ks_tensor": (
        {"ks_tensor": np.array([256, 128, 384], np.int32)},
        aotgemm.ShapeError,
        "^ks_tensor: is 128 for group 1, must be 0 as in ks",
    ),
    "type of ks_tensor": ({"ks_tensor": np.zeros(3)}, aotgemm.DtypeError, "^ks_tensor: .*int32.*float64"),
    "recipe": (
        {"recipe": (1, 128, 128)},
        aotgemm.ShapeError,
        r"^recipe: is \(1, 128, 128\), allowed is None or \(1, 1, 128\)",
    ),
}


@pytest.mark.parametrize("name", K_CASES)
def test_k_grouped_refuses(name):
    options, kind, message = K_CASES[name]
    problem = KGrouped((256, 0, 384), 5, 24)
    with pytest.raises(kind, match=message):
        problem.run(problem.empty_output(), **options)


def test_k_grouped_outputs_are_fp32():
    problem = KGrouped((128,), 5, 24)
    with pytest.raises(aotgemm.DtypeError, match="^d: dtype is bfloat16, allowed is float32"):
        problem.run(problem.empty_output().astype(BF16))

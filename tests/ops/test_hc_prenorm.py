"""tf32_hc_prenorm_gemm on NumPy arrays: bits by its definition, splits, rows, special values, errors."""

import aotgemm
import numpy as np
import pytest
from aotgemm import _core
from aotgemm.reference import hc_prenorm
from error_tables import assert_raises_as_told
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import BF16, CudaLike
from tf32_pairs import PAIRS

FP32 = np.float32
M, N, K = 5, 24, 192


def operands(m, n, k, seed=0):
    random = np.random.default_rng(seed)
    a = random.standard_normal((m, k)) * np.exp2(random.integers(-12, 12, (m, 1)))
    return a.astype(BF16), random.standard_normal((n, k)).astype(FP32)


def run(a, b, splits=None):
    leading = () if splits is None else (splits,)
    d, sqr_sum = np.full((*leading, len(a), len(b)), np.nan, FP32), np.full((*leading, len(a)), np.nan, FP32)
    assert aotgemm.tf32_hc_prenorm_gemm(a, b, d, sqr_sum, splits) is None
    return d, sqr_sum


def bits(array):
    return np.ascontiguousarray(array).view(np.uint32)


@given(
    m=st.integers(1, 90),
    n=st.sampled_from([8, 16, 24, 32]),
    blocks=st.integers(0, 5),
    splits=st.integers(1, 7),
    seed=st.integers(0, 999),
)
@settings(max_examples=25, deadline=None)
def test_equals_the_definition(m, n, blocks, splits, seed):
    a, b = operands(m, n, 64 * blocks, seed)
    for got, wanted in zip(run(a, b, splits), hc_prenorm.tf32_hc_prenorm_gemm(a, b, splits), strict=True):
        np.testing.assert_array_equal(bits(got), bits(wanted))


def test_is_close_to_fp64():
    a, b = operands(70, 24, 1024)
    d, sqr_sum = run(a, b)
    exact_a = a.astype(np.float64)
    scale = np.abs(exact_a) @ np.abs(b.astype(np.float64)).T
    assert (np.abs(d - exact_a @ b.astype(np.float64).T) <= scale * 2.0**-11).all()
    np.testing.assert_allclose(sqr_sum, (exact_a**2).sum(1), rtol=1e-6)


def test_none_is_one_split():
    a, b = operands(M, N, K)
    for whole, split in zip(run(a, b), run(a, b, 1), strict=True):
        np.testing.assert_array_equal(bits(whole), bits(split[0]))


def test_splits_without_a_block_are_zeros():
    a, b = operands(M, N, 128)
    d, sqr_sum = run(a, b, 5)
    assert (bits(d[2:]) == 0).all() and (bits(sqr_sum[2:]) == 0).all()
    assert d[:2].all() and sqr_sum[:2].all()


def test_the_first_splits_have_the_blocks_that_are_left_over():
    a, b = operands(M, N, 5 * 64)
    d, sqr_sum = run(a, b, 3)
    for split, part in enumerate((slice(0, 128), slice(128, 256), slice(256, 320))):
        alone, squares = run(a[:, part], b[:, part])
        np.testing.assert_array_equal(bits(d[split]), bits(alone))
        np.testing.assert_array_equal(bits(sqr_sum[split]), bits(squares))


def test_b_is_rounded_to_nearest_even():
    """Halfway between two numbers of TF32, and a bit to either side."""
    a, b = np.zeros((1, 64), BF16), np.zeros((8, 64), FP32)
    a[0, 0] = 1
    b.view(np.uint32)[:6, 0] = 0x3F801000, 0x3F803000, 0x3F801001, 0x3F802FFF, 0xBF801000, 0x7F7FF000
    d, _ = run(a, b)
    assert bits(d)[0, :6].tolist() == [0x3F800000, 0x3F804000, 0x3F802000, 0x3F802000, 0xBF800000, 0x7F800000]


def test_b_is_rounded_as_an_h200_rounds_it():
    """One product at a time, by 1, shows B's number as the tensor cores see it. Tiny numbers, which a sum may lose, and
    NaN are left out."""
    numbers, rounded = (x[np.abs(x.view(FP32)) >= 2.0**-100] for x in np.array(PAIRS, np.uint32).T)
    for start in range(0, len(numbers), 32):
        a, b = np.zeros((1, 64), BF16), np.zeros((32, 64), FP32)
        a[0, 5] = 1
        part = numbers[start : start + 32]
        b.view(np.uint32)[: len(part), 5] = part
        d, _ = run(a, b)
        np.testing.assert_array_equal(bits(d)[0, : len(part)], rounded[start : start + 32])


def test_rows_do_not_depend_on_their_neighbours():
    a, b = operands(90, N, K)
    d, sqr_sum = run(a, b, 2)
    chosen = np.random.default_rng(1).permutation(90)[:37]
    part, squares = run(np.ascontiguousarray(a[chosen]), b, 2)
    np.testing.assert_array_equal(bits(part), bits(d[:, chosen]))
    np.testing.assert_array_equal(bits(squares), bits(sqr_sum[:, chosen]))


def test_a_nan_stays_in_its_row_and_its_column():
    a, b = operands(M, N, K)
    clean, squares = run(a, b)
    a[2, 7], b[3, 9] = np.nan, np.inf
    d, sqr_sum = run(a, b)
    touched = np.zeros_like(d, bool)
    touched[2], touched[:, 3] = True, True
    assert (bits(d)[2] == 0x7FFFFFFF).all() and bits(sqr_sum)[2] == 0x7FFFFFFF
    assert not np.isfinite(d[:, 3]).any()
    np.testing.assert_array_equal(bits(d)[~touched], bits(clean)[~touched])
    np.testing.assert_array_equal(np.delete(bits(sqr_sum), 2), np.delete(bits(squares), 2))


def test_rows_may_lie_apart():
    a, b = operands(M, N, K)
    wide_a, wide_b = np.zeros((M, K + 8), BF16), np.zeros((N, K + 4), FP32)
    wide_a[:, :K], wide_b[:, :K] = a, b
    memory = np.full((2, M, N + 5), -1, FP32)
    sqr_sum = np.empty((2, M), FP32)
    aotgemm.tf32_hc_prenorm_gemm(wide_a[:, :K], wide_b[:, :K], memory[:, :, :N], sqr_sum, num_splits=2)
    np.testing.assert_array_equal(bits(memory[:, :, :N]), bits(run(a, b, 2)[0]))
    assert (memory[:, :, N:] == -1).all()


def test_no_rows_write_nothing():
    assert run(np.zeros((0, K), BF16), np.zeros((N, K), FP32), 3)[0].shape == (3, 0, N)


def test_any_number_of_threads_gives_the_same_bits():
    a, b = operands(200, N, 640)
    wanted = run(a, b, 3)
    for threads in (1, 2, 5):
        d, sqr_sum = np.empty((3, 200, N), FP32), np.empty((3, 200), FP32)
        _core.tf32_hc_prenorm_gemm(a, b, d, sqr_sum, 3, None, threads)
        np.testing.assert_array_equal(bits(d), bits(wanted[0]))
        np.testing.assert_array_equal(bits(sqr_sum), bits(wanted[1]))


@pytest.fixture
def strict_plan_of():
    """Loads a strict plan of M = 1 to 8 of these K."""

    def load(*depths):
        kernels = [("sm90_tf32_hc_prenorm_gemm_n24", "sm_90a", sha256_of("sm90_tf32_hc_prenorm_gemm_n24"))]
        rows = [("tf32_hc_prenorm_gemm", "dense", "nt", "fp32", 1, N, k, 132, 1, 8, 0) for k in depths]
        _core.plan_load(kernels, rows, 9, 0, 132, 3)

    yield load
    _core.plan_off()


def sha256_of(name):
    return next(cubin["sha256"] for cubin in _core.cubins() if cubin["name"] == name)


def test_calls_are_held_against_a_plan(strict_plan_of):
    strict_plan_of(K, 64)
    run(*operands(8, N, K), 3)
    run(*operands(1, N, 0))
    with pytest.raises(
        aotgemm.PlanError, match="tf32_hc_prenorm_gemm dense nt fp32, M = 9, N = 24, K = 192, .* M = 1 to 8"
    ):
        run(*operands(9, N, K))
    with pytest.raises(aotgemm.PlanError, match="K = 128, 1 groups is not in the plan"):
        run(*operands(8, N, 128))


def test_calls_are_recorded():
    with aotgemm.record() as recording:
        for splits in (None, 2):
            run(*operands(M, N, K), splits)
    (noted,) = recording.calls
    assert (noted["family"], noted["m"], noted["n"], noted["k"]) == ("tf32_hc_prenorm_gemm", M, N, K)
    assert (noted["count"], noted["kernel"]) == (2, "")


def call(num_splits=None, **changed):
    """The public call on good operands, some of them replaced."""
    leading = () if num_splits is None else (2,)
    a, b = operands(M, N, K)
    outputs = {"d": np.zeros((*leading, M, N), FP32), "sqr_sum": np.zeros((*leading, M), FP32)}
    aotgemm.tf32_hc_prenorm_gemm(**({"a": a, "b": b} | outputs | changed), num_splits=num_splits)


def cuda_call(**changed):
    """On operands that claim to be on a GPU; only for what is refused before a launch."""
    given = {
        "a": CudaLike((M, K), (K, 1), "bfloat16"),
        "b": CudaLike((N, K), (K, 1), "float32"),
        "d": CudaLike((M, N), (N, 1), "float32"),
        "sqr_sum": CudaLike((M,), (1,), "float32"),
    } | changed
    _core.tf32_hc_prenorm_gemm(**given, num_splits=0, stream=0)


def bf16(*shape):
    return np.zeros(shape, BF16)


def fp32(*shape):
    return np.zeros(shape, FP32)


SHAPE, DTYPE, LAYOUT = aotgemm.ShapeError, aotgemm.DtypeError, aotgemm.LayoutError
ERRORS = [
    (lambda: call(a=fp32(M, K)), DTYPE, "a: dtype is float32, allowed is bfloat16"),
    (lambda: call(b=bf16(N, K)), DTYPE, "b: dtype is bfloat16, allowed is float32"),
    (lambda: call(d=bf16(M, N)), DTYPE, "d: dtype is bfloat16, allowed is float32"),
    (lambda: call(sqr_sum=bf16(M)), DTYPE, "sqr_sum: dtype is bfloat16, allowed is float32"),
    (lambda: call(a=bf16(1, M, K)), SHAPE, "a: has 3 dimensions, allowed is 2"),
    (lambda: call(b=fp32(20, K), d=fp32(M, 20)), SHAPE, "b: N is 20, allowed are 8, 16, 24 and 32"),
    (lambda: call(b=fp32(40, K), d=fp32(M, 40)), SHAPE, "b: N is 40, allowed are 8, 16, 24 and 32"),
    (lambda: call(b=fp32(0, K), d=fp32(M, 0)), SHAPE, "b: N is 0, allowed are 8, 16, 24 and 32"),
    (lambda: call(a=bf16(M, 96), b=fp32(N, 96)), SHAPE, "a: K is 96, must be a multiple of 64", "nearest is 128"),
    (lambda: call(b=fp32(N, 128)), SHAPE, "b: shape is [24, 128], size 1 must be 192 (K of a)"),
    (lambda: call(d=fp32(M, 16)), SHAPE, "d: shape is [5, 16], size 1 must be 24 (N of b)"),
    (lambda: call(sqr_sum=fp32(4)), SHAPE, "sqr_sum: shape is [4], size 0 must be 5 (M of a)"),
    (lambda: call(d=fp32(1, M, N)), SHAPE, "d: has 3 dimensions, allowed is 2"),
    (lambda: call(2, d=fp32(M, N)), SHAPE, "d: has 2 dimensions, allowed is 3"),
    (lambda: call(2, sqr_sum=fp32(M)), SHAPE, "sqr_sum: has 1 dimensions, allowed is 2"),
    (lambda: call(3), SHAPE, "d: shape is [2, 5, 24], size 0 must be 3 (num_splits)"),
    (lambda: call(2, sqr_sum=fp32(3, M)), SHAPE, "sqr_sum: shape is [3, 5], size 0 must be 2 (num_splits)"),
    (lambda: call(0), SHAPE, "num_splits: is 0, allowed is 1 to 2147483135"),
    (lambda: call(-1), SHAPE, "num_splits: is -1, allowed is 1 to 2147483135"),
    (lambda: call("2"), DTYPE, "num_splits: is a str, allowed is an int"),
    (lambda: _core.tf32_hc_prenorm_gemm(*operands(M, N, K), fp32(M, N), fp32(M), -2), SHAPE, "num_splits: is -2"),
    (lambda: call(a=bf16(K, M).T), LAYOUT, "a: stride of dimension 1 is 5, must be 1"),
    (lambda: call(a=bf16(M, K + 4)[:, :K]), LAYOUT, "a: stride of dimension 0 is 196 elements", "multiple of 8"),
    (lambda: call(b=fp32(N, K + 2)[:, :K]), LAYOUT, "b: stride of dimension 0 is 194 elements", "multiple of 4"),
    (lambda: call(d=fp32(N, M).T), LAYOUT, "d: stride of dimension 1 is 5, must be 1"),
    (lambda: call(sqr_sum=fp32(2 * M)[::2]), LAYOUT, "sqr_sum: stride of dimension 0 is 2, must be 1 (contiguous)"),
    (lambda: call(d=np.lib.stride_tricks.as_strided(fp32(99), (M, N), (8, 4))), LAYOUT, "d: ", "no two may share"),
    (lambda: cuda_call(d=fp32(M, N)), aotgemm.DeviceError, "d: is on the CPU, but a is on CUDA device 0"),
    (lambda: cuda_call(a=CudaLike((M, K), (K, 1), "bfloat16", address=264)), LAYOUT, "a: data starts 8 bytes past"),
]


def test_outputs_lie_apart():
    memory = np.zeros(M * K, FP32)
    a, b = operands(M, N, K)
    apart = memory[: M * N].reshape(M, N), memory[M * N :][:M]
    aotgemm.tf32_hc_prenorm_gemm(a, b, *apart)
    with pytest.raises(aotgemm.LayoutError, match="d: shares memory with sqr_sum"):
        aotgemm.tf32_hc_prenorm_gemm(a, b, apart[0], memory[M * N - 1 :][:M])
    with pytest.raises(aotgemm.LayoutError, match="d: .*share"):
        aotgemm.tf32_hc_prenorm_gemm(memory.view(BF16)[: M * K].reshape(M, K), b, *apart)
    with pytest.raises(aotgemm.LayoutError, match="sqr_sum: .*share"):
        aotgemm.tf32_hc_prenorm_gemm(a, b, np.zeros((M, N), FP32), b.reshape(-1)[:M])


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: case[2])
def test_errors(case):
    assert_raises_as_told(case)

"""FP4 weights in words: what prepack_fp4_weights makes, and calls with it beside those with requantized weights."""

import aotgemm
import ml_dtypes
import numpy as np
import pytest
from aotgemm import Fp4Weights, prepack_fp4_weights, requantize_fp4_to_fp8
from aotgemm.problems.backends import speaking_for
from aotgemm.reference import fp4_words
from problems import CudaLike

FP8, BF16 = ml_dtypes.float8_e4m3fn, ml_dtypes.bfloat16
SPREADS = (0, 5, 14, 20)  # between exponents of a row; E4M3 has room for 14
MASKED = np.array([3, 0, 7], np.int32)


def draw(seed, *rows, k, spread=5):
    """Packed FP4 and its scales."""
    random = np.random.default_rng([seed, *rows, k, spread])
    packed = random.integers(-128, 128, (*rows, k // 2), np.int8)
    return packed, np.exp2(-random.integers(0, spread + 1, (*rows, k // 32))).astype(np.float32)


def draw_rows(seed, *rows, k):
    random = np.random.default_rng([seed, *rows, k])
    codes = random.integers(0, 256, (*rows, k), np.uint8)
    codes[codes & 0x7F == 0x7F] ^= 0x40
    return codes.view(FP8), np.exp2(random.uniform(-3, 3, (*rows, k // 128))).astype(np.float32)


def bits(d):
    return d.view(np.uint16)


@pytest.mark.parametrize("rows_per_scale", (1, 128))
@pytest.mark.parametrize("spread", SPREADS)
def test_words_stand_for_the_requantized_weights(rows_per_scale, spread):
    packed, scales = draw(1, 200, k=384, spread=spread)
    made = prepack_fp4_weights(packed, scales, rows_per_scale, allow_inexact=True)
    q, sf, inexact = requantize_fp4_to_fp8(packed, scales, rows_per_scale, allow_inexact=True)
    codes, decoded = fp4_words.decode(made.weights.words, made.weights.scales, 384)
    np.testing.assert_array_equal(codes.view(np.uint8), q.view(np.uint8))
    np.testing.assert_array_equal(decoded, sf.repeat(rows_per_scale, 0)[:200])
    np.testing.assert_array_equal(made.inexact, inexact)
    assert (inexact.sum() > 0) == (spread > 14)


@pytest.mark.parametrize("rows_per_scale", (1, 128))
@pytest.mark.parametrize(("m", "n", "k"), ((1, 8, 128), (7, 72, 512), (65, 264, 256)))
def test_a_call_has_the_bits_of_the_fp8_call(m, n, k, rows_per_scale):
    (packed, scales), a = draw(2, n, k=k, spread=14), draw_rows(2, m, k=k)
    q, sf, _ = requantize_fp4_to_fp8(packed, scales, rows_per_scale, allow_inexact=True)
    got, wanted = np.full((m, n), 7, BF16), np.full((m, n), 9, BF16)
    weights = prepack_fp4_weights(packed, scales, rows_per_scale, allow_inexact=True).weights
    aotgemm.fp8_fp4_gemm_nt(a, weights, got, recipe_a=(1, 128), recipe_b=(1, 32))
    aotgemm.fp8_gemm_nt(a, (q, sf), wanted, recipe=(1, 1, 128) if rows_per_scale == 1 else None)
    np.testing.assert_array_equal(bits(got), bits(wanted))


def grouped(name, rows, *index, **options):
    """Both calls of a name on 3 groups: D of FP4 weights and of FP8 ones."""
    (packed, scales), a = draw(3, 3, 72, k=256), draw_rows(3, *rows, k=256)
    q, sf, _ = requantize_fp4_to_fp8(packed, scales, allow_inexact=True)
    weights = prepack_fp4_weights(packed, scales, 128, allow_inexact=True).weights
    for b in (weights, (q, sf)):
        d = np.full((*rows, 72), 7, BF16)
        getattr(aotgemm, name)(a, b, d, *index, **options)
        yield bits(d)


def test_grouped_calls_have_the_bits_of_the_fp8_calls():
    of_rows = np.repeat(np.array([0, -1, 2, -1], np.int32), [100, 28, 5, 123])
    ends = np.array([100, 128, 133], np.int32)
    np.testing.assert_array_equal(*grouped("m_grouped_fp8_fp4_gemm_nt_masked", (3, 8), MASKED, 5))
    np.testing.assert_array_equal(*grouped("m_grouped_fp8_fp4_gemm_nt_contiguous", (256,), of_rows))
    np.testing.assert_array_equal(*grouped("m_grouped_fp8_fp4_gemm_nt_contiguous", (256,), ends, use_psum_layout=True))


def test_every_form_of_scales_gives_the_same_words():
    packed, scales = draw(4, 40, k=256)
    as_bytes = (scales.view(np.int32) >> 23).astype(np.uint8)
    wanted = prepack_fp4_weights(packed, scales).weights
    for form in (as_bytes, as_bytes.view(ml_dtypes.float8_e8m0fnu), as_bytes.view(np.int32)):
        for got, want in zip(prepack_fp4_weights(packed, form).weights, wanted, strict=True):
            np.testing.assert_array_equal(got, want)


def test_pytorch_gives_the_same_words():
    torch = pytest.importorskip("torch")
    packed, scales = draw(5, 3, 40, k=256)
    wanted, got = (prepack_fp4_weights(*map(of, (packed, scales)), 128) for of in (np.asarray, torch.from_numpy))
    for tensor, array in zip((*got.weights, got.inexact), (*wanted.weights, wanted.inexact), strict=True):
        np.testing.assert_array_equal(tensor.numpy(), array)


def test_a_scale_that_is_no_number_makes_its_columns_nan():
    packed, scales = draw(6, 16, k=128)
    scales[3, 1] = 3
    weights = prepack_fp4_weights(packed, scales, allow_inexact=True).weights
    d = np.zeros((2, 16), BF16)
    aotgemm.fp8_fp4_gemm_nt(draw_rows(6, 2, k=128), weights, d)
    np.testing.assert_array_equal(np.isnan(d.astype(np.float32)).any(0), np.arange(16) == 3)


A, D = draw_rows(7, 2, k=256), np.zeros((2, 24), BF16)
PACKED, SCALES = draw(7, 24, k=256)
WEIGHTS = prepack_fp4_weights(PACKED, SCALES).weights
ERRORS = {
    "weights: 1 values in 1 of 1 blocks are not in E4M3": lambda: prepack_fp4_weights(
        np.array([[7] + [0] * 15 + [1] + [0] * 47], np.int8), np.array([[1, 2**-16, 1, 1]], np.float32)
    ),
    "weights: K is 192, must be a multiple of 128": lambda: prepack_fp4_weights(PACKED[:, :96], SCALES[:, :6]),
    "weights: is a CudaLike, allowed are NumPy arrays and PyTorch tensors": lambda: prepack_fp4_weights(
        CudaLike((24, 128), (128, 1), "int8"), SCALES
    ),
    "rows_per_scale: is 2, allowed is 1 or 128": lambda: prepack_fp4_weights(PACKED, SCALES, 2),
    "b: dtype is int8, allowed is int32": lambda: aotgemm.fp8_fp4_gemm_nt(A, Fp4Weights(PACKED, WEIGHTS.scales), D),
    "sfb: dtype is float32, allowed is int32": lambda: aotgemm.fp8_fp4_gemm_nt(A, Fp4Weights(WEIGHTS.words, SCALES), D),
    "b: shape is .24, 31., size 1 must be 32 .16 words for each 128 of K": lambda: aotgemm.fp8_fp4_gemm_nt(
        A, Fp4Weights(WEIGHTS.words[:, :31], WEIGHTS.scales), D
    ),
    "b: dtype is int32, allowed is float8_e4m3fn": lambda: aotgemm.fp8_gemm_nt(A, (WEIGHTS.words, WEIGHTS.scales), D),
    "recipe_b: is .1, 16., allowed is None or .1, 32. or .1, 128.": lambda: aotgemm.fp8_fp4_gemm_nt(
        A, WEIGHTS, D, recipe_b=(1, 16)
    ),
}


def test_a_cpu_that_speaks_for_blackwell_has_no_words_either():
    with speaking_for("sm_100a"), pytest.raises(aotgemm.KernelMissingError, match="b: is Fp4Weights, which Hopper"):
        aotgemm.fp8_fp4_gemm_nt(A, WEIGHTS, D)


@pytest.mark.parametrize("sentence", ERRORS)
def test_errors(sentence):
    with pytest.raises(aotgemm.Error, match=sentence):
        ERRORS[sentence]()

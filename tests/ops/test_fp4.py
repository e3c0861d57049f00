"""Packed FP4: values, transposes, weights as FP8; and casts with a scale for each index of some dimensions."""

import aotgemm
import ml_dtypes
import numpy as np
import pytest
import torch
from aotgemm.reference import fp4
from aotgemm.utils import math as utils_math

VALUES = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
EVERY_CODE = np.array([[0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE]], np.uint8).view(np.int8)


def powers(exponents):
    return np.ldexp(np.float32(1), np.array(exponents)).astype(np.float32)


def test_every_code():
    out = aotgemm.cast_back_from_fp4(np.concatenate([EVERY_CODE, EVERY_CODE]), np.array([[1], [2]], np.float32))
    assert out.tolist() == [[*VALUES, *(-v for v in VALUES)], [2 * v for v in [*VALUES, *(-v for v in VALUES)]]]
    assert not np.signbit(out[:, 8]).any()  # as DeepGEMM has it, minus zero is zero


def test_scales_by_columns_and_as_exponents():
    packed = np.full((1, 40), 0x22, np.int8)  # ones
    expected = [1.0] * 32 + [2.0] * 32 + [4.0] * 16
    assert aotgemm.cast_back_from_fp4(packed, powers([[0, 1, 2]]), 32)[0].tolist() == expected
    exponents = np.array([[127, 128, 129, 127]], np.uint8).view(np.int32)
    assert aotgemm.cast_back_from_fp4(packed, exponents, 32, use_packed_ue8m0=True)[0].tolist() == expected


@pytest.mark.parametrize("scale, product", [(np.nan, 0x7FFFFFFF), (np.inf, 0x7F800000)])
def test_products_that_are_no_numbers(scale, product):
    out = aotgemm.cast_back_from_fp4(EVERY_CODE, np.array([[scale]], np.float32)).view(np.uint32)[0]
    assert out[1] == product and out[0] == 0x7FFFFFFF  # zero times infinity


def test_what_a_cast_made_is_cast_back():
    x = torch.randn(30, 200, generator=torch.Generator().manual_seed(0))
    for packs in (False, True):
        q, sf = aotgemm.per_token_cast_to_fp4(x, True, 32, packs)
        back = aotgemm.cast_back_from_fp4(q, sf, 32, packs)
        assert back.dtype == torch.float32 and (back - x).abs().max() < x.abs().max() / 4
    assert utils_math.cast_back_from_fp4 is aotgemm.cast_back_from_fp4


def test_transposes():
    codes = np.random.default_rng(0).integers(0, 16, (6, 10), np.uint8)
    transposed = aotgemm.transpose_packed_fp4(fp4.packed_codes(codes))
    np.testing.assert_array_equal(fp4.codes_of(transposed), codes.T)
    np.testing.assert_array_equal(aotgemm.transpose_packed_fp4(aotgemm.transpose_packed_fp4(transposed)), transposed)
    assert aotgemm.transpose_packed_fp4(torch.from_numpy(fp4.packed_codes(codes))).dtype == torch.int8


def weights(rows, exponents):
    """Rows of 128 columns that hold every code in each 32, with scales of these four exponents."""
    return np.tile(EVERY_CODE, (rows, 8)), np.tile(powers(exponents), (rows, 1))


def values_of(packed, scales):
    return aotgemm.cast_back_from_fp4(packed, scales, 32)


@pytest.mark.parametrize("rows_per_scale", [1, 128])
@pytest.mark.parametrize("spread", [0, 7, 14])
def test_exact_where_exponents_lie_at_most_14_apart(spread, rows_per_scale):
    packed, scales = weights(130, (-3, -3 - spread, -3, -3))
    q, sf, inexact = aotgemm.requantize_fp4_to_fp8(packed, scales, rows_per_scale)
    np.testing.assert_array_equal(q.astype(np.float32) * sf.repeat(rows_per_scale, 0)[:130], values_of(packed, scales))
    assert sf.shape == (-(-130 // rows_per_scale), 1) and (sf == 2.0**-9).all() and not inexact.any()


def test_what_is_not_exact_is_counted_and_refused():
    """Beside 6 * 2^0 the scale is 2^-6, so that E4M3's least number stands for 2^-15."""
    packed, scales = weights(128, (0, -15, 0, -16))
    with pytest.raises(aotgemm.InexactError, match=r"^weights: 3072 values in 1 of 1 blocks .* allow_inexact=True"):
        aotgemm.requantize_fp4_to_fp8(packed, scales)
    q, sf, inexact = aotgemm.requantize_fp4_to_fp8(packed, scales, allow_inexact=True)
    exact = q.astype(np.float32) * sf[0, 0] == values_of(packed, scales)
    assert inexact.tolist() == [[(~exact).sum()]] and sf[0, 0] == 2.0**-6
    # 2^-16 is half of the least number, a tie to zero; 1.5 * 2^-15 is one to 2, 1.5 * 2^-16 rounds to 1
    assert fp4.values_of(fp4.codes_of(packed))[0, [33, 35]].tolist() == [0.5, 1.5]
    assert (q[0, [33, 35, 97, 98, 99]].astype(np.float32) * 512).tolist() == [0, 2, 0, 0, 1]


def test_values_that_are_there_count_not_exponents():
    """Ones alone: highest and lowest bit are the same, so that 17 steps fit."""
    packed = np.full((128, 64), 0x22, np.int8)
    q, sf, inexact = aotgemm.requantize_fp4_to_fp8(packed, np.tile(powers([0, -17, 0, -17]), (128, 1)))
    assert not inexact.any() and sf[0, 0] == 2.0**-8 and q[0, [0, 32]].astype(np.float32).tolist() == [256, 2.0**-9]
    with pytest.raises(aotgemm.InexactError):
        aotgemm.requantize_fp4_to_fp8(packed, np.tile(powers([0, -18, 0, 0]), (128, 1)))


def test_weights_of_zeros_and_the_ends_of_the_range():
    q, sf, inexact = aotgemm.requantize_fp4_to_fp8(np.zeros((4, 64), np.int8), np.ones((4, 4), np.float32))
    assert sf.tolist() == [[1]] and not q.view(np.uint8).any() and not inexact.any()
    for exponent, scale in ((127, 2.0**121), (-126, 2.0**-126)):
        q, sf, inexact = aotgemm.requantize_fp4_to_fp8(EVERY_CODE, powers([[exponent]]))
        assert sf[0, 0] == scale and not inexact.any()


def test_scales_that_are_no_powers_of_two_are_never_passed_over():
    packed, scales = np.full((1, 64), 0x22, np.int8), np.array([[1, 3, np.nan, -1]], np.float32)
    with pytest.raises(aotgemm.InexactError, match=r"^weights: 96 values"):
        aotgemm.requantize_fp4_to_fp8(packed, scales, 1)
    q, _, inexact = aotgemm.requantize_fp4_to_fp8(packed, scales, 1, allow_inexact=True)
    assert np.isnan(q[0, 32:].astype(np.float32)).all() and (q[0, :32].astype(np.float32) == 256).all()
    assert inexact.tolist() == [[96]]


def test_scales_of_every_type_give_the_same():
    rng = np.random.default_rng(1)
    packed, exponents = rng.integers(-128, 128, (2, 130, 144)).astype(np.int8), rng.integers(100, 112, (2, 130, 9))
    as_bytes = np.zeros((2, 130, 12), np.uint8)
    as_bytes[..., :9] = exponents
    forms = [
        np.exp2(exponents - 127).astype(np.float32),
        as_bytes.view(np.int32),
        exponents.astype(np.uint8),
        torch.from_numpy(exponents.astype(np.uint8)),
        torch.from_numpy(exponents.astype(np.uint8)).view(torch.float8_e8m0fnu),
    ]
    made = []
    for scales in forms:
        given = torch.from_numpy(packed) if torch.is_tensor(scales) else packed
        q, sf, _ = aotgemm.requantize_fp4_to_fp8(given, scales)
        codes = q.view(torch.uint8).numpy() if torch.is_tensor(q) else q.view(np.uint8)
        made.append((codes.tobytes(), np.asarray(sf).tobytes()))
    assert len(set(made)) == 1


def test_fp8_gemms_take_what_comes_out():
    """The product of the values in FP64, as far as an FP8 product has it."""
    rng = np.random.default_rng(2)
    packed, scales = rng.integers(-128, 128, (64, 128)).astype(np.int8), powers(rng.integers(-10, -3, (64, 8)))
    q, sf, _ = aotgemm.requantize_fp4_to_fp8(packed, scales)
    a = aotgemm.per_token_cast_to_fp8(rng.standard_normal((5, 256), np.float32), False)
    d = np.zeros((5, 64), ml_dtypes.bfloat16)
    aotgemm.fp8_gemm_nt(a, (q, sf), d)
    product = (a[0].astype(np.float64) * a[1].repeat(128, 1)) @ values_of(packed, scales).astype(np.float64).T
    assert np.linalg.norm(d.astype(np.float64) - product) < 2**-7 * np.linalg.norm(product)


X, SF = np.zeros((4, 64), np.int8), np.ones((4, 4), np.float32)
REFUSED = {
    "packed: dtype is float32, allowed is int8": lambda: aotgemm.cast_back_from_fp4(SF, SF),
    "sf: dtype is float32, allowed is int32 with": lambda: aotgemm.cast_back_from_fp4(X, SF, 32, True),
    "sf: shape is [4, 4], size 1 must be 1": lambda: aotgemm.cast_back_from_fp4(X, SF),
    "gran_k: is 64, allowed is 32 or 128": lambda: aotgemm.cast_back_from_fp4(X, SF, 64),
    "a: has 3 rows, must be a multiple of 2": lambda: aotgemm.transpose_packed_fp4(X[:3]),
    "a: has 1 dimensions, allowed is 2": lambda: aotgemm.transpose_packed_fp4(X[0]),
    "a: stride of dimension 1 is 2": lambda: aotgemm.transpose_packed_fp4(X[:, ::2]),
    "rows_per_scale: is 64, allowed is 1 or 128": lambda: aotgemm.requantize_fp4_to_fp8(X, SF, 64),
    "scales: shape is [3, 4], size 0 must be 4": lambda: aotgemm.requantize_fp4_to_fp8(X, SF[:3]),
    "scales: dtype is a dtype aotgemm does not use": lambda: aotgemm.requantize_fp4_to_fp8(X, SF.astype(np.float64)),
    "dims: is (2,), allowed are numbers from 0 to 1": lambda: aotgemm.per_custom_dims_cast_to_fp8(SF, (2,), False),
    "dims: is a int, allowed is a tuple": lambda: aotgemm.per_custom_dims_cast_to_fp8(SF, 0, False),
    "x: has 5 dimensions": lambda: aotgemm.per_custom_dims_cast_to_fp8(np.zeros((1,) * 5, np.float32), (0,), False),
}


@pytest.mark.parametrize("words", REFUSED)
def test_refused(words):
    with pytest.raises(aotgemm.Error) as caught:
        REFUSED[words]()
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize("use_ue8m0", [False, True])
@pytest.mark.parametrize(
    "dims, shape", [((0, 1), (5, 3)), ((0,), (5,)), ((), ()), ((1, 2), (3, 64)), ((2, 0), (5, 64))]
)
def test_a_scale_for_each_index_of_some_dimensions(dims, shape, use_ue8m0):
    x = torch.randn(5, 3, 64, generator=torch.Generator().manual_seed(0)).bfloat16()
    q, sf = aotgemm.per_custom_dims_cast_to_fp8(x, dims, use_ue8m0)
    assert q.shape == x.shape and q.dtype == torch.float8_e4m3fn and sf.shape == shape
    others = tuple({0, 1, 2} - set(dims))
    scale = x.abs().float().amax(others, keepdim=True).clamp(1e-4) / 448
    scale = torch.exp2(torch.ceil(torch.log2(scale.double()))).float() if use_ue8m0 else scale
    assert torch.equal(sf, scale.squeeze())
    assert torch.equal(q.float(), (x.float() * (1 / scale)).to(torch.float8_e4m3fn).float())


def test_casts_along_dimensions_of_any_strides_and_of_nothing():
    x = np.random.default_rng(0).standard_normal((6, 4, 10), np.float32)
    view = x[::-1, ::2].swapaxes(0, 2)
    for one, two in zip(
        aotgemm.per_custom_dims_cast_to_fp8(view, (1,), False),
        aotgemm.per_custom_dims_cast_to_fp8(np.ascontiguousarray(view), (1,), False),
        strict=True,
    ):
        np.testing.assert_array_equal(one.view(np.uint8), two.view(np.uint8))
    q, sf = aotgemm.per_custom_dims_cast_to_fp8(np.zeros((3, 0), np.float32), (0,), False)
    assert q.shape == (3, 0) and (sf == np.float32(1e-4) / np.float32(448)).all()

"""The FP8 casts on NumPy arrays."""

import aotgemm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import BF16, FP8

CASTS = {"token": (aotgemm.per_token_cast_to_fp8, 1), "block": (aotgemm.per_block_cast_to_fp8, 128)}
KINDS = pytest.mark.parametrize("kind", CASTS)


def random_input(m, k, dtype, seed=0):
    random = np.random.default_rng(seed)
    return (random.standard_normal((m, k)) * np.exp2(random.integers(-8, 8, (m, 1)))).astype(dtype)


@KINDS
@pytest.mark.parametrize("m, k", [(1, 16), (5, 128), (129, 300), (256, 512)])
def test_shapes_are_those_of_deepgemm(kind, m, k):
    cast, rows = CASTS[kind]
    q, sf = cast(random_input(m, k, BF16), False)
    assert (q.shape, q.dtype, sf.dtype) == ((m, k), FP8, np.float32)
    assert sf.shape == (-(-m // rows), -(-k // 128))
    assert sf.flags.c_contiguous


@KINDS
@given(m=st.integers(1, 140), k=st.integers(1, 300), seed=st.integers(0, 99), use_ue8m0=st.booleans())
@settings(max_examples=30, deadline=None)
def test_values_come_back_within_the_formats_error(kind, m, k, seed, use_ue8m0):
    cast, rows = CASTS[kind]
    x = random_input(m, k, np.float32, seed).astype(np.float64)
    q, sf = cast(x.astype(np.float32), use_ue8m0)
    scales = sf.astype(np.float64).repeat(rows, 0)[:m].repeat(128, 1)[:, :k]
    # Half a unit in the last place: 3 mantissa bits, or 2^-10 of the scale among subnormals; and FP32 rounding.
    allowed = np.maximum(np.abs(x) * 2.0**-4, scales * 2.0**-10) * (1 + 1e-6)
    assert (np.abs(q.astype(np.float64) * scales - x) <= allowed).all()


@KINDS
def test_the_largest_value_of_a_block_becomes_448(kind):
    q, sf = CASTS[kind][0](random_input(128, 256, np.float32), False)
    largest = np.abs(q.astype(np.float32)).reshape(sf.shape[0], -1, 2, 128).max((1, 3))
    assert (largest == 448).all()


@KINDS
def test_ue8m0_scales_are_the_next_powers_of_two(kind):
    x = random_input(200, 300, np.float32)
    plain, rounded = (CASTS[kind][0](x, use_ue8m0)[1] for use_ue8m0 in (False, True))
    assert (np.frexp(rounded)[0] == 0.5).all()
    assert (plain <= rounded).all() and (rounded < 2 * plain).all()


@KINDS
def test_zeros_take_the_smallest_scale(kind):
    q, sf = CASTS[kind][0](np.zeros((4, 128), np.float32), False)
    assert (q.view(np.uint8) == 0).all()
    assert (sf == np.float32(1e-4) / np.float32(448)).all()


@KINDS
def test_nan_spreads_over_its_block_alone(kind):
    x = random_input(130, 256, np.float32)
    x[129, 200] = np.nan
    q, sf = CASTS[kind][0](x, False)
    assert np.isnan(sf[-1, 1]) and np.isnan(sf).sum() == 1
    assert np.isnan(q[129, 128:].astype(np.float32)).all()
    assert not np.isnan(q[:, :128].astype(np.float32)).any()


def test_bfloat16_and_float32_of_the_same_values_agree():
    x = random_input(7, 200, BF16)
    for cast, _ in CASTS.values():
        for left, right in zip(cast(x, True), cast(x.astype(np.float32), True), strict=True):
            np.testing.assert_array_equal(left.view(np.uint8), right.view(np.uint8))


def test_rows_may_be_strided():
    wide = random_input(9, 512, BF16)
    for cast, _ in CASTS.values():
        for left, right in zip(cast(wide[:, 64:320], False), cast(wide[:, 64:320].copy(), False), strict=True):
            np.testing.assert_array_equal(left.view(np.uint8), right.view(np.uint8))


@KINDS
def test_empty_input_gives_empty_output(kind):
    q, sf = CASTS[kind][0](np.zeros((0, 256), np.float32), False)
    assert q.shape == (0, 256) and sf.shape == (0, 2)

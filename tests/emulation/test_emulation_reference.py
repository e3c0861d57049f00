"""The CPU backend against the rule written in Python integers (reference.py), bit for bit."""

import numpy as np
import pytest
import reference
from emulation_inputs import gemm_bits, moderate_bits, random_bits, random_scales, sparse_bits, wgmma_bits

FORMATS = {"fp8": reference.E4M3, "bf16": reference.BF16, "tf32": reference.TF32}


def expected_chain(family: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    ignored_bits = 13 if family == "tf32" else 0
    rows_a, rows_b = (a >> ignored_bits).tolist(), (b >> ignored_bits).tolist()
    return np.array([[reference.chain(FORMATS[family], x, y) for y in rows_b] for x in rows_a], np.uint32)


def expected_gemm(a: np.ndarray, sfa: np.ndarray, b: np.ndarray, sfb: np.ndarray) -> np.ndarray:
    scales_a, scales_b = sfa.tolist(), np.repeat(sfb, 128, axis=0).tolist()
    rows_a, rows_b = a.tolist(), b.tolist()
    return np.array(
        [
            [reference.bf16_bits(reference.fp8_1d2d(x, sx, y, sy)) for y, sy in zip(rows_b, scales_b)]
            for x, sx in zip(rows_a, scales_a)
        ],
        np.uint16,
    )


@pytest.mark.parametrize("draw", [random_bits, moderate_bits, sparse_bits])
@pytest.mark.parametrize("k", [8, 16, 24, 144, 272])
@pytest.mark.parametrize("family", FORMATS)
def test_chain(family: str, k: int, draw) -> None:
    rng = np.random.default_rng([k, len(family)])
    a, b = draw(rng, family, (3, k)), draw(rng, family, (37, k))
    assert np.array_equal(wgmma_bits(family, a, b), expected_chain(family, a, b))


@pytest.mark.parametrize("family", FORMATS)
def test_chain_with_cancellation(family: str) -> None:
    rng = np.random.default_rng(5)
    sign = {"fp8": 0x80, "bf16": 0x8000, "tf32": 0x80000000}[family]
    half_a, half_b = moderate_bits(rng, family, (4, 128)), moderate_bits(rng, family, (8, 128))
    a = np.repeat(half_a, 2, axis=1)
    b = np.repeat(half_b, 2, axis=1)
    b[:, 1::2] ^= b.dtype.type(sign)
    b[:, 5::16] ^= b.dtype.type(1 << (13 if family == "tf32" else 0))
    assert np.array_equal(wgmma_bits(family, a, b), expected_chain(family, a, b))


@pytest.mark.parametrize("family", ["bf16", "tf32"])
def test_chain_in_the_subnormal_range(family: str) -> None:
    rng = np.random.default_rng(6)
    shift = 7 if family == "bf16" else 23
    a, b = (moderate_bits(rng, family, (rows, 64)) for rows in (4, 16))
    smaller = a - a.dtype.type(70 << shift)
    a = np.where(a << 1 == 0, a, smaller).astype(a.dtype)
    b = np.where(b << 1 == 0, b, b - b.dtype.type(72 << shift)).astype(b.dtype)
    result = wgmma_bits(family, a, b)
    assert np.any(result & 0x7F800000 == 0)
    assert np.array_equal(result, expected_chain(family, a, b))


SPECIAL = {
    "fp8": [0x7F, 0xFF],
    "bf16": [0x7F80, 0xFF80, 0x7FC0, 0xFF81, 0x7F7F],
    "tf32": [0x7F800000, 0xFF800000, 0x7FC00000, 0xFF802000, 0x7F7FE000, 0x7F800001],
}


@pytest.mark.parametrize("family", SPECIAL)
def test_chain_with_special_values(family: str) -> None:
    rng = np.random.default_rng(7)
    a, b = moderate_bits(rng, family, (16, 80)), moderate_bits(rng, family, (24, 80))
    for matrix in (a, b):
        rows = rng.integers(0, matrix.shape[0], 12)
        matrix[rows, rng.integers(0, 80, 12)] = rng.choice(SPECIAL[family], 12)
    result = wgmma_bits(family, a, b)
    assert np.any(result == 0x7FFFFFFF) and np.any(result & 0x7F800000 != 0x7F800000)
    assert np.array_equal(result, expected_chain(family, a, b))


@pytest.mark.parametrize("family", ["bf16", "tf32"])
def test_overflow_becomes_infinity_and_stays(family: str) -> None:
    largest = 0x7F7F if family == "bf16" else 0x7F7FE000
    a = np.full((1, 48), largest, np.uint16 if family == "bf16" else np.uint32)
    b = a.copy()
    b[:, 24:] ^= b.dtype.type(0x8000 if family == "bf16" else 0x80000000)
    result = wgmma_bits(family, a, b)
    assert result.tolist() == [[0x7F800000]]
    assert np.array_equal(result, expected_chain(family, a, b))


@pytest.mark.parametrize("draw", [random_bits, moderate_bits, sparse_bits])
@pytest.mark.parametrize(("m", "n", "k"), [(1, 8, 16), (7, 72, 144), (2, 136, 272), (1, 264, 128), (3, 8, 400)])
def test_1d2d(m: int, n: int, k: int, draw) -> None:
    rng = np.random.default_rng([m, n, k])
    a, b = draw(rng, "fp8", (m, k)), draw(rng, "fp8", (n, k))
    sfa = random_scales(rng, (m, -(-k // 128)))
    sfb = random_scales(rng, (-(-n // 128), -(-k // 128)))
    assert np.array_equal(gemm_bits(a, sfa, b, sfb), expected_gemm(a, sfa, b, sfb))


@pytest.mark.parametrize(("scale_a", "scale_b"), [(2.0**-74, 3.0 * 2.0**-74), (2.0**62, 1.7 * 2.0**62), (-1.5, 3e-39)])
def test_1d2d_at_the_ends_of_fp32(scale_a: float, scale_b: float) -> None:
    rng = np.random.default_rng(8)
    a, b = random_bits(rng, "fp8", (4, 256)), random_bits(rng, "fp8", (40, 256))
    sfa = (scale_a * rng.uniform(1, 2, (4, 2))).astype(np.float32)
    sfb = (scale_b * rng.uniform(1, 2, (1, 2))).astype(np.float32)
    assert np.array_equal(gemm_bits(a, sfa, b, sfb), expected_gemm(a, sfa, b, sfb))


def test_1d2d_with_nan() -> None:
    rng = np.random.default_rng(9)
    a, b = moderate_bits(rng, "fp8", (5, 272)), moderate_bits(rng, "fp8", (72, 272))
    a[1, 3], a[4, 271], b[9, 130], b[71, 0] = 0x7F, 0xFF, 0xFF, 0x7F
    sfa, sfb = random_scales(rng, (5, 3)), random_scales(rng, (1, 3))
    result = gemm_bits(a, sfa, b, sfb)
    touched = np.zeros((5, 72), bool)
    touched[[1, 4]] = touched[:, [9, 71]] = True
    assert np.array_equal(result == reference.BF16_NAN, touched)
    assert np.array_equal(result, expected_gemm(a, sfa, b, sfb))

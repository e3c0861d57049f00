"""The casts to FP8 on the CPU against the same definition in NumPy and ml_dtypes."""

import aotgemm
import ml_dtypes
import numpy as np
import pytest

E4M3 = ml_dtypes.float8_e4m3fn
CASTS = {1: aotgemm.per_token_cast_to_fp8, 128: aotgemm.per_block_cast_to_fp8}


def blocks_of(x: np.ndarray, block_rows: int) -> np.ndarray:
    """x in FP32, filled up with zeros, as [bands, block_rows, blocks, 128]."""
    rows, columns = -(-x.shape[0] // block_rows) * block_rows, -(-x.shape[1] // 128) * 128
    padded = np.zeros((rows, columns), np.float32)
    padded[: x.shape[0], : x.shape[1]] = x
    return padded.reshape(rows // block_rows, block_rows, columns // 128, 128)


def next_power_of_two(scale: np.ndarray) -> np.ndarray:
    fraction, exponent = np.frexp(scale)
    return np.where(np.isfinite(scale), np.ldexp(np.float32(1), exponent - (fraction == 0.5)), scale)


def to_e4m3_bits(values: np.ndarray) -> np.ndarray:
    bits = np.clip(values, -448, 448).astype(E4M3).view(np.uint8)
    return np.where(np.isnan(values), 0x7F, bits)


def expected_cast(x: np.ndarray, block_rows: int, use_ue8m0: bool) -> tuple[np.ndarray, np.ndarray]:
    blocks = blocks_of(x, block_rows)
    with np.errstate(invalid="ignore"):
        sf = np.maximum(np.abs(blocks).max(axis=(1, 3)), np.float32(1e-4)) / np.float32(448)
        sf = next_power_of_two(sf) if use_ue8m0 else sf
        scaled = blocks * (np.float32(1) / sf)[:, None, :, None]
    q = to_e4m3_bits(scaled).reshape(blocks.shape[0] * block_rows, -1)
    return q[: x.shape[0], : x.shape[1]], sf


def assert_cast(x: np.ndarray, block_rows: int, use_ue8m0: bool) -> None:
    q, sf = CASTS[block_rows](x, use_ue8m0)
    expected_q, expected_sf = expected_cast(x, block_rows, use_ue8m0)
    assert q.dtype == E4M3 and sf.dtype == np.float32
    assert np.array_equal(sf, expected_sf, equal_nan=True)
    assert np.array_equal(q.view(np.uint8), expected_q)


def sample(m: int, k: int, dtype: type) -> np.ndarray:
    rng = np.random.default_rng([m, k])
    spread = np.exp2(rng.uniform(-30, 30, (m, -(-k // 128))))
    x = rng.standard_normal((m, k)) * np.repeat(spread, 128, axis=1)[:, :k] * np.exp2(rng.uniform(-8, 0, (m, k)))
    x[rng.random((m, k)) < 0.02] = -0.0
    return x.astype(dtype)


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, np.float32])
@pytest.mark.parametrize("use_ue8m0", [False, True])
@pytest.mark.parametrize("block_rows", CASTS)
@pytest.mark.parametrize(("m", "k"), [(1, 128), (7, 272), (128, 512), (130, 144), (300, 5)])
def test_cast(m: int, k: int, block_rows: int, use_ue8m0: bool, dtype: type) -> None:
    assert_cast(sample(m, k, dtype), block_rows, use_ue8m0)


@pytest.mark.parametrize("block_rows", CASTS)
@pytest.mark.parametrize("use_ue8m0", [False, True])
def test_special_values(use_ue8m0: bool, block_rows: int) -> None:
    x = np.linspace(-3, 3, 4 * 640, dtype=np.float32).reshape(4, 640)
    x[0, 5], x[1, 200], x[2, 300], x[2, 500] = np.nan, np.inf, -np.nan, -np.inf
    x[3, 512:] = 0.0
    assert_cast(x, block_rows, use_ue8m0)


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, np.float32])
def test_rounding_of_every_bf16_value_in_range(dtype: type) -> None:
    values = np.arange(1 << 16, dtype=np.uint16).view(ml_dtypes.bfloat16)
    values = values[np.abs(values.astype(np.float32)) <= 448]
    x = np.full((-(-len(values) // 127), 128), 448, ml_dtypes.bfloat16)
    x[:, 1:].flat[: len(values)] = values
    q, sf = aotgemm.per_token_cast_to_fp8(x.astype(dtype), False)
    assert np.all(sf == 1)
    assert np.array_equal(q.view(np.uint8), to_e4m3_bits(x.astype(np.float32)))


def test_halfway_values_and_their_neighbours() -> None:
    grid = np.arange(0, 0x7F, dtype=np.uint8).view(E4M3).astype(np.float32)
    halfway = (grid[1:] + grid[:-1]) / 2
    points = np.concatenate([halfway, np.nextafter(halfway, np.float32(0)), np.nextafter(halfway, np.float32(448))])
    x = np.zeros((len(points), 128), np.float32)
    x[:, 0], x[:, 1], x[:, 2] = 448, points, -points
    q, sf = aotgemm.per_token_cast_to_fp8(x, False)
    assert np.all(sf == 1)
    assert np.array_equal(q.view(np.uint8), to_e4m3_bits(x))


def test_values_that_round_above_the_largest_saturate() -> None:
    x = np.random.default_rng(0).uniform(1, 2, (4096, 1)).astype(np.float32)
    scaled = x * (np.float32(1) / (x / np.float32(448)))
    assert np.any(scaled > 448)
    q, _ = aotgemm.per_token_cast_to_fp8(x, False)
    assert np.all(q.view(np.uint8) == 0x7E)


def test_rows_of_a_wider_matrix() -> None:
    wide = sample(9, 400, np.float32)
    view = wide[:, 3:259]
    q, sf = aotgemm.per_token_cast_to_fp8(view, False)
    expected_q, expected_sf = aotgemm.per_token_cast_to_fp8(view.copy(), False)
    assert np.array_equal(q.view(np.uint8), expected_q.view(np.uint8)) and np.array_equal(sf, expected_sf)

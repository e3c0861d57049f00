"""The CPU backend as a GEMM: close to FP64, whatever the threads, the strides and the neighbours."""

import aotgemm
import ml_dtypes
import numpy as np
import pytest
from aotgemm import _core
from emulation_inputs import (
    DTYPES,
    fp8_values,
    gemm_bits,
    moderate_bits,
    random_bits,
    random_scales,
    wgmma_bits,
)


def problem(seed: int, m: int, n: int, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    a, b = moderate_bits(rng, "fp8", (m, k)), moderate_bits(rng, "fp8", (n, k))
    return a, random_scales(rng, (m, -(-k // 128))), b, random_scales(rng, (-(-n // 128), -(-k // 128)))


def exact_product(a: np.ndarray, sfa: np.ndarray, b: np.ndarray, sfb: np.ndarray) -> np.ndarray:
    k, n = a.shape[1], b.shape[0]
    scaled_a = fp8_values(a) * np.repeat(sfa.astype(np.float64), 128, axis=1)[:, :k]
    scaled_b = fp8_values(b) * np.repeat(np.repeat(sfb.astype(np.float64), 128, axis=0)[:n], 128, axis=1)[:, :k]
    return scaled_a @ scaled_b.T


@pytest.mark.parametrize(("m", "n", "k"), [(1, 576, 7168), (130, 264, 512), (64, 72, 144), (300, 128, 1040)])
def test_close_to_fp64(m: int, n: int, k: int) -> None:
    operands = problem(1, m, n, k)
    exact = exact_product(*operands)
    result = gemm_bits(*operands).view(ml_dtypes.bfloat16).astype(np.float64)
    # Half a BF16 ulp is 2^-9 of the value; the tensor core's 13 fraction bits add less than as much again.
    assert np.linalg.norm(result - exact) < 2.0**-8 * np.linalg.norm(exact)


def test_k_of_zero_gives_zeros() -> None:
    empty = np.zeros((3, 0), np.uint8)
    scales = np.zeros((3, 0), np.float32)
    assert not np.any(gemm_bits(empty, scales, np.zeros((8, 0), np.uint8), scales[:1]))
    assert not np.any(wgmma_bits("fp8", empty, empty))


def test_m_of_zero_writes_nothing() -> None:
    a, sfa, b, sfb = problem(2, 0, 8, 128)
    assert gemm_bits(a, sfa, b, sfb).shape == (0, 8)


@pytest.mark.parametrize("family", ["fp8", "bf16", "tf32"])
def test_threads_change_no_bit(family: str) -> None:
    rng = np.random.default_rng(3)
    a, b = random_bits(rng, family, (200, 272)), random_bits(rng, family, (330, 272))
    one = wgmma_bits(family, a, b, threads=1)
    for threads in (2, 3, 7, 0):
        assert np.array_equal(wgmma_bits(family, a, b, threads), one)


def test_threads_change_no_bit_of_a_gemm() -> None:
    a, sfa, b, sfb = problem(4, 260, 392, 400)
    results = []
    for threads in (1, 2, 5):
        d = np.zeros((260, 392), ml_dtypes.bfloat16)
        operands = a.view(DTYPES["fp8"]), sfa, b.view(DTYPES["fp8"]), sfb, None, d
        _core.gemm("fp8_gemm_1d2d", "dense", "nt", *operands, threads=threads)
        results.append(d.view(np.uint16))
    assert np.array_equal(results[0], results[1]) and np.array_equal(results[0], results[2])


def test_a_row_depends_on_its_own_row_alone() -> None:
    a, sfa, b, sfb = problem(5, 150, 200, 384)
    together = gemm_bits(a, sfa, b, sfb)
    for row in (0, 63, 127, 128, 149):
        assert np.array_equal(gemm_bits(a[[row]], sfa[[row]], b, sfb), together[[row]])


def test_views_are_read_and_written_in_place() -> None:
    a, sfa, b, sfb = problem(6, 20, 40, 272)
    wide_a, wide_b = np.full((20, 320), 0x7F, np.uint8), np.full((40, 288), 0x7F, np.uint8)
    wide_a[:, 16:288], wide_b[:, :272] = a, b
    wide_d = np.full((20, 64), 7.0, ml_dtypes.bfloat16)
    aotgemm.fp8_gemm_nt(
        (wide_a[:, 16:288].view(DTYPES["fp8"]), np.asfortranarray(sfa)),
        (wide_b[:, :272].view(DTYPES["fp8"]), np.asfortranarray(sfb)),
        wide_d[:, 8:48],
    )
    assert np.array_equal(wide_d[:, 8:48].view(np.uint16), gemm_bits(a, sfa, b, sfb))
    assert np.all(wide_d[:, :8] == 7.0) and np.all(wide_d[:, 48:] == 7.0)

"""The CPU backend returns what an H100 returned, and its arithmetic is right where exact values are known."""

import numpy as np
import pytest
from emulation_inputs import VECTORS, fp8_values, wgmma_bits

CASES = sorted(name[:-2] for name in VECTORS if name.endswith("_d"))


def test_all_measured_cases_are_here() -> None:
    assert len(CASES) == 24 + 12
    assert {case.split("_")[0] for case in CASES} == {"fp8", "bf16", "tf32"}


@pytest.mark.parametrize("case", CASES)
def test_equals_the_h100(case: str) -> None:
    a, b, d = (VECTORS[f"{case}_{array}"] for array in "abd")
    assert np.count_nonzero(wgmma_bits(case.split("_")[0], a, b) != d) == 0


@pytest.mark.parametrize("case", CASES)
def test_swapped_operands_give_the_transpose(case: str) -> None:
    a, b, d = (VECTORS[f"{case}_{array}"] for array in "abd")
    assert np.count_nonzero(wgmma_bits(case.split("_")[0], b, a) != d.T) == 0


def test_single_products_of_all_fp8_codes_are_exact() -> None:
    codes = np.zeros((256, 16), np.uint8)
    codes[:, 3] = np.arange(256)
    products = wgmma_bits("fp8", codes, codes)
    values = fp8_values(codes[:, 3])
    is_nan = np.isnan(values)
    touches_nan = is_nan[:, None] | is_nan[None, :]
    expected = (values[:, None] * values[None, :]).astype(np.float32) + np.float32(0)
    assert np.array_equal(products[~touches_nan], expected.view(np.uint32)[~touches_nan])
    assert np.all(products[touches_nan] == 0x7FFFFFFF)


def test_terms_below_the_aligned_range_are_dropped() -> None:
    a = np.zeros((1, 32), np.uint8)
    b = np.zeros((8, 32), np.uint8)
    one, least = 0x38, 0x01  # 1.0 and 2^-9
    a[0, :2] = one, least
    b[:, 0] = one
    b[:, 1] = 0x28, 0x30, 0x20, 0x18, one, 0xA8, 0xB0, least  # 2^-2, 2^-1, 2^-3, 2^-4, 1, -2^-2, -2^-1, 2^-9
    kept = [2.0**-11, 2.0**-10, 2.0**-12, 2.0**-13, 2.0**-9, -(2.0**-11), -(2.0**-10), 0.0]
    assert wgmma_bits("fp8", a, b).view(np.float32).tolist() == [[1.0 + term for term in kept]]


@pytest.mark.parametrize("zero", [0x00, 0x80])
def test_a_zero_has_no_part_in_the_alignment(zero: int) -> None:
    a = np.zeros((1, 32), np.uint8)
    b = np.zeros((1, 32), np.uint8)
    a[0, :3], b[0, :3] = (zero, 0x38, 0x38), (0x7E, 0x18, 0x01)  # 0 * 448 + 2^-4 + 2^-9
    assert wgmma_bits("fp8", a, b).view(np.float32).item() == 2.0**-4 + 2.0**-9
    a[0, 1], b[0, 1] = 0x01, 0x01  # 2^-18 instead of 2^-4
    assert wgmma_bits("fp8", a, b).view(np.float32).item() == 2.0**-9 + 2.0**-18

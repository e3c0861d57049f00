"""Calls that users reported: what each must give, or refuse. tests/arrays has those of tensors without memory."""

import aotgemm
import ml_dtypes
import numpy as np
import pytest
from aotgemm import _core
from numpy.lib.stride_tricks import as_strided

BF16, FP8, F32 = ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, np.float32


def ones(*shape, dtype=BF16):
    return np.ones(shape, dtype)


def fp8(rows, k, rows_per_scale=1):
    return ones(rows, k, dtype=FP8), ones(-(-rows // rows_per_scale), -(-k // 128), dtype=F32)


def test_c_one_row_off_d():
    """Tiles of D are written before others read their C."""
    memory = np.arange(1025 * 512, dtype=F32).reshape(1025, 512)
    before = memory.copy()
    with pytest.raises(aotgemm.LayoutError, match="^c: shares memory with d"):
        aotgemm.bf16_gemm_nt(np.zeros((1024, 16), BF16), np.zeros((512, 16), BF16), memory[1:], memory[:1024])
    np.testing.assert_array_equal(memory, before)


def test_device_memory_whose_bytes_wrap_to_0():
    with pytest.raises(
        aotgemm.ShapeError, match=r"^shape: is \[1099511627776, 1099511627776\], allowed are at most 2\^63"
    ):
        aotgemm.DeviceArray.empty([2**40, 2**40], "bfloat16", 0)
    for shape in ([2**70], [2**62, 2], [2**32, 2**32, 2**32, 2**32]):
        with pytest.raises(aotgemm.ShapeError, match="^shape: is "):
            aotgemm.DeviceArray.empty(shape, "float32")
    nothing = aotgemm.DeviceArray.empty([2**40, 0, 2**40], "float32")
    for shape, stride, offset in (
        ([2**62], [2**62], 0),
        ([1], [1], 2**62),
        ([1], [1], -1),
        ([2**40, 2**40], [0, 0], 0),
    ):
        with pytest.raises(aotgemm.LayoutError, match="^offset, shape, stride: the view spans"):
            nothing.as_strided(shape, stride, offset)


@pytest.mark.parametrize(
    "splits",
    [(2**63 - 8, 8, 2**63 - 8), (2**62, 8, 2**62), (8, 2**63 - 8, 8), (2**70, 8, 8), (8, 8, -(2**70)), (2**31, 8, 8)],
    ids=str,
)
def test_head_splits_whose_sum_wraps(splits):
    """left + right of the first is 2^64 - 16, which wraps to -16 and divides N = 16."""
    memory = np.full(4096, 7, BF16)
    d = memory[2048:2080].reshape(4, 8)
    with pytest.raises(aotgemm.ShapeError, match="^head_splits: "):
        aotgemm.fp8_gemm_nt_skip_head_mid(fp8(4, 128), fp8(16, 128, 128), d, splits)
    assert (memory == 7).all()


def test_masked_weights_stored_transposed():
    """The contiguous calls have kernels for them, masked ones have none."""
    a, b, d = ones(2, 16, 128), ones(2, 128, 64).swapaxes(1, 2), np.zeros((2, 16, 64), BF16)
    with pytest.raises(aotgemm.LayoutError, match="^b: stride of dimension 2 is 64, must be 1"):
        aotgemm.m_grouped_bf16_gemm_nt_masked(a, b, d, np.array([16, 3], np.int32), 8)
    problem = {
        "family": "bf16_gemm",
        "grouping": "masked",
        "out_dtype": "bf16",
        "groups": 2,
        "m": 16,
        "n": 64,
        "k": 128,
    }
    with pytest.raises(aotgemm.KernelMissingError):
        _core.select(device="h100", num_sms=0, count=1, layout="nn", **problem)


@pytest.mark.parametrize("number", [2**63, 2**70, -(2**70), 10**5000], ids=["2^63", "2^70", "-2^70", "10^5000"])
def test_numbers_beyond_the_binding(number):
    x, d = np.zeros((64, 8), BF16), np.zeros((2, 8, 8), F32)
    with pytest.raises(aotgemm.ShapeError, match="^ks: is "):
        aotgemm.k_grouped_bf16_gemm_tn_contiguous(x, x, d, [number, 64], np.array([0, 64], np.int32))
    with pytest.raises(aotgemm.ShapeError, match="^num_sms: is .*allowed is "):
        aotgemm.set_num_sms(number)
    for name in ("m", "n", "k", "num_sms", "groups"):
        given = {"m": 1, "n": 8, "k": 16, "num_sms": 0, "groups": 1} | {name: number}
        with pytest.raises(aotgemm.ShapeError, match=f"^{name}: is "):
            _core.select("bf16_gemm", device="h100", count=1, **given)
    with pytest.raises(aotgemm.Error, match="^device: is "):
        aotgemm.preload(number)


@pytest.mark.parametrize("ks", [[2**40, 64], [2**63 - 64, 64], [2**31 - 512 - 64] * 2], ids=str)
def test_k_of_groups_beyond_every_size(ks):
    x, d = np.zeros((64, 8), BF16), np.zeros((2, 8, 8), F32)
    with pytest.raises(aotgemm.ShapeError, match="^ks: .*allowed is at most 2147483135"):
        aotgemm.k_grouped_bf16_gemm_tn_contiguous(x, x, d, ks, np.array([0, 64], np.int32))


@pytest.mark.parametrize("hint", [2**31, 2**63 - 1, 2**70])
def test_a_hint_may_be_any_positive_number(hint):
    d = np.zeros((2, 4, 8), BF16)
    aotgemm.m_grouped_bf16_gemm_nt_masked(ones(2, 4, 16), ones(2, 8, 16), d, np.array([3, 4], np.int32), hint)
    assert (d[0, :3] == 16).all() and (d[0, 3:] == 0).all() and (d[1] == 16).all()


def test_ranges_of_k_that_disagree():
    x, d = ones(128, 16), np.full((2, 16, 16), 7, F32)
    with pytest.raises(aotgemm.ShapeError, match="^ks_tensor: is 128 for group 0, must be 64 as in ks"):
        aotgemm.k_grouped_bf16_gemm_tn_contiguous(x, x, d, [64, 64], np.array([128, 0], np.int32))
    assert (d == 7).all()


def test_rows_of_d_that_share_memory():
    d = as_strided(np.zeros(8, BF16), (4, 8), (0, 2))
    for call in (
        lambda: aotgemm.fp8_gemm_nt(fp8(4, 128), fp8(8, 128, 128), d),
        lambda: aotgemm.bf16_gemm_nt(ones(4, 128), ones(8, 128), d),
    ):
        with pytest.raises(
            aotgemm.LayoutError, match="^d: stride of dimension 0 is 0, must be at least the row length 8"
        ):
            call()


def test_missing_experts_of_contiguous_rows():
    """Blocks of -1 are skipped; experts come in any order and repeat."""
    b = ones(4, 8, 128, dtype=FP8), np.arange(1, 5, dtype=F32).reshape(4, 1, 1)
    d = np.full((512, 8), 7, BF16)
    aotgemm.m_grouped_fp8_gemm_nt_contiguous(fp8(512, 128), b, d, np.repeat(np.array([3, -1, 0, 3], np.int32), 128))
    assert [float(d[row, 0]) for row in (0, 128, 256, 384)] == [512, 7, 128, 512]


def test_masks_of_nothing():
    a = ones(4, 128, 128, dtype=FP8), ones(4, 128, 1, dtype=F32)
    b, d = (ones(4, 8, 128, dtype=FP8), ones(4, 1, 1, dtype=F32)), np.full((4, 128, 8), 7, BF16)
    aotgemm.m_grouped_fp8_gemm_nt_masked(a, b, d, np.zeros(4, np.int32), 1)
    assert (d == 7).all()


def test_nan_scales_of_a_row_stay_in_it():
    a, d = fp8(512, 128), np.zeros((512, 8), BF16)
    a[1][5] = np.nan
    aotgemm.fp8_gemm_nt(a, fp8(8, 128, 128), d)
    assert np.isnan(d[5].astype(F32)).all() and (np.delete(d, 5, 0) == 128).all()


def test_an_expert_without_tokens_has_a_gradient_of_zeros():
    ks, d = [128, 0, 256], np.full((3, 8, 8), np.nan, F32)
    flat = ones(8 * 384, dtype=FP8), ones(8, 3, dtype=F32)
    aotgemm.k_grouped_fp8_gemm_nt_contiguous(flat, flat, d, ks, np.array(ks, np.int32))
    assert [float(gradient[0, 0]) for gradient in d] == ks


def test_weights_in_padded_rows_with_scales_in_any_order():
    padded = np.full((8, 576 + 256), 448, FP8)
    padded[:, :576] = 1
    scales = np.asfortranarray(np.tile(np.arange(1, 6, dtype=F32), (4, 1)))
    d = np.zeros((4, 8), BF16)
    aotgemm.fp8_gemm_nt((ones(4, 576, dtype=FP8), scales), (padded[:, :576], ones(1, 5, dtype=F32)), d)
    assert (d == 128 * (1 + 2 + 3 + 4) + 64 * 5).all()


def test_experts_2_to_the_30_elements_apart():
    b = as_strided(np.zeros(2**31 + 1024, FP8), (3, 8, 128), (2**30, 128, 1))
    for group in range(3):
        b[group] = group + 1
    d, index = np.zeros((384, 8), BF16), np.repeat(np.arange(3, dtype=np.int32), 128)
    aotgemm.m_grouped_fp8_gemm_nt_contiguous(fp8(384, 128), (b, ones(3, 1, 1, dtype=F32)), d, index)
    assert [float(d[row, 0]) for row in (0, 128, 256)] == [128, 256, 384]

"""Packed scales on PyTorch tensors and NumPy arrays: bits, exact strides, what is no power of two, errors."""

import aotgemm
import numpy as np
import pytest
import torch
from aotgemm.utils import math
from cast_definition import pack_exponents

transform = aotgemm.transform_sf_into_required_layout
pack = aotgemm.get_mn_major_tma_aligned_packed_ue8m0_tensor
pack_k_grouped = aotgemm.get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor


def powers(*shape):
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.exp2(torch.randint(-126, 128, shape, generator=generator).float())


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (8, 4), (130, 57), (3, 7, 9)], ids=str)
@pytest.mark.parametrize("transposed", [False, True])
def test_bits_and_strides(shape, transposed):
    sf = powers(*shape)
    sf = sf.mT.contiguous().mT if transposed else sf
    out = pack(sf)
    *groups, mn, k = shape
    column, words = -(-mn // 4) * 4, -(-k // 4)
    assert out.dtype == torch.int32 and out.stride() == (column * words, 1, column)[-len(shape) :]
    assert torch.equal(out.reshape(-1, words), pack_exponents(sf.reshape(-1, k), 0))


def test_rows_in_gaps_are_not_read():
    sf = powers(300, 6)
    live = torch.zeros(300, dtype=torch.bool)
    live[:5], live[128:256], live[256:299] = True, True, True
    ends = torch.tensor([5, 256, 299], dtype=torch.int32)
    wanted = torch.where(live[:, None], pack_exponents(sf, 0), 0)
    assert torch.equal(pack(torch.where(live[:, None], sf, torch.nan), ends), wanted)


@pytest.mark.parametrize("value", [3.0, -1.0, float("nan"), float("inf"), 2.0**-130])
def test_what_is_no_power_of_two(value):
    """NaN in a layout that a GPU may be making; told by the function that looks."""
    sf = torch.ones(2, 4)
    sf[1, 2] = value
    assert list(pack(sf)[1].numpy().tobytes()) == [127, 127, 255, 127]
    with pytest.raises(
        aotgemm.InexactError, match="^x: 1 values are no powers of two, allowed are finite powers of two"
    ):
        aotgemm.pack_ue8m0_to_int(sf)


@pytest.mark.parametrize("make", [torch.Tensor.contiguous, torch.Tensor.numpy], ids=["torch", "numpy"])
def test_packing_row_major_and_back(make):
    sf = make(powers(3, 5, 8))
    packed = math.pack_ue8m0_to_int(sf)
    assert tuple(packed.shape) == (3, 5, 2) and str(packed.dtype).endswith("int32")
    back = math.unpack_ue8m0_from_int(packed)
    assert type(back) is type(sf) and (back == sf).all()


@pytest.mark.parametrize("gran_k", [32, 128])
@pytest.mark.parametrize("use_psum_layout", [False, True])
def test_groups_along_k(gran_k, use_psum_layout):
    ks, alignment = [256, 0, 1000, 96], 128
    rows = [-(-k // gran_k) for k in ks]
    sf = powers(sum(rows), 12)
    parts = [pack_exponents(part.T.contiguous(), 0).T for part in sf.split(rows)]
    ends = [256, 256, 1256, 1280 + 96]
    index = torch.tensor(ends if use_psum_layout else ks, dtype=torch.int32)
    wanted = torch.cat(parts)
    assert torch.equal(pack_k_grouped(sf, index, ks, gran_k, alignment, use_psum_layout), wanted)
    if use_psum_layout:
        out = pack_k_grouped(sf, index, None, gran_k, alignment, True)
        assert len(out) == (sum(rows) + 3 * len(ks)) // 4 and torch.equal(out[: len(wanted)], wanted)


def test_required_layout_of_blackwell():
    sf = powers(3, 3)
    out = transform(sf, 300, 300, (1, 128, 128), is_sfa=False, arch="sm_100a")
    assert out.shape == (300, 1) and out.stride() == (1, 300)
    assert torch.equal(out, pack_exponents(sf.repeat_interleave(128, 0)[:300], 0))


@pytest.mark.parametrize("gran_k", [32, 128])
def test_required_layout_of_blackwell_by_row(gran_k):
    sf = powers(3, 7, -(-300 // gran_k))
    out = transform(sf, 7, 300, (1, gran_k), num_groups=3, arch="sm_100a")
    assert torch.equal(out, pack(sf)) and out.stride() == pack(sf).stride()
    assert transform(out, 7, 300, (1, gran_k), num_groups=3, arch="sm_100a") is out
    with pytest.raises(aotgemm.LayoutError, match="^sf: strides are"):
        transform(out.contiguous(), 7, 300, (1, gran_k), num_groups=3, arch="sm_100a")


def test_required_layout_without_the_cast():
    sf = powers(5, 3)
    for arch in ("sm_90a", "sm_100a"):
        out = transform(sf, 5, 300, (1, 128), disable_ue8m0_cast=True, arch=arch)
        assert torch.equal(out, sf) and out.stride() == (1, 8)


def test_psum_layout_has_no_effect_on_hopper():
    ends = torch.tensor([5], dtype=torch.int32)
    assert torch.equal(transform(powers(5, 3), 5, 300, (1, 128), psum_layout=ends), powers(5, 3))


ONES = np.ones((4, 4), np.float32)
INDEX = np.array([512], np.int32)
ERRORS = {
    "columns": (lambda: aotgemm.pack_ue8m0_to_int(ONES[:, :3]), "x: has 3 columns, must be a multiple of 4"),
    "gran_k": (lambda: pack_k_grouped(ONES, INDEX, [512], 64, 128), "gran_k: is 64, allowed is 32 or 128"),
    "mn": (lambda: pack_k_grouped(ONES[:, :3], INDEX, [512], 128, 128), "sf: has 3 columns, must be a multiple of 4"),
    "alignment": (lambda: pack_k_grouped(ONES, INDEX, [512], 128, 48), "k_alignment: is 48, must be a multiple of 32"),
    "ks": (lambda: pack_k_grouped(ONES, INDEX, [], 128, 128), r"ks_cpu: is \[\], allowed without use_psum_layout"),
    "groups": (lambda: pack_k_grouped(ONES, INDEX, [1, 2], 128, 128), "ks_cpu: has 2 elements, must have 1"),
    "rows": (lambda: pack_k_grouped(ONES, INDEX, [100], 128, 128), "sf: has 4 rows, must have 1 for ks_cpu"),
    "end": (lambda: pack(ONES, np.array([9], np.int32)), "psum_layout: group 0 ends at row 9, allowed is 0"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, message = ERRORS[name]
    with pytest.raises(aotgemm.ShapeError, match=f"^{message}"):
        call()

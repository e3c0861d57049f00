"""get_mn_major_tma_aligned_tensor on NumPy arrays."""

import aotgemm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st


def element_strides(array):
    return tuple(step // array.itemsize for step in array.strides)


def random_scales(shape):
    """Any bits at all, NaN with payloads among them: the copy must not touch them."""
    return np.random.default_rng(0).integers(0, 2**32, shape, np.uint32).view(np.float32)


@given(mn=st.integers(1, 70), k=st.integers(1, 9))
def test_matrix(mn, k):
    sf = random_scales((mn, k))
    out = aotgemm.get_mn_major_tma_aligned_tensor(sf)
    assert element_strides(out) == (1, aotgemm.align(mn, 4))
    assert out.ctypes.data % 16 == 0
    np.testing.assert_array_equal(out.view(np.uint32), sf.view(np.uint32))


@given(groups=st.integers(1, 5), mn=st.integers(1, 40), k=st.integers(1, 6))
def test_groups(groups, mn, k):
    sf = random_scales((groups, mn, k))
    out = aotgemm.get_mn_major_tma_aligned_tensor(sf)
    column = aotgemm.align(mn, 4)
    assert element_strides(out) == (column * k, 1, column)
    np.testing.assert_array_equal(out.view(np.uint32), sf.view(np.uint32))


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (128, 56), (2, 13, 7)], ids=str)
def test_aligned_scales_come_back_as_the_same_object(shape):
    out = aotgemm.get_mn_major_tma_aligned_tensor(random_scales(shape))
    assert aotgemm.get_mn_major_tma_aligned_tensor(out) is out


@pytest.mark.parametrize(
    "view",
    [
        lambda sf: sf[::2],
        lambda sf: sf[:, ::3],
        lambda sf: sf[::-1],
        lambda sf: np.ascontiguousarray(sf.T).T,
        lambda sf: np.broadcast_to(sf[:1], sf.shape),
    ],
    ids=["rows", "columns", "reversed", "transposed", "broadcast"],
)
def test_source_may_have_any_strides(view):
    sf = view(random_scales((22, 9)))
    np.testing.assert_array_equal(aotgemm.get_mn_major_tma_aligned_tensor(sf).view(np.uint32), sf.view(np.uint32))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 4, 2)], ids=str)
def test_empty_scales(shape):
    assert aotgemm.get_mn_major_tma_aligned_tensor(random_scales(shape)).shape == shape


def test_misaligned_memory_is_copied():
    memory = np.zeros(4 * 8 + 1, np.float32)
    column = np.lib.stride_tricks.as_strided(memory[1:], (8, 4), (4, 32))
    assert aotgemm.get_mn_major_tma_aligned_tensor(column) is not column

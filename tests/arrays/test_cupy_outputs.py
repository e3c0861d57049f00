"""Outputs for CuPy's arrays, which CuPy allocates: it has no FP8. Stands in for CuPy, which needs a GPU."""

import sys
from types import SimpleNamespace

import aotgemm
import ml_dtypes
import numpy as np
import pytest
from aotgemm.arrays.frameworks import empty_strided


class Array:
    """What is CuPy's by its type."""


def empty(size, dtype):
    if dtype == np.dtype(ml_dtypes.float8_e4m3fn):
        raise ValueError(f"Unsupported dtype {dtype}")
    return np.empty(size, dtype)


@pytest.fixture(autouse=True)
def cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", SimpleNamespace(ndarray=Array, empty=empty, lib=np.lib))


@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "int32"])
def test_what_cupy_has_is_allocated(dtype):
    out = empty_strided("x", Array(), (3, 5), (1, 4), dtype)
    assert (out.shape, out.dtype.name) == ((3, 5), dtype) and out.strides == (out.itemsize, 4 * out.itemsize)


def test_fp8_is_refused_with_a_way_out():
    message = (
        r"^x: is a CuPy array, .* \(Unsupported dtype float8_e4m3fn\), allowed is .*, such as torch.from_dlpack\(x\)"
    )
    with pytest.raises(aotgemm.DtypeError, match=message):
        empty_strided("x", Array(), (3, 5), (5, 1), "float8_e4m3fn")

"""Rules that hold for every family and grouping, on a GPU: K = 0, copies of scales, rows that are not written."""

import aotgemm
import numpy as np
import pytest
from gemm_forms import FORMS, WITH_C
from kernels_here import is_here

K = 1024
ALL = pytest.mark.parametrize("form", [form for form in FORMS if is_here(form.kind)], ids=str)


def put(given):
    """The operands in device memory; scales stay row-major."""
    return {
        name: aotgemm.from_numpy(value) if isinstance(value, np.ndarray) else value for name, value in given.items()
    }


def run(form, given):
    """D as FP32."""
    on_gpu = put(given)
    form.run(on_gpu)
    return aotgemm.to_numpy(on_gpu["d"]).astype(np.float32)


@ALL
def test_ones_times_ones_with_row_major_scales(form):
    wanted = np.where(form.written, K * (3 if form.grouping == "batch_reduced" else 1), form.others).astype(np.float32)
    if form.grouping == "k_grouped":
        wanted[1] = 0
    np.testing.assert_array_equal(run(form, form.operands(K)), wanted)


@ALL
def test_k_of_0_gives_zeros_where_d_is_written(form):
    np.testing.assert_array_equal(run(form, form.operands(0)), np.where(form.written, 0, form.others))


@pytest.mark.parametrize("form", [form for form in WITH_C if is_here(form.kind)], ids=str)
def test_k_of_0_gives_c(form):
    c = np.arange(np.prod(form.shape_of_d)).reshape(form.shape_of_d).astype(form.out)
    np.testing.assert_array_equal(run(form, form.operands(0) | {"c": c}), c.astype(np.float32))

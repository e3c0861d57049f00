"""Outputs lie apart from what is read: exactly where NumPy finds no shared memory, and C alone may be D."""

import aotgemm
import numpy as np
import pytest
from aotgemm import _core
from gemm_forms import FORMS, WITH_C
from numpy.lib.stride_tricks import as_strided
from problems import BF16, FP8

K = 128
ROUNDS = 3000


def strided(rng, memory, shape):
    """A random view of the memory, with columns adjacent or not and rows that overlap or not."""
    inner = int(rng.choice([1, 1, 1, 2, 3]))
    outer = int(rng.integers(0, 12)) + (inner * shape[1] if rng.random() < 0.7 else 0)
    span = (shape[0] - 1) * outer + (shape[1] - 1) * inner + 1
    first = int(rng.integers(0, memory.size - span))
    return as_strided(memory[first:], shape, (outer * memory.itemsize, inner * memory.itemsize))


def is_taken(call):
    try:
        call()
    except aotgemm.LayoutError as error:
        assert "share" in str(error), error
        return False
    return True


def test_it_is_found_where_it_is():
    """The copy of scales reads any strides and writes a layout of its own."""
    rng, found = np.random.default_rng(15), [0, 0]
    for _ in range(ROUNDS):
        memory = np.zeros(160, np.float32)
        mn, k = (int(x) for x in rng.integers(1, 5, 2))
        first = -memory.ctypes.data // 4 % 4 + 4 * int(rng.integers(0, 8))
        out, sf = as_strided(memory[first:], (mn, k), (4, 16)), strided(rng, memory, (mn, k))
        apart = not np.shares_memory(sf, out)
        assert is_taken(lambda: _core.sf_to_mn_major(sf, out)) is apart, (mn, k, first, sf.strides)
        found[apart] += 1
    assert min(found) > ROUNDS / 10


def test_outputs_of_a_cast():
    rng, found = np.random.default_rng(16), [0, 0]
    for _ in range(ROUNDS):
        memory, rows = np.zeros(400, np.float32), int(rng.integers(1, 4))
        x, sf = (strided(rng, memory, (rows, 1)) for _ in range(2))
        q = as_strided(memory.view(FP8)[int(rng.integers(0, 1200)) :], (rows, 1), (int(rng.integers(1, 60)), 1))
        apart = not any(np.shares_memory(*pair) for pair in ((x, q), (x, sf), (q, sf)))
        apart = apart and (rows == 1 or sf.strides[0] != 0)
        assert is_taken(lambda: _core.cast("per_token_fp8", x, q, sf)) is apart, (x.strides, q.strides)
        found[apart] += 1
    assert min(found) > ROUNDS / 20


def in_memory(memory, at, like):
    """An array of that shape, strides and dtype, from that byte on."""
    return np.ndarray(like.shape, like.dtype, memory.data, at, like.strides)


def extent(array):
    """Bytes from its first to its last."""
    return sum((size - 1) * step for size, step in zip(array.shape, array.strides, strict=True)) + array.itemsize


@pytest.mark.parametrize(
    "form, name",
    [
        (form, name)
        for form in FORMS
        for name in ("a", "b", "sfa", "sfb", "index")
        if form.operands(K)[name] is not None
    ],
    ids=str,
)
def test_d_in_the_memory_of_an_operand(form, name):
    given = form.operands(K)
    memory = np.zeros(given["d"].nbytes + extent(given[name]) + 64, np.uint8)
    start = -memory.ctypes.data % 16
    operand = in_memory(memory, start, given[name])
    operand[...] = given[name]
    last = start + (extent(given[name]) - 1) // 16 * 16  # of the operand's last 16 bytes
    form.run(given | {name: operand, "d": in_memory(memory, last + 16, given["d"])})
    before = memory.copy()
    with pytest.raises(aotgemm.LayoutError, match=r"^d: shares memory with \w+, must lie apart from it"):
        form.run(given | {name: operand, "d": in_memory(memory, last, given["d"])})
    np.testing.assert_array_equal(memory, before)


@pytest.mark.parametrize("form", WITH_C, ids=str)
def test_c_is_d_or_apart_from_it(form):
    given = form.operands(K)
    memory = np.zeros(2 * given["d"].nbytes + 64, np.uint8)
    start = -memory.ctypes.data % 16
    near, moved, far = (in_memory(memory, at, given["d"]) for at in (start, start + 16, start + given["d"].nbytes))
    for c, d in ((near, near), (near, far), (far, near)):
        form.run(given | {"c": c, "d": d})
    for c, d in ((near, moved), (moved, near)):
        with pytest.raises(aotgemm.LayoutError, match="^c: shares memory with d, must be d itself or lie apart"):
            form.run(given | {"c": c, "d": d})


def test_operands_between_each_others_rows_are_apart():
    """Columns of one matrix: bounds overlap, elements do not."""
    wide = np.ones((64, 128), BF16)
    aotgemm.bf16_gemm_nt(wide[:, :16], wide[:, 16:32], wide[:, 64:])
    assert (wide[:, 64:] == 16).all() and (wide[:, :64] == 1).all()
    with pytest.raises(aotgemm.LayoutError, match="^d: shares memory with b"):
        aotgemm.bf16_gemm_nt(wide[:, :16], wide[:, 56:72], wide[:, 64:])

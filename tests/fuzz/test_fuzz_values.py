"""Random problems of every kind of call, as a user makes it, amid guarded memory: the bits of the definition."""

import aotgemm
import ml_dtypes
import numpy as np
import pytest
from aotgemm.arrays.sizes import ceil_div
from aotgemm.problems.backends import CpuBackend
from aotgemm.problems.call import call, call_public
from aotgemm.problems.kinds import FAMILIES, KINDS
from aotgemm.problems.make import make
from aotgemm.problems.memory import CONTIGUOUS, STRIDED, STRIDED_OUTPUT
from aotgemm.problems.sizes import Limits, random_size
from aotgemm.selftest.expected import Expectation, defined_product

LIMITS = Limits(m=24, n=48, k=272, groups=4, batches=5)
CPU = CpuBackend()


def scaled(matrix, scales, rows):
    if scales is None:
        return matrix.astype(np.float64)
    spread = np.repeat(np.repeat(scales.astype(np.float64), rows, 0), 128, 1)
    return matrix.astype(np.float64) * spread[: len(matrix), : matrix.shape[1]]


def fp64_product(family, a, sfa, b, sfb, batches):
    """In the place of a definition: the product in FP64."""
    if form := FAMILIES[family].prepacked_b:
        b, sfb = form.decode(b, sfb, a.shape[1])
    product = scaled(a, sfa, 1) @ scaled(b, sfb, 128 if family == "fp8_gemm_1d2d" else 1).T
    return lambda c, dtype: (product if c is None else c.astype(np.float64) + product).astype(dtype)


def distance(kind, problem, got, wanted):
    """Of D to what FP64 has, over the norm of that, where D is written.

    It is what rounding to BF16 leaves out, and the 13 bits of a sum of FP8.
    """
    dtype = np.float32 if kind.out_dtype == "fp32" else ml_dtypes.bfloat16
    written = problem.view_of_d.of(got) != problem.view_of_d.of(problem.guard.poisoned())
    one, two = (x[written].view(dtype).astype(np.float64) for x in (problem.view_of_d.of(got), wanted))
    return np.linalg.norm(one - two) / max(np.linalg.norm(two), 1e-30)


def random_problem(rng, kind):
    c = str(rng.choice(["none", "separate", "in_place"])) if kind.takes_c else "none"
    memory = (CONTIGUOUS, STRIDED, STRIDED_OUTPUT)[rng.integers(3)]
    size = random_size(rng, kind, LIMITS)
    return make(kind, size, CPU, rng, memory=memory, values="finite", c=c, mn_major=bool(rng.integers(2)))


@pytest.mark.parametrize("kind", KINDS.values(), ids=str)
def test_random_problems(kind, rounds):
    for rng in rounds(12):
        problem = random_problem(rng, kind)
        wanted, exact = (
            Expectation(kind, problem.size, problem.operands, product).bits(kind, problem.c is not None)
            for product in (defined_product, fp64_product)
        )
        problem.reset()
        call_public(problem) if rng.integers(2) else call(problem, threads=int(rng.integers(0, 4)))
        assert problem.mismatch(problem.surrounded(wanted)) == "", (problem.size, problem.c is not None)
        sums_fp8_of_hopper = kind.is_fp8 and not kind.packs_scales
        limit = 2.0**-16 if (sums_fp8_of_hopper, kind.out_dtype) == (False, "fp32") else 2.0**-7
        assert distance(kind, problem, problem.read(), exact) < limit


def guarded(rng, shape, dtype):
    """A view of the shape amid memory of 0xA5, with rows apart or not, and all of that memory."""
    dtype = np.dtype(dtype)
    left, pitch = int(rng.integers(0, 5)), shape[1] + int(rng.integers(0, 7))
    memory = np.full(((shape[0] + 2) * pitch + 8) * dtype.itemsize, 0xA5, np.uint8)
    rows = memory.view(dtype)[pitch + left :][: shape[0] * pitch].reshape(shape[0], pitch)
    return rows[:, : shape[1]], memory


def cast_by_definition(x, rows, use_ue8m0):
    """As docs of the casts have it, block by block."""
    m, k = x.shape
    q = np.zeros((m, k), ml_dtypes.float8_e4m3fn)
    sf = np.zeros((ceil_div(m, rows), ceil_div(k, 128)), np.float32)
    for i, j in np.ndindex(sf.shape):
        block = slice(i * rows, (i + 1) * rows), slice(j * 128, (j + 1) * 128)
        scale = np.float32(np.maximum(np.abs(x[block]).max(), np.float32(1e-4)) / np.float32(448))
        scale = np.float32(np.exp2(np.ceil(np.log2(np.float64(scale))))) if use_ue8m0 else scale
        sf[i, j] = scale
        q[block] = np.clip(x[block] * (np.float32(1) / scale), -448, 448).astype(ml_dtypes.float8_e4m3fn)
    return q, sf


@pytest.mark.parametrize("rows", [1, 128])
def test_random_casts(rows, rounds):
    kind = "per_token_fp8" if rows == 1 else "per_block_fp8"
    for rng in rounds(150):
        m, k = int(rng.integers(1, 200)), int(rng.integers(1, 300))
        x, _ = guarded(rng, (m, k), np.float32 if rng.integers(2) else ml_dtypes.bfloat16)
        x[...] = rng.standard_normal((m, k)) * np.exp2(rng.integers(-20, 20, (m, 1)))
        (q, all_q), (sf, all_sf) = (
            guarded(rng, (m, k), ml_dtypes.float8_e4m3fn),
            guarded(rng, (ceil_div(m, rows), ceil_div(k, 128)), np.float32),
        )
        use_ue8m0, before = bool(rng.integers(2)), (all_q.copy(), all_sf.copy())
        aotgemm._core.cast(kind, x, q, sf, use_ue8m0=use_ue8m0)
        wanted_q, wanted_sf = cast_by_definition(x.astype(np.float32), rows, use_ue8m0)
        np.testing.assert_array_equal(sf, wanted_sf)
        np.testing.assert_array_equal(q.view(np.uint8), wanted_q.view(np.uint8))
        for view, memory, was in ((q, all_q, before[0]), (sf, all_sf, before[1])):
            view.view(np.uint8)[...] = 0xA5
            np.testing.assert_array_equal(memory, was)


def test_random_layouts_of_scales(rounds):
    for rng in rounds(300):
        shape = tuple(int(x) for x in rng.integers(1, 40, rng.integers(2, 4)))
        memory = rng.standard_normal(tuple(2 * size for size in shape)).astype(np.float32)
        sf = memory[tuple(slice(0, None, int(rng.integers(1, 3))) for _ in shape)]
        sf = sf[tuple(slice(0, size) for size in shape)]
        sf = sf.swapaxes(-1, -2) if rng.integers(2) else sf
        out = aotgemm.get_mn_major_tma_aligned_tensor(sf)
        column = aotgemm.align(sf.shape[-2], 4)
        np.testing.assert_array_equal(out, sf)
        assert [step // 4 for step in out.strides] == [column * sf.shape[-1], 1, column][-sf.ndim :]

"""Problems of every kind: made in any memory, called through the core and as a user calls, with the same bits."""

from dataclasses import replace
from itertools import product

import ml_dtypes
import numpy as np
import pytest
from aotgemm.errors import LayoutError
from aotgemm.problems.arena import OperandArena
from aotgemm.problems.backends import CpuBackend
from aotgemm.problems.call import call, call_public
from aotgemm.problems.kinds import KINDS
from aotgemm.problems.make import make, with_row_major_scales
from aotgemm.problems.memory import CONTIGUOUS, POISON, STRIDED, STRIDED_OUTPUT, GuardedOutput
from aotgemm.problems.sizes import Limits, Size, random_size, row_groups
from aotgemm.problems.values import draw
from aotgemm.problems.views import placement_of

EACH_KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=str)
MEMORIES = (CONTIGUOUS, STRIDED, STRIDED_OUTPUT)
GUARDS = pytest.mark.parametrize("guard", [GuardedOutput(5, 16, 16, 0), GuardedOutput(5, 16, 40, 8)])
CPU = CpuBackend()


def size_for(kind, seed=0):
    return random_size(np.random.default_rng([5, seed]), kind, Limits(60, 80, 272, 4, 12))


def c_operands(kind):
    return ("none", "separate", "in_place") if kind.takes_c else ("none",)


def run(problem, caller=call):
    """The memory of D."""
    problem.reset()
    caller(problem)
    return np.array(problem.read())


@EACH_KIND
@pytest.mark.parametrize("values", ["edge", "finite", "normal"])
def test_memory_and_place_of_c_change_no_bit(kind, values):
    size, outputs = size_for(kind), {}
    for memory, c in product(MEMORIES, c_operands(kind)):
        problem = make(kind, size, CPU, np.random.default_rng(1), memory=memory, values=values, c=c)
        d = problem.view_of_d.of(run(problem))
        np.testing.assert_array_equal(outputs.setdefault(c != "none", d), d)
    assert not kind.takes_c or not np.array_equal(outputs[False], outputs[True])


@EACH_KIND
def test_the_users_call_is_the_same(kind):
    for memory, c in product(MEMORIES, c_operands(kind)):
        problem = make(kind, size_for(kind), CPU, np.random.default_rng(1), memory=memory, values="edge", c=c)
        assert with_row_major_scales(problem).mismatch(run(problem)) == ""
        assert problem.mismatch(run(with_row_major_scales(problem), call_public)) == ""


@EACH_KIND
def test_scales_may_be_row_major(kind):
    problems = [make(kind, size_for(kind), CPU, np.random.default_rng(1), mn_major=major) for major in (True, False)]
    np.testing.assert_array_equal(*map(run, problems))


@EACH_KIND
def test_rows_of_no_group_become_zeros_or_stay_poisoned(kind):
    problem = make(kind, size_for(kind, 2), CPU, np.random.default_rng(1), memory=STRIDED, values="edge")
    d = problem.view_of_d.of(run(problem)).reshape(-1, problem.size.columns_of_d)
    untouched = (d == d.dtype.type(0xA5A5A5A5 & np.iinfo(d.dtype).max)).all(axis=-1)
    placement = placement_of(kind, problem.size)
    others, zeroed = (False, False) if placement is None else (placement.group_of_row < 0, placement.zeroed)
    assert (untouched == (others & ~np.array(zeroed))).all()
    assert (d[zeroed] == 0).all()
    assert np.any(zeroed) == kind.shares_rows


@EACH_KIND
def test_a_view_of_every_operand_may_take_its_place(kind):
    problem = make(kind, size_for(kind), CPU, np.random.default_rng(1), c=c_operands(kind)[-1])
    seen = []
    mapped = problem.mapped(lambda operand: seen.append(operand) or operand[...])
    assert (mapped.c is mapped.d) == (problem.c is problem.d) and len(seen) >= 3
    assert problem.mismatch(run(mapped)) == problem.mismatch(run(problem)) == "" or kind.takes_c


@EACH_KIND
@pytest.mark.parametrize("c", ["none", "in_place"])
def test_an_arena_serves_all_its_sizes(kind, c):
    if c == "in_place" and not kind.takes_c:
        c = "none"
    sizes = [size_for(kind, seed) for seed in range(4)]
    arena = OperandArena(kind, sizes, CPU, c=c, sets=2)
    for size, turn in product(sizes, range(3)):
        problem = arena.problem(size, turn)
        call(problem)
        assert np.isfinite(np.asarray(problem.d, np.float32)).all() and (np.asarray(problem.d) != 0).any()
    first, second, third = (arena.problem(sizes[0], turn) for turn in range(3))
    assert np.shares_memory(first.a, third.a) and not np.shares_memory(first.a, second.a)


@EACH_KIND
def test_an_arena_lies_as_made_problems_do(kind):
    made = make(kind, size_for(kind), CPU, np.random.default_rng(1))
    lent = OperandArena(kind, [size_for(kind)], CPU).problem(size_for(kind))
    for name in ("a", "sfa", "b", "sfb", "d", "index"):
        one, two = getattr(made, name), getattr(lent, name)
        assert (one is None) == (two is None), name
        if one is not None:
            assert (one.shape, one.strides, one.dtype) == (two.shape, two.strides, two.dtype), name


@pytest.mark.parametrize("c", ["separate", "in_place"])
def test_a_c_that_the_call_does_not_take_is_refused(c):
    with pytest.raises(LayoutError, match=f"^c: is {c}, allowed is none for fp8_gemm_1d2d dense nt bf16$"):
        make(KINDS["fp8_gemm_1d2d"], Size(1, 8, 16), CPU, np.random.default_rng(0), c=c)


def test_operands_of_a_smaller_shape_are_part_of_the_largest():
    kind = KINDS["fp8_gemm_1d2d"]
    operands = draw(kind, Size(400, 72, 144), np.random.default_rng(0), "edge")
    part = operands.first(350, 64)
    assert (len(part.source), part.b.shape, part.sfb.shape) == (350, (1, 64, 144), (1, 1, 2))
    assert len(operands.a) == 300 and set(operands.source[300:]) <= set(range(300))


def test_edge_values_hold_every_finite_pattern_and_some_nan():
    kind = KINDS["fp8_gemm_1d2d"]
    problem = make(kind, Size(300, 64, 512), CPU, np.random.default_rng(0), values="edge")
    assert set(range(256)) - {0x7F, 0xFF} <= set(np.unique(problem.a.view(np.uint8)))
    call(problem)
    values = problem.d.astype(np.float32)
    assert 0.01 < np.isnan(values).mean() < 0.2
    assert np.isinf(values).any()


@pytest.mark.parametrize(
    "name", ["bf16_gemm", "bf16_gemm_masked", "fp8_gemm_1d1d_fp32", "fp8_gemm_1d1d_k_grouped_fp32"]
)
def test_edge_values_of_other_kinds_have_nan_too(name):
    kind = KINDS[name]
    size = {"bf16_gemm_masked": row_groups((200, 30), 64, 256)}.get(name, Size(64, 64, 256))
    size = replace(size, counts=(128, 128)) if kind.grouping == "k_grouped" else size
    problem = make(kind, size, CPU, np.random.default_rng(0), values="edge")
    problem.reset()
    call(problem)
    live = problem.d[:, :30] if kind.grouping == "masked" else problem.d
    assert 0 < np.isnan(live.astype(np.float32)).mean() < 0.3


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if not kind.is_fp8], ids=str)
def test_finite_values_have_finite_sums(kind):
    problem = make(kind, size_for(kind), CPU, np.random.default_rng(0), values="finite")
    problem.memory.view(np.uint8).fill(0)
    call(problem)
    assert np.isfinite(problem.d.astype(np.float32)).all()


def test_padding_between_operands_is_nan():
    problem = make(KINDS["bf16_gemm"], Size(5, 16, 20), CPU, np.random.default_rng(0), memory=STRIDED)
    assert problem.a.strides == ((24 + 24) * 2, 2)
    around = np.lib.stride_tricks.as_strided(problem.a, (5, 28), problem.a.strides)[:, 20:]
    assert np.isnan(around.astype(np.float32)).all() and around.dtype == ml_dtypes.bfloat16


@GUARDS
def test_a_right_output_is_right(guard):
    memory = guard.poisoned()
    guard.inside(memory)[:] = np.arange(80, dtype=np.uint16).reshape(5, 16)
    assert guard.mismatch(memory, memory.copy()) == ""


@GUARDS
def test_an_element_left_unwritten_shows(guard):
    wanted = guard.poisoned()
    guard.inside(wanted)[:] = 0
    memory = wanted.copy()
    guard.inside(memory)[4, 15] = POISON
    assert guard.mismatch(memory, wanted) == "1 of 80 outputs differ, first at [4, 15]: 0xa5a5 instead of 0x0000"


@GUARDS
@pytest.mark.parametrize("where", [-1, 1])
def test_a_write_beside_the_output_shows(guard, where):
    wanted = guard.poisoned()
    guard.inside(wanted)[:] = 0
    memory = wanted.copy()
    memory[guard.offset - 1 if where < 0 else guard.offset + 4 * guard.stride + 16] = 0
    assert guard.mismatch(memory, wanted) == "1 elements around D were written"

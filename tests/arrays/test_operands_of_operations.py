"""Calls that are no GEMM: operands without memory of their own, and outputs in the memory of another operand."""

from dataclasses import replace

import aotgemm
import numpy as np
import pytest
import torch
from aotgemm.problems.backends import CpuBackend
from aotgemm.problems.operation import lay_out
from aotgemm.problems.operations import OPERATIONS
from numpy.lib.stride_tricks import as_strided
from test_tensors_without_memory import WAYS, Wrapper, refusal

BITS = {"float8_e4m3fn": (np.uint8, torch.float8_e4m3fn), "bfloat16": (np.int16, torch.bfloat16)}


def as_torch(array):
    bits, dtype = BITS.get(array.dtype.name, (array.dtype, None))
    tensor = torch.from_numpy(np.ascontiguousarray(array).view(bits).copy())
    return tensor if dtype is None else tensor.view(dtype)


def call_of(operation):
    size = operation.sizes["host"][0]
    return lay_out(operation, size, operation.draw(size, np.random.default_rng(0), "finite"), CpuBackend())


def with_operands(call, **operands):
    return replace(call, operands=call.operands | operands)


def names_of(call):
    """Every array of the call, and those that its public function takes."""
    inputs = [name for name, value in call.values.items() if isinstance(value, np.ndarray)]
    taken = inputs + ([*call.outputs] if call.run_public(aotgemm) is None else [])
    return [*inputs, *call.outputs], taken


CALLS = {str(one): call_of(one) for one in OPERATIONS.values()}
TAKEN = [(name, operand) for name, call in CALLS.items() for operand in names_of(call)[1]]
PAIRS = [
    (name, output, other)
    for name, call in CALLS.items()
    for output in call.outputs
    for other in names_of(call)[0]
    if other != output
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name, operand", TAKEN)
def test_an_operand_without_memory(name, operand):
    call = CALLS[name].mapped(as_torch)
    left_out = {"negative"} if call[operand].dtype == torch.float8_e4m3fn else set()  # PyTorch negates no FP8
    left_out |= {"wrapped", "conjugate"} if operand == "cache" else set()  # the problem views it as bytes
    for way in WAYS.keys() - left_out:
        try:
            made = WAYS[way][0](call[operand].clone())
        except (RuntimeError, TypeError):  # PyTorch makes none of that type
            assert way not in ("freed", "meta", "fake")
            continue
        given = with_operands(call, **{operand: made})
        refusal(lambda given=given: given.operation.public(given, aotgemm))


def test_a_wrapped_cache():
    call = CALLS["fp8_paged_mqa_logits"].mapped(as_torch)
    others = [call[name] for name in ("weights", "lengths", "table", "schedule")]
    cache = Wrapper(call["cache"].view(torch.uint8))
    _, message = refusal(lambda: aotgemm.fp8_paged_mqa_logits(call["q"], cache, *others, 64))
    assert message.startswith(f"kv_cache: is a {Wrapper.__module__}.Wrapper, which has operations of its own")


def in_memory_of(output, other):
    """Two arrays like those, both at the start of one memory."""
    most = max(sum((size - 1) * step for size, step in zip(x.shape, x.strides, strict=True)) for x in (output, other))
    memory = np.zeros((most + 64) // 16 * 16, np.uint8)
    placed = [as_strided(memory.view(x.dtype), x.shape, x.strides) for x in (output, other)]
    placed[1][...] = other
    return placed


@pytest.mark.parametrize("name, output, other", PAIRS)
def test_an_output_in_the_memory_of_another_operand(name, output, other):
    call = CALLS[name]
    one, two = in_memory_of(call[output], call[other])
    before = two.copy()
    with pytest.raises(aotgemm.LayoutError, match="shares memory with"):
        with_operands(call, **{output: one, other: two}).run()
    np.testing.assert_array_equal(two.view(np.uint8), before.view(np.uint8))


@pytest.mark.parametrize("rows", [2**31, 2**40])
@pytest.mark.parametrize("framework", [np, torch], ids=["NumPy", "PyTorch"])
def test_outputs_of_more_rows_than_any_call_takes_are_not_asked_for(framework, rows):
    x = framework.ones((1, 64), dtype=framework.float32)
    wide = torch.ones(1, 64).expand(rows, 64) if framework is torch else np.broadcast_to(x, (rows, 64))
    for function in (
        lambda: aotgemm.per_token_cast_to_fp8(wide, False),
        lambda: aotgemm.get_mn_major_tma_aligned_tensor(wide),
        lambda: aotgemm.get_mn_major_tma_aligned_packed_ue8m0_tensor(wide),
    ):
        with pytest.raises(aotgemm.ShapeError, match=str(rows)):
            function()


def test_a_schedule_of_no_sequences():
    schedule = aotgemm.get_paged_mqa_logits_metadata(torch.zeros(0, 2, dtype=torch.int32), 64, 3)
    assert schedule.tolist() == aotgemm.get_paged_mqa_logits_metadata(np.zeros((0, 2), np.int32), 64, 3).tolist()

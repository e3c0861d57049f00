"""torch.ops.aotgemm: the bits of the functions, PyTorch's own checks of operators, and refusals while tracing."""

import aotgemm
import aotgemm.torch  # noqa: F401
import numpy as np
import pytest
import torch
from aotgemm.torch.calls import CALLS
from call_operands import flattened, operands, output
from operator_operands import operator_names, operator_operands
from torch._subclasses.fake_tensor import FakeTensorMode
from torch_tensors import bits

# PyTorch compares arguments before and after with allclose, which has no FP8 on the CPU.
WITHOUT_SCHEMA = ("test_autograd_registration", "test_faketensor", "test_aot_dispatch_dynamic")
WITH_SCHEMA = ("test_schema", *WITHOUT_SCHEMA)


def operator(name):
    return getattr(torch.ops.aotgemm, name).default


@pytest.mark.parametrize("name", CALLS)
def test_an_operator_writes_what_the_function_writes(name):
    given, other = operands(name), operands(name)
    getattr(aotgemm, name)(*given)
    assert operator(name)(*flattened(other)) is None
    np.testing.assert_array_equal(bits(output(other)), bits(output(given)))
    assert not np.array_equal(bits(output(given)), bits(output(operands(name))))


@pytest.mark.parametrize("name", CALLS)
def test_pytorchs_checks(name):
    tests = WITHOUT_SCHEMA if "fp8" in name else WITH_SCHEMA
    done = torch.library.opcheck(operator(name), tuple(flattened(operands(name))), test_utils=tests)
    assert set(done.values()) == {"SUCCESS"} and len(done) == len(tests)


@pytest.mark.parametrize("name", [name for name in operator_names() if name not in CALLS])
def test_pytorchs_checks_of_what_returns_tensors(name):
    done = torch.library.opcheck(operator(name), operator_operands(name), test_utils=WITHOUT_SCHEMA)
    assert set(done.values()) == {"SUCCESS"} and len(done) == len(WITHOUT_SCHEMA)


@pytest.mark.parametrize("shape", [(7, 3), (2, 7, 3)], ids=str)
def test_aligned_scales_have_their_strides_in_a_graph_too(shape):
    sf = torch.rand(shape)
    aligned = torch.ops.aotgemm.get_mn_major_tma_aligned_tensor.default
    done = torch.library.opcheck(aligned, (sf,), test_utils=WITHOUT_SCHEMA)
    assert set(done.values()) == {"SUCCESS"}
    out = aligned(sf)
    assert torch.equal(out, sf) and out.stride() == aotgemm.get_mn_major_tma_aligned_tensor(sf).stride()
    again = aligned(out)
    assert torch.equal(again, sf) and again.data_ptr() != out.data_ptr() and again.stride() == out.stride()


@pytest.mark.parametrize("name", CALLS)
def test_strides_are_part_of_the_contract(name):
    assert torch.Tag.needs_exact_strides in operator(name).tags
    assert operator(name)._schema.is_mutable and not operator(name)._schema.returns


REFUSED = [
    ("fp8_gemm_nt", 2, lambda b: b[:, :128], r"^b: K is 128, must be 144"),
    ("bf16_gemm_nn", 2, lambda d: d[:, :16], r"^d: N is 16, must be 24"),
    ("m_grouped_bf16_gemm_nt_masked", 1, lambda b: b[:2], r"^b: G is 2, must be 3"),
    ("bf16_gemm_nt", 0, lambda a: a[0], r"^a: has 1 dimensions, allowed is 2"),
]


@pytest.mark.parametrize("name, place, change, message", REFUSED)
def test_sizes_are_checked_while_tracing(name, place, change, message):
    given = flattened(operands(name))
    given[place] = change(given[place])
    with FakeTensorMode() as mode, pytest.raises(aotgemm.ShapeError, match=message):
        operator(name)(*(mode.from_tensor(each) if isinstance(each, torch.Tensor) else each for each in given))


@pytest.mark.parametrize("name, place", [("fp8_gemm_nt", 0), ("bf16_gemm_nt", 1), ("bf16_gemm_nt", 2)])
def test_element_types_are_checked_while_tracing(name, place):
    given = flattened(operands(name))
    given[place] = given[place].to(torch.float16)
    with FakeTensorMode() as mode, pytest.raises(aotgemm.DtypeError, match="dtype is float16, allowed is"):
        operator(name)(*(mode.from_tensor(each) if isinstance(each, torch.Tensor) else each for each in given))


def test_errors_of_a_call_pass_through():
    given = flattened(operands("fp8_gemm_nt"))
    with pytest.raises(aotgemm.ShapeError, match=r"^recipe: is \[1, 32, 32\], allowed is"):
        torch.ops.aotgemm.fp8_gemm_nt(*given, recipe=[1, 32, 32])


def test_every_gemm_of_the_package_is_an_operator():
    """A call that writes into D and is missing here would break graphs."""
    import inspect

    writing = {
        function.__name__
        for name, function in vars(aotgemm).items()
        if inspect.isfunction(function) and not name.startswith("cublaslt")
        if {"a", "b", "d"} <= set(inspect.signature(function).parameters)
    }
    assert writing == set(CALLS)

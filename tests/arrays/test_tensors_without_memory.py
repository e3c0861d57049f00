"""Tensors whose values are not in memory of their own: each is refused by name, and nothing is read."""

import aotgemm
import ml_dtypes
import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

BF16 = torch.bfloat16


class Wrapper(torch.Tensor):
    """As DTensor and quantised tensors are: a shape, with the values in another tensor."""

    @staticmethod
    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype, device=inner.device)

    @classmethod
    def __torch_dispatch__(cls, function, types, arguments=(), keywords=None):
        raise NotImplementedError(function)


def freed(tensor):
    """As a sharded trainer leaves a weight: its shape, at address 0."""
    tensor.untyped_storage().resize_(0)
    return tensor


def freed_part(tensor):
    """A view at an offset into such memory, whose address is the offset."""
    whole = torch.cat([tensor, tensor])
    part = whole[len(tensor) :]
    freed(whole)
    assert part.data_ptr() > 0
    return part


def fake(tensor):
    with FakeTensorMode() as mode:
        return mode.from_tensor(tensor)


def sharded(tensor):
    from one_rank import join_one_rank
    from torch.distributed.tensor import DeviceMesh, Shard, distribute_tensor

    join_one_rank()
    return distribute_tensor(tensor, DeviceMesh("cpu", [0]), [Shard(0)])


def conjugate(tensor):
    return tensor.to(torch.complex64).conj()


MEMORY, DISPATCH = "data is null", "has operations of its own (__torch_dispatch__)"
UNREADABLE = "that cannot be read as a tensor"
WAYS = {
    "freed": (freed, aotgemm.LayoutError, MEMORY),
    "part of what was freed": (freed_part, aotgemm.LayoutError, MEMORY),
    "meta": (lambda x: x.to("meta"), aotgemm.DtypeError, UNREADABLE),
    "fake": (fake, aotgemm.DtypeError, DISPATCH),
    "sharded": (sharded, aotgemm.DtypeError, DISPATCH),
    "wrapped": (Wrapper, aotgemm.DtypeError, DISPATCH),
    "sparse": (lambda x: x.to_sparse(), aotgemm.DtypeError, UNREADABLE),
    "nested": (lambda x: torch.nested.nested_tensor([x]), aotgemm.DtypeError, UNREADABLE),
    "negative": (torch._neg_view, aotgemm.LayoutError, "is a negative view"),
    "conjugate": (conjugate, aotgemm.LayoutError, "is a conjugate view"),
}


def refusal(call):
    with pytest.raises(aotgemm.Error) as caught:
        call()
    assert "\n" not in str(caught.value)
    shown = caught.getrepr(style="native")
    assert "frame #" not in str(shown)
    return type(caught.value), str(caught.value)


def operands():
    return {
        "a": torch.ones(16, 32, dtype=BF16),
        "b": torch.ones(16, 32, dtype=BF16),
        "d": torch.full((16, 16), 7.0).to(BF16),
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["a", "b", "d"])
@pytest.mark.parametrize("way", WAYS)
def test_an_operand_without_memory(way, name):
    make, kind, words = WAYS[way]
    given = operands()
    given[name] = make(given[name])
    found, message = refusal(lambda: aotgemm.bf16_gemm_nt(given["a"], given["b"], given["d"]))
    assert found is kind and message.startswith(f"{name}: ") and words in message
    assert name == "d" or (given["d"] == 7).all()


def cast(x):
    return aotgemm.per_token_cast_to_fp8(x, False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("call", [aotgemm.get_mn_major_tma_aligned_tensor, cast], ids=["copy", "cast"])
def test_casts_and_copies_of_it(way, call):
    make, _, _ = WAYS[way]
    found, message = refusal(lambda: call(make(torch.ones(16, 32))))
    assert message.startswith(("sf: ", "x: "))


@pytest.mark.parametrize("gone", ["a", "sfa", "b", "sfb", "d"])
def test_every_operand_of_an_fp8_call_that_was_freed(gone):
    x = torch.ones(16, 128)
    given = dict(zip(("a", "sfa"), aotgemm.per_token_cast_to_fp8(x, False), strict=True))
    given |= dict(zip(("b", "sfb"), aotgemm.per_block_cast_to_fp8(x, False), strict=True)) | {
        "d": torch.zeros(16, 16, dtype=BF16)
    }
    freed(given[gone])
    pairs = (given["a"], given["sfa"]), (given["b"], given["sfb"])
    found, message = refusal(lambda: aotgemm.fp8_gemm_nt(*pairs, given["d"]))
    assert found is aotgemm.LayoutError and message.startswith(f"{gone}: data is null")


def call_within(x):
    aotgemm.bf16_gemm_nt(x, torch.ones(8, 32, dtype=BF16), torch.zeros(len(x), 8, dtype=BF16))
    return x


TRANSFORMS = {
    "vmap": lambda x: torch.func.vmap(call_within)(x.expand(2, 4, 32)),
    "grad": lambda x: torch.func.grad(lambda y: call_within(y).sum())(x),
    "jvp": lambda x: torch.func.jvp(call_within, (x,), (x,)),
    "functionalize": lambda x: torch.func.functionalize(call_within)(x),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_inside_a_transform_of_functorch(transform):
    _, message = refusal(lambda: TRANSFORMS[transform](torch.ones(4, 32, dtype=BF16)))
    assert message.startswith(("a: ", "b: ", "d: "))


def test_inside_fake_tensor_mode():
    with FakeTensorMode():
        _, message = refusal(lambda: call_within(torch.ones(4, 32, dtype=BF16)))
    assert message.startswith("a: is a torch._subclasses.fake_tensor.FakeTensor, which has operations of its own")


def test_the_imaginary_part_of_a_conjugate_is_negative():
    x = torch.complex(torch.ones(4, 128), torch.ones(4, 128)).conj().imag.T
    _, message = refusal(lambda: aotgemm.get_mn_major_tma_aligned_tensor(x))
    assert message.startswith("sf: is a negative view")
    assert (aotgemm.get_mn_major_tma_aligned_tensor(x.resolve_neg()) == -1).all()


def test_what_a_sharded_weight_has_here_is_taken():
    given = operands()
    aotgemm.bf16_gemm_nt(given["a"], sharded(given["b"]).to_local(), given["d"])
    assert (given["d"] == 32).all()


def test_operands_of_nothing_need_no_memory():
    a, b = freed(torch.ones(4, 32, dtype=BF16))[:, :0], torch.ones(8, 32, dtype=BF16)[:, :0]
    d = torch.full((4, 8), 7.0).to(BF16)
    aotgemm.bf16_gemm_nt(a, b, d)
    assert not d.any()


class Subclass(torch.Tensor):
    pass


def test_subclasses_that_change_no_operation_are_taken():
    given = operands()
    aotgemm.bf16_gemm_nt(given["a"].as_subclass(Subclass), torch.nn.Parameter(given["b"]), given["d"])
    assert (given["d"] == 32).all()


@pytest.mark.parametrize("dtype", [np.dtype([]), np.dtype("S0"), np.dtype("V0")], ids=str)
def test_elements_of_no_bytes(dtype):
    b, d = np.ones((8, 32), ml_dtypes.bfloat16), np.zeros((4, 8), ml_dtypes.bfloat16)
    found, message = refusal(lambda: aotgemm.bf16_gemm_nt(np.zeros((4, 32), dtype), b, d))
    assert found is aotgemm.DtypeError and message.startswith("a: dtype is a dtype aotgemm does not use")


def test_masked_arrays_hide_values():
    x = np.ma.masked_array(np.ones((4, 8), np.float32), mask=True)
    found, message = refusal(lambda: aotgemm.get_mn_major_tma_aligned_tensor(x))
    assert found is aotgemm.DtypeError and "hides elements behind a mask" in message

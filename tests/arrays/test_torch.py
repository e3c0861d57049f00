"""PyTorch tensors on the CPU, through the DLPack exchange table of their type."""

import sys

import aotgemm
import numpy as np
import pytest
import torch
from aotgemm import _core
from problems import BF16, make_problem
from torch_tensors import bits, to_torch


def as_torch(problem):
    return [to_torch(array) for array in (problem.a, problem.sfa, problem.b, problem.sfb)]


def run(a, sfa, b, sfb, d=None):
    d = torch.full((a.shape[0], b.shape[0]), -1.0, dtype=torch.bfloat16) if d is None else d
    aotgemm.fp8_gemm_nt((a, sfa), (b, sfb), d)
    return bits(d)


@pytest.mark.parametrize("shape", [(1, 8, 16), (65, 136, 400)], ids=str)
def test_gemm_gives_the_bits_of_numpy(shape):
    problem = make_problem(*shape)
    np.testing.assert_array_equal(run(*as_torch(problem)), problem.run())


def test_views_with_offsets_and_strides():
    problem = make_problem(9, 64, 256)
    a, sfa, b, sfb = as_torch(problem)
    wide = torch.zeros(12, 512, dtype=torch.float8_e4m3fn)
    wide[2:11, 128:384] = a
    memory = torch.full((9, 96), 7.0, dtype=torch.bfloat16)
    out = run(wide[2:11, 128:384], sfa.T.contiguous().T, b, sfb, memory[:, 8:72])
    np.testing.assert_array_equal(out, problem.run())
    assert (memory[:, :8] == 7).all() and (memory[:, 72:] == 7).all()


def test_one_row_of_a_larger_tensor():
    problem = make_problem(9, 64, 256)
    a, sfa, b, sfb = as_torch(problem)
    np.testing.assert_array_equal(run(a[4:5], sfa[4:5], b, sfb)[0], problem.run()[4])


def test_subclasses_and_parameters():
    class Tagged(torch.Tensor):
        pass

    problem = make_problem(3, 64, 128)
    a, sfa, b, sfb = as_torch(problem)
    weight = torch.nn.Parameter(b, requires_grad=False)
    np.testing.assert_array_equal(run(a.as_subclass(Tagged), sfa, weight, sfb), problem.run())


def test_a_call_leaves_no_object_behind():
    problem = make_problem(3, 64, 128)
    a, sfa, b, sfb = as_torch(problem)
    d = torch.empty(3, 64, dtype=torch.bfloat16)
    blocks = []
    for _ in range(3):
        for _ in range(200):
            aotgemm.fp8_gemm_nt((a, sfa), (b, sfb), d)
        blocks.append(sys.getallocatedblocks())
    assert blocks[2] - blocks[1] < 20  # one a call would be 200


def test_no_rows():
    a = torch.empty(0, 256, dtype=torch.float8_e4m3fn)
    b, sfb = aotgemm.per_block_cast_to_fp8(torch.ones(64, 256), False)
    assert run(a, torch.empty(0, 2), b, sfb).shape == (0, 64)


@pytest.mark.parametrize("cast", [aotgemm.per_token_cast_to_fp8, aotgemm.per_block_cast_to_fp8])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("use_ue8m0", [False, True])
def test_casts_give_the_bits_of_numpy(cast, dtype, use_ue8m0):
    x = torch.randn(130, 200, generator=torch.Generator().manual_seed(0)).to(dtype)
    array = bits(x).view(BF16) if dtype is torch.bfloat16 else x.numpy()
    (q, sf), (q_numpy, sf_numpy) = cast(x, use_ue8m0), cast(array, use_ue8m0)
    assert (q.dtype, sf.dtype) == (torch.float8_e4m3fn, torch.float32)
    assert sf.is_contiguous() and sf.shape == sf_numpy.shape
    np.testing.assert_array_equal(bits(q), q_numpy.view(np.uint8))
    np.testing.assert_array_equal(sf.numpy(), sf_numpy)


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (3, 130, 7)], ids=str)
def test_layout_gives_a_tensor_with_true_strides(shape):
    sf = torch.randn(shape)
    out = aotgemm.get_mn_major_tma_aligned_tensor(sf)
    column = aotgemm.align(shape[-2], 4)
    assert out.stride() == (column * shape[-1], 1, column)[-len(shape) :]
    assert torch.equal(out, sf) and type(out) is torch.Tensor
    assert aotgemm.get_mn_major_tma_aligned_tensor(out) is out


@pytest.mark.parametrize(
    "dtype, allowed", [(torch.float16, "bfloat16"), (torch.float32, "bfloat16"), (torch.uint8, "bfloat16")], ids=str
)
def test_a_wrong_dtype_is_named_as_pytorch_names_it(dtype, allowed):
    a, sfa, b, sfb = as_torch(make_problem(3, 64, 128))
    with pytest.raises(aotgemm.DtypeError, match=rf"^d: .*{allowed}") as caught:
        run(a, sfa, b, sfb, torch.zeros(3, 64, dtype=dtype))
    assert str(dtype).removeprefix("torch.") in str(caught.value)


def test_a_tensor_without_memory_is_refused():
    with pytest.raises(aotgemm.Error, match="^sf: "):
        aotgemm.get_mn_major_tma_aligned_tensor(torch.empty(4, 2, device="meta"))


def test_frameworks_can_be_mixed_on_the_cpu():
    problem = make_problem(9, 64, 256)
    a, sfa, _, _ = as_torch(problem)
    d = problem.empty_output()
    _core.gemm("fp8_gemm_1d2d", "dense", "nt", a, sfa, problem.b, problem.sfb, None, d)
    np.testing.assert_array_equal(d.view(np.uint16), problem.run())

"""Benchmarks on the device: peers read our operands, and a row has everybody's time."""

import numpy as np
import pytest
import torch
from aotgemm import to_numpy
from aotgemm.bench.gemm_suite import Bench
from aotgemm.bench.peers import OURS, TorchOperands, find_peers
from aotgemm.problems.arena import OperandArena
from aotgemm.problems.backends import CudaBackend
from aotgemm.problems.call import call
from aotgemm.problems.kinds import KINDS
from aotgemm.problems.sizes import Size

SHAPE = (64, 512, 1024)


@pytest.fixture(scope="module")
def operands():
    sizes = Size(*SHAPE), Size(128, 512, 1024)
    return OperandArena(KINDS["fp8_gemm_1d2d"], sizes, CudaBackend()).problem(sizes[0])


def test_torch_views_are_the_same_memory(operands):
    tensors = TorchOperands(operands)
    for name in ("a", "b", "sfb"):
        mine, theirs = to_numpy(getattr(operands, name)), getattr(tensors, name)
        np.testing.assert_array_equal(theirs.view(torch.uint8).cpu().numpy(), mine.view(np.uint8))
    assert tensors.sfa.stride() == operands.sfa.stride and tensors.sfa.data_ptr() == operands.sfa.data_ptr


def test_the_product_is_of_the_operands_that_peers_see(operands):
    tensors = TorchOperands(operands)
    tensors.sfa.fill_(1), tensors.sfb.fill_(1)
    call(operands)
    expected = tensors.a.float() @ tensors.b.float().t()
    torch.testing.assert_close(tensors.d.float(), expected, rtol=1e-2, atol=expected.abs().max().item() * 1e-2)


def test_a_row_has_times_of_all(operands):
    peers, _ = find_peers(["tensorwise", "bf16"])
    bench = Bench([SHAPE], peers, 3, {})
    row = bench.row(SHAPE)
    assert set(row.us) == {OURS, "tensorwise", "bf16"} and min(row.us.values()) > 0
    limits = bench.limits()
    assert limits.gbps > 100 and limits.tflops > 10

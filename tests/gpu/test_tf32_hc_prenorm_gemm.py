"""tf32_hc_prenorm_gemm on a GPU: the bits of the CPU backend, whatever the shape, the splits and the SMs."""

import aotgemm
import numpy as np
import pytest
import torch
from torch_tensors import bits

SHAPES = [(1, 24, 28672), (13, 24, 7168), (137, 24, 7680), (1000, 24, 16384), (64, 8, 1024), (65, 16, 64), (300, 32, 0)]


def make(m, n, k):
    a = torch.randn(m, k, device="cuda").mul(torch.randn(m, 1, device="cuda").exp()).bfloat16()
    return a, torch.randn(n, k, device="cuda")


def run(a, b, splits):
    leading = () if splits is None else (splits,)
    d = torch.full((*leading, len(a), len(b)), torch.nan, device=a.device)
    sqr_sum = torch.full((*leading, len(a)), torch.nan, device=a.device)
    aotgemm.tf32_hc_prenorm_gemm(a, b, d, sqr_sum, num_splits=splits)
    return bits(d), bits(sqr_sum)


@pytest.mark.parametrize("splits", [None, 1, 16, 700])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gives_the_bits_of_the_cpu_backend(shape, splits):
    a, b = make(*shape)
    for on_gpu, on_cpu in zip(run(a, b, splits), run(a.cpu(), b.cpu(), splits), strict=True):
        np.testing.assert_array_equal(on_gpu, on_cpu)


def test_every_number_of_sms_gives_the_same_bits():
    """With few SMs tiles have 64 rows and a block has many of them, with all 16."""
    a, b = make(517, 24, 2048)
    wanted = run(a, b, 3)
    try:
        for sms in (1, 7, 33, 132):
            aotgemm.set_num_sms(sms)
            for got, one in zip(run(a, b, 3), wanted, strict=True):
                np.testing.assert_array_equal(got, one)
    finally:
        aotgemm.set_num_sms(0)


def test_a_thousand_runs_give_the_same_bits():
    a, b = make(200, 24, 7168)
    wanted = run(a, b, None)
    for _ in range(1000):
        for got, one in zip(run(a, b, None), wanted, strict=True):
            np.testing.assert_array_equal(got, one)

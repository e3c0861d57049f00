"""Family fp8_gemm_1d1d, K groups and heads with skipped columns on a GPU, against the CPU backend, bit for bit."""

import aotgemm
import numpy as np
import pytest
import torch
from aotgemm import _core
from kernels_here import specs_here
from problems import BF16, make_finite_operands, make_problem
from torch_tensors import bits, to_torch

SHAPES = [(1, 8, 16), (7, 72, 144), (129, 264, 400), (300, 576, 2048)]
DTYPES = pytest.mark.parametrize("dtype", [np.float32, BF16], ids=["fp32", "bf16"])


def to_cuda(array):
    return to_torch(np.ascontiguousarray(array)).cuda()


def make_operands(m, n, k, seed=0):
    """A, its scales, B, its scales, and C: NumPy arrays."""
    random = np.random.default_rng([m, n, k, seed])
    a, sfa = make_finite_operands(random, m, 0, k)[:2]
    b, sfb = make_finite_operands(random, n, 0, k)[:2]
    return a, sfa, b, sfb, (random.standard_normal((m, n)) * 1e3).astype(np.float32)


def run(a, sfa, b, sfb, d, c=None):
    aotgemm.fp8_gemm_nt((a, sfa), (b, sfb), d, c, recipe=(1, 1, 128))
    return d


def assert_equal_bits(got, wanted):
    np.testing.assert_array_equal(bits(got).view(np.uint8), np.ascontiguousarray(wanted).view(np.uint8))


@DTYPES
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("accumulate", [False, True])
def test_dense(shape, dtype, accumulate):
    *operands, c = make_operands(*shape)
    c = c.astype(dtype) if accumulate else None
    wanted = run(*operands, np.empty(shape[:2], dtype), c)
    on_device = [to_cuda(operand) for operand in operands]
    d = to_cuda(np.full(shape[:2], 7, dtype))
    assert_equal_bits(run(*on_device, d, None if c is None else to_cuda(c)), wanted)
    if accumulate:
        in_place = to_cuda(c)
        assert_equal_bits(run(*on_device, in_place, in_place), wanted)


def test_a_sum_over_nothing_is_c():
    *operands, c = make_operands(5, 24, 0)
    d = to_cuda(c)
    assert_equal_bits(run(*(to_cuda(operand) for operand in operands), d, d), c)


@DTYPES
@pytest.mark.parametrize("num_sms", [1, 20, 96])
def test_fewer_sms_change_no_bit(dtype, num_sms):
    *operands, _ = make_operands(300, 576, 512)
    wanted = run(*operands, np.empty((300, 576), dtype))
    aotgemm.set_num_sms(num_sms)
    try:
        assert_equal_bits(run(*(to_cuda(x) for x in operands), to_cuda(np.empty((300, 576), dtype))), wanted)
    finally:
        aotgemm.set_num_sms(0)


def make_k_groups(ks, m, n):
    """A and B with their scales, C, the sizes of K on their own."""
    groups = [make_operands(m, n, k, seed) for seed, k in enumerate(ks)]
    flat_a, flat_b = (np.concatenate([group[i].reshape(-1) for group in groups]) for i in (0, 2))
    sfa, sfb = (np.concatenate([group[i] for group in groups], 1) for i in (1, 3))
    return (flat_a, sfa), (flat_b, sfb), np.stack([group[4] for group in groups]), np.array(ks, np.int32)


@pytest.mark.parametrize("ks", [(128,), (256, 0, 384), (0, 0), (128, 1024, 512, 0, 256)], ids=str)
@pytest.mark.parametrize("m, n", [(5, 24), (130, 264), (300, 576)])
@pytest.mark.parametrize("accumulate", [False, True])
def test_k_grouped(ks, m, n, accumulate):
    a, b, c, tensor = make_k_groups(ks, m, n)
    wanted = np.empty((len(ks), m, n), np.float32)
    aotgemm.k_grouped_fp8_gemm_nt_contiguous(a, b, wanted, ks, tensor, c if accumulate else None)
    d = torch.full((len(ks), m, n), float("nan"), device="cuda")
    pairs = tuple(map(to_cuda, a)), tuple(map(to_cuda, b))
    aotgemm.k_grouped_fp8_gemm_nt_contiguous(*pairs, d, ks, to_cuda(tensor), to_cuda(c) if accumulate else None)
    assert_equal_bits(d, wanted)


@pytest.mark.parametrize("captured", [False, True])
def test_all_k_groups_are_over_for_what_follows(captured):
    """The first group takes longest and runs beside the others; each call adds to the D of the one before."""
    ks, m, n, calls = (16384, 128, 0, 128), 130, 264, 5
    a, b, c, tensor = make_k_groups(ks, m, n)
    wanted = [c]
    for _ in range(calls):
        wanted.append(np.empty_like(c))
        aotgemm.k_grouped_fp8_gemm_nt_contiguous(a, b, wanted[-1], ks, tensor, wanted[-2])
    pairs, start, on_device = (tuple(map(to_cuda, a)), tuple(map(to_cuda, b))), to_cuda(c), to_cuda(tensor)
    d, seen = torch.empty_like(start), [torch.empty_like(start) for _ in range(calls)]

    def run_calls():
        d.copy_(start)
        for copy in seen:
            aotgemm.k_grouped_fp8_gemm_nt_contiguous(*pairs, d, ks, on_device, d)
            copy.copy_(d)

    if captured:
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            run_calls()
        graph.replay()
    else:
        run_calls()
    for copy, its in zip(seen, wanted[1:], strict=True):
        assert_equal_bits(copy, its)


@pytest.mark.parametrize("splits", [(128, 64, 128), (8, 8, 0), (0, 16, 24), (136, 8, 16)], ids=str)
@pytest.mark.parametrize("m", [1, 64, 129, 300])
def test_the_middle_of_each_head_is_left_alone(splits, m):
    left, mid, right = splits
    problem = make_problem(m, 4 * (left + right), 272)
    wanted = np.full((m, 4 * sum(splits)), 7, BF16)
    aotgemm.fp8_gemm_nt_skip_head_mid((problem.a, problem.sfa), (problem.b, problem.sfb), wanted, splits)
    a, sfa, b, sfb = (to_cuda(x) for x in (problem.a, problem.sfa, problem.b, problem.sfb))
    sfa = aotgemm.get_mn_major_tma_aligned_tensor(sfa)
    for kernel in [-1, *(spec["kernel"] for spec in specs_here("fp8_gemm_1d2d", "dense"))]:
        d = to_cuda(np.full(wanted.shape, 7, BF16))
        _core.gemm("fp8_gemm_1d2d", "dense", "nt", a, sfa, b, sfb, None, d, head_splits=splits, kernel=kernel)
        assert_equal_bits(d, wanted)

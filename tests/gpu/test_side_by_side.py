"""Benchmarks on the device: peers read our operands and compute our product, and a row has everybody's time."""

import numpy as np
import pytest
import torch
from aotgemm import align, get_mk_alignment_for_contiguous_layout, to_numpy
from aotgemm.bench.environment import card_state
from aotgemm.bench.gemm_suite import Bench
from aotgemm.bench.peers import OURS, find_peers, torch_problem
from aotgemm.bench.timer import GpuTimer
from aotgemm.bench.traffic import size_of
from aotgemm.bench.work import c_operand, live_rows
from aotgemm.problems.arena import OperandArena
from aotgemm.problems.backends import CudaBackend
from aotgemm.problems.call import call
from aotgemm.problems.kinds import KINDS
from aotgemm.problems.sizes import Size
from kernels_here import kinds_here

ALL_KINDS = pytest.mark.parametrize("name", kinds_here())
DENSE, SIZE = KINDS["fp8_gemm_1d2d"], Size(64, 512, 1024)
SAME_PRODUCT = ("deep_gemm", "blockwise", "cublas")  # of the same operands, in the same places


@pytest.fixture(scope="module")
def found():
    peers, _ = find_peers()
    return {peer.name: peer for peer in peers}


def problem_of(name):
    """A problem for timing, with groups of different sizes, and the tensors of the same memory."""
    kind = KINDS[name]
    size = size_of(kind, (512, 1024, 4), 200, "uniform:0.5", np.random.default_rng(0))
    problem = OperandArena(kind, [size], CudaBackend(), c=c_operand(kind)).problem(size)
    return problem, torch_problem(problem)


def live(problem, d):
    """The rows of D that count, one group after the other, as FP32."""
    kind, size = problem.kind, problem.size
    if kind.grouping in ("dense", "batch_reduced", "k_grouped", "batched"):
        return d.float().clone()
    if kind.grouping == "masked":
        return torch.cat([rows[:count] for rows, count in zip(d, size.counts)]).float()
    if kind.has_row_groups:
        start, parts = 0, []
        for count in size.counts:
            parts.append(d[start : start + count])
            start += align(count, get_mk_alignment_for_contiguous_layout())
        return torch.cat(parts).float()
    left, middle, right = size.head_splits
    heads = d.unflatten(1, (-1, left + middle + right))
    return torch.cat([heads[..., :left], heads[..., left + middle :]], dim=-1).float()


def run(problem, tensors, function):
    """The live D of a call into zeros; a peer that makes its D itself returns it."""
    tensors.d.zero_()
    result = function()
    torch.cuda.synchronize()
    return live(problem, tensors.d if result is None else result)


@ALL_KINDS
def test_peers_compute_our_product(name, found):
    problem, tensors = problem_of(name)
    wanted = run(problem, tensors, lambda: call(problem))
    assert wanted.abs().max() > 0
    for peer in (found[known] for known in SAME_PRODUCT if known in found):
        made = peer.call(tensors)
        if made is not None:
            got = run(problem, tensors, made)
            tolerance = 1e-2 * wanted.abs().max().item()
            torch.testing.assert_close(got, wanted, rtol=1e-2, atol=tolerance, msg=f"{peer.name}, {name}")


@ALL_KINDS
def test_grouped_peers_compute_as_many_rows(name, found):
    problem, tensors = problem_of(name)
    rows = live_rows(problem.kind, problem.size)
    for peer in (found[known] for known in ("rowwise", "grouped_mm") if known in found):
        made = peer.call(tensors)
        if made is not None:
            of_k = problem.kind.grouping == "k_grouped"
            assert made().shape == ((4, *tensors.d.shape[1:]) if of_k else (rows, problem.size.n)), peer.name


def test_cublas_takes_every_bf16_product(found):
    for name in kinds_here():
        if found["cublas"].fits(KINDS[name]):
            assert found["cublas"].call(problem_of(name)[1]) is not None, found["cublas"].refused


def test_torch_views_are_the_same_memory():
    problem, tensors = problem_of("fp8_gemm_1d2d")
    for name in ("a", "b", "sfb"):
        mine, theirs = to_numpy(getattr(problem, name)), getattr(tensors, name)
        np.testing.assert_array_equal(theirs.view(torch.uint8).cpu().numpy(), mine.view(np.uint8))
    assert tensors.sfa.stride() == problem.sfa.stride and tensors.sfa.data_ptr() == problem.sfa.data_ptr


def test_the_product_is_of_the_operands_that_peers_see():
    problem, tensors = problem_of("fp8_gemm_1d2d")
    tensors.sfa.fill_(1), tensors.sfb.fill_(1)
    call(problem)
    expected = tensors.a.float() @ tensors.b.float().t()
    torch.testing.assert_close(tensors.d.float(), expected, rtol=1e-2, atol=expected.abs().max().item() * 1e-2)


def test_a_row_has_times_of_all():
    peers, _ = find_peers(["tensorwise", "bf16"])
    bench = Bench(peers, 3, {})
    (row,) = bench.rows(DENSE, [SIZE])
    assert set(row.us) == {OURS, "tensorwise", "bf16"} and min(row.us.values()) > 0
    assert all(row.p10[who] <= row.us[who] <= row.p90[who] for who in row.us)
    limits = bench.limits({"fp8", "bf16"})
    assert limits.gbps > 100 and limits.tflops["fp8"] > limits.tflops["bf16"] > 10


def test_most_rounds_are_not_disturbed():
    arena, timer = OperandArena(DENSE, [SIZE], CudaBackend()), GpuTimer()
    problem = arena.problem(SIZE)
    timer.warm_up(lambda: call(problem))
    for _ in range(50):
        timer.round_us([lambda: call(problem)] * 4)
    assert timer.rounds == 50 and timer.disturbed == 0 and timer.repeated < 25


def test_the_card_says_its_clock():
    state = card_state()
    assert state is None or state["sm_clock_mhz"] > 100

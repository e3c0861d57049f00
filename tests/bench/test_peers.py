"""Peers: which fit a kind of call, that their calls compute its product (on the CPU, where PyTorch can), refusals."""

import sys

import aotgemm
import numpy as np
import pytest
import torch
from aotgemm.bench import peers
from aotgemm.bench.traffic import size_of
from aotgemm.bench.work import c_operand, live_rows
from aotgemm.problems.backends import CpuBackend
from aotgemm.problems.call import call
from aotgemm.problems.kinds import KINDS
from aotgemm.problems.make import make
from torch_tensors import to_torch

LAYER, TOKENS, GROUPS = (256, 128, 3), 24, "uniform:0.5"
KNOWN = {peer.name: peer for peer in peers.known_peers()}


def named(fits):
    """Names of the kinds, in their order."""
    return [name for name, kind in KINDS.items() if fits(kind)]


def tensors_of(name):
    """The problem of a kind in NumPy arrays, and the same memory as tensors."""
    kind, rng = KINDS[name], np.random.default_rng(0)
    size = size_of(kind, LAYER, TOKENS, GROUPS, rng)
    problem = make(kind, size, CpuBackend(), rng, c=c_operand(kind))
    problem.reset()
    return problem, problem.mapped(to_torch)


def result_of(problem):
    """D of our own call as FP32."""
    problem.reset()
    call(problem)
    return to_torch(np.ascontiguousarray(problem.d)).float()


def assert_close(got, wanted):
    torch.testing.assert_close(got.float(), wanted, rtol=2e-2, atol=2e-2 * wanted.abs().max().item())


@pytest.mark.parametrize("name", KINDS)
def test_deep_gemm_is_called_by_the_names_that_it_has(name, monkeypatch):
    """aotgemm has DeepGEMM's names, and takes its place."""
    monkeypatch.setitem(sys.modules, "deep_gemm", aotgemm)
    problem, tensors = tensors_of(name)
    wanted = problem.read() if call(problem) is None else None
    problem.reset()
    KNOWN["deep_gemm"].make(tensors)()
    assert KNOWN["deep_gemm"].fits(KINDS[name]) and np.array_equal(problem.read(), wanted)


@pytest.mark.parametrize("name", [name for name in named(KNOWN["cublas"].fits) if not name.endswith("_fp32")])
def test_cublas_computes_the_same_product(name):
    problem, tensors = tensors_of(name)
    got = KNOWN["cublas"].make(tensors)().clone()
    assert_close(got, result_of(problem))


def test_cublas_writes_fp32_where_d_is(monkeypatch):
    """Held against a stand-in: PyTorch's own works on CUDA alone."""
    _, tensors = tensors_of("bf16_gemm_tn_fp32")
    asked = {}
    monkeypatch.setattr(torch, "mm", lambda a, b, **options: asked.update(options, shapes=(a.shape, b.shape)))
    KNOWN["cublas"].make(tensors)()
    assert asked["out"] is tensors.d and asked["out_dtype"] is torch.float32
    assert asked["shapes"] == ((tensors.size.m, tensors.size.k), (tensors.size.k, tensors.size.n))


def grouped_products(tensors):
    """Of the live rows, one group after the other, each by its B."""
    rows, start, parts = tensors.a.reshape(-1, tensors.size.k), 0, []
    for group, count in enumerate(tensors.size.counts):
        b = tensors.b[group] if tensors.kind.layout[1] == "n" else tensors.b[group].t()
        parts.append(rows[start : start + count].float() @ b.float())
        start += count
    return torch.cat(parts)


@pytest.mark.parametrize("name", [name for name in named(KNOWN["grouped_mm"].fits) if "k_grouped" not in name])
def test_grouped_mm_computes_as_many_rows_without_padding(name):
    problem, tensors = tensors_of(name)
    live = live_rows(problem.kind, problem.size)
    tensors.a.reshape(-1, problem.size.k)[:live].nan_to_num_(0)  # padding, which is NaN, among the first rows
    got = KNOWN["grouped_mm"].make(tensors)()
    assert got.shape == (live, problem.size.n)
    assert_close(got, grouped_products(tensors))


def test_grouped_mm_multiplies_groups_of_k():
    problem, tensors = tensors_of("bf16_gemm_k_grouped_tn_fp32")
    got, ends = KNOWN["grouped_mm"].make(tensors)(), np.cumsum((0, *problem.size.counts)).tolist()
    for group, (start, end) in enumerate(zip(ends, ends[1:])):
        assert_close(got[group], tensors.a[start:end].t().float() @ tensors.b[start:end].float())


def test_tensorwise_has_the_operands_and_one_scale():
    problem, tensors = tensors_of("fp8_gemm_1d2d")
    assert_close(KNOWN["tensorwise"].make(tensors)(), tensors.a.float() @ tensors.b.float().t())


def test_blockwise_has_our_scales(monkeypatch):
    """Held against a stand-in: cuBLASLt has these scales on CUDA alone."""
    given = {}
    for name in ("fp8_gemm_1d2d", "fp8_gemm_1d1d"):
        _, x = tensors_of(name)
        monkeypatch.setattr(torch.nn.functional, "scaled_mm", lambda *a, name=name: given.update({name: a}))
        KNOWN["blockwise"].make(x)()
        a, b, sfa, recipe_a, sfb, recipe_b = given[name]
        assert a is x.a and sfa is x.sfa and torch.equal(b.view(torch.uint8), x.b.view(torch.uint8).t())
        assert torch.equal(sfb, x.sfb.t()) and recipe_a.name == "BlockWise1x128"
    assert given["fp8_gemm_1d2d"][-1].name == "BlockWise128x128" and given["fp8_gemm_1d1d"][-1].name == "BlockWise1x128"


def test_rowwise_has_a_scale_for_each_row_and_groups_without_padding(monkeypatch):
    problem, tensors = tensors_of("fp8_gemm_1d2d_masked")
    given = []
    monkeypatch.setattr(torch, "_scaled_grouped_mm", lambda *operands, **rest: given.extend((*operands, rest)))
    KNOWN["rowwise"].make(tensors)()
    a, b, scale_a, scale_b, rest = given
    n, k, live = problem.size.n, problem.size.k, sum(problem.size.counts)
    assert (a.shape, b.shape, scale_a.shape, scale_b.shape) == ((live, k), (3, k, n), (live,), (3, n))
    assert a.data_ptr() == tensors.a.data_ptr() and b.data_ptr() == tensors.b.data_ptr()
    assert rest["offs"].tolist() == np.cumsum(problem.size.counts).tolist() and rest["offs"].dtype is torch.int32


@pytest.mark.parametrize("name", named(KNOWN["bf16"].fits))
def test_bf16_computes_as_large_a_product(name):
    problem, tensors = tensors_of(name)
    got, size = KNOWN["bf16"].make(tensors)(), problem.size
    is_batched, rows = problem.kind.grouping == "batched", live_rows(problem.kind, size)
    assert got.shape == ((3, size.m, size.n) if is_batched else (rows, size.n)) and got.dtype is torch.bfloat16


def test_every_kind_has_somebody_beside_it():
    for kind in KINDS.values():
        assert [peer.name for peer in KNOWN.values() if peer.fits(kind)][0] == "deep_gemm"
    assert named(KNOWN["tensorwise"].fits) == ["fp8_gemm_1d2d", "fp8_gemm_1d1d"]
    assert named(KNOWN["rowwise"].fits) == [
        f"fp8_gemm_1d2d_{grouping}" for grouping in ("contiguous", "psum", "masked")
    ]
    both = {*named(KNOWN["cublas"].fits), *named(KNOWN["grouped_mm"].fits)}
    assert both == {*named(lambda kind: not kind.is_fp8)} - {"bf16_gemm_batch_reduced_fp32"}


def test_peers_that_cannot_be_used_say_why():
    usable, absent = peers.find_peers(["deep_gemm"])
    assert {peer.name for peer in usable} | set(absent) == {"deep_gemm"}
    assert all(": " in reason for reason in absent.values())


@pytest.fixture
def problem():
    return tensors_of("fp8_gemm_1d2d")[1]


def make_peer(make, fits=lambda kind: True):
    return peers.Peer("picky", "", "torch", fits, make)


def test_a_peer_that_refuses_a_problem_is_counted(problem):
    def refuse(operands):
        raise NotImplementedError("M is odd\nand more")

    peer = make_peer(refuse)
    assert [peer.call(problem), peer.call(problem)] == [None, None]
    assert peer.refused == {"fp8_gemm_1d2d: NotImplementedError: M is odd": 2}
    assert peers.peer_facts([peer])["picky"]["refused"] == peer.refused


def test_a_call_of_a_peer_is_tried_before_it_is_measured(problem, monkeypatch):
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    made = []
    peer = make_peer(lambda operands: lambda: made.append(operands))
    assert peer.call(problem) is not None and made == [problem] and peer.refused == {}


def test_a_peer_is_not_asked_for_what_it_has_not(problem):
    peer = make_peer(lambda operands: pytest.fail("asked"), lambda kind: not kind.is_fp8)
    assert peer.call(problem) is None and peer.refused == {}


def test_versions_are_those_of_the_modules():
    assert KNOWN["cublas"].version == torch.__version__

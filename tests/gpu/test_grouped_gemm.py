"""The grouped and batched FP8 calls on a GPU through PyTorch, against the CPU backend, bit for bit."""

import aotgemm
import numpy as np
import pytest
import torch
from aotgemm import _core
from grouped_device import GROUPINGS, OnDevice, to_cuda
from grouped_problems import POISON, make_batch, make_grouped
from kernels_here import specs_here
from torch_tensors import bits

EACH_GROUPING = pytest.mark.parametrize("grouping", GROUPINGS)
COUNTS = [(5,), (0, 3, 0), (1, 127, 130, 0, 64, 300), (0, 0), (3,) * 40]
SIZES = [(72, 144), (576, 512), (2112, 7168)]


def make_on_device(grouping, counts, n, k, seed=0):
    if grouping in ("contiguous", "psum"):
        return OnDevice(make_grouped(counts, n, k, seed), grouping)
    if grouping == "batched":
        counts = (max(counts) + 1,) * len(counts)
    return OnDevice(make_batch(counts, max(counts) + 3 * (grouping == "masked"), n, k, seed), grouping)


@EACH_GROUPING
@pytest.mark.parametrize("n, k", SIZES)
@pytest.mark.parametrize("counts", COUNTS, ids=str)
def test_bits_are_those_of_the_cpu_backend(grouping, counts, n, k):
    device = make_on_device(grouping, counts, n, k)
    np.testing.assert_array_equal(device.run_bits(), device.problem.run())


def run_kernel(x, kernel):
    """D of a problem on the GPU by that kernel."""
    d, sfa = x.empty_output(), aotgemm.get_mn_major_tma_aligned_tensor(x.sfa)
    _core.gemm("fp8_gemm_1d2d", x.grouping, "nt", x.a, sfa, x.b, x.sfb, None, d, x.index, kernel=kernel)
    return d


GROUPED_SPECS = specs_here("fp8_gemm_1d2d", *GROUPINGS)


@pytest.mark.parametrize("spec", GROUPED_SPECS, ids=lambda spec: spec["name"])
def test_every_kernel(spec):
    on_device = make_on_device(spec["grouping"], (70, 0, 200), 200, 400)
    d = run_kernel(on_device, spec["kernel"])
    np.testing.assert_array_equal(bits(d), on_device.problem.run())


def test_padding_may_lie_anywhere_in_a_group():
    problem = make_grouped((130, 3), 136, 272)
    index, wanted = problem.index, problem.run()
    index[[0, 5, 6, 64, 128, 257]], wanted[[0, 5, 6, 64, 128, 257]] = -1, 0
    device = OnDevice(problem, "contiguous")
    device.index = to_cuda(index)
    np.testing.assert_array_equal(device.run_bits(), wanted)


CONTIGUOUS_SPECS = [spec for spec in GROUPED_SPECS if spec["grouping"] == "contiguous"]


@pytest.mark.parametrize("spec", CONTIGUOUS_SPECS, ids=lambda spec: spec["name"])
@pytest.mark.parametrize("num_sms", [0, 5])
def test_runs_of_a_group_may_have_any_length(spec, num_sms):
    random = np.random.default_rng(spec["kernel"])
    # More than 32 tile rows in one run, and in runs of padding; the end in the middle of 32.
    counts = (32 * 128, 1, 300, 40 * 128, 128, 35 * 128, *random.integers(1, 400, 20), 64 * 128, 34 * 128)
    problem = make_grouped(counts, 200, 144)
    index, wanted = problem.index, problem.run()
    padding = [group in (3, len(counts) - 1) or random.random() < 0.2 for group in range(len(counts))]
    for rows, is_padding in zip(problem.rows, padding, strict=True):
        if is_padding:
            index[rows] = -1
            wanted[rows.start : aotgemm.align(rows.stop, 128)] = POISON
    device = OnDevice(problem, "contiguous")
    device.index = to_cuda(index)
    aotgemm.set_num_sms(num_sms)
    try:
        d = run_kernel(device, spec["kernel"])
    finally:
        aotgemm.set_num_sms(0)
    np.testing.assert_array_equal(bits(d), wanted)


def test_a_matrix_of_padding_alone_is_left_alone():
    device = OnDevice(make_grouped((300,), 136, 272), "contiguous")
    device.index.fill_(-1)
    assert (device.run_bits() == POISON).all()


@pytest.mark.parametrize("grouping", ["masked", "batched"])
def test_aligned_scales_may_be_views_of_taller_ones(grouping):
    device = make_on_device(grouping, (5, 9), 136, 272)
    groups, rows, columns = device.sfa.shape
    tall = torch.full((groups, columns, 64), float("nan"), device="cuda").transpose(1, 2)
    tall[:, 4 : 4 + rows] = device.sfa
    device.sfa = tall[:, 4 : 4 + rows]
    np.testing.assert_array_equal(device.run_bits(), device.problem.run())


def test_strided_outputs_keep_their_surroundings():
    device = make_on_device("masked", (5, 0, 9), 136, 272)
    groups, rows, n = device.problem.empty_output().shape
    memory = torch.full((groups, rows + 2, n + 24), 7.0, dtype=torch.bfloat16, device="cuda")
    out = memory[:, 1:-1, 8:-16]
    device.run(out)
    wanted = device.problem.run()
    for group, count in enumerate(device.problem.counts):
        np.testing.assert_array_equal(bits(out[group, :count]), wanted[group, :count])
        out[group, :count] = 7.0
    assert (memory == 7).all()


@EACH_GROUPING
@pytest.mark.parametrize("num_sms", [1, 7, 64])
def test_fewer_sms_change_no_bit(grouping, num_sms):
    device = make_on_device(grouping, (70, 0, 200, 128), 576, 512)
    aotgemm.set_num_sms(num_sms)
    try:
        np.testing.assert_array_equal(device.run_bits(), device.problem.run())
    finally:
        aotgemm.set_num_sms(0)


@EACH_GROUPING
def test_programmatic_dependent_launch_changes_no_bit(grouping):
    device = make_on_device(grouping, (70, 0, 200, 128), 576, 512)
    outputs = [device.empty_output() for _ in range(6)]
    aotgemm.set_pdl(True)
    try:
        for d in outputs:
            device.run(d)
    finally:
        aotgemm.set_pdl(False)
    for d in outputs:
        np.testing.assert_array_equal(bits(d), device.problem.run())


@pytest.mark.parametrize("grouping", ["contiguous", "psum", "masked"])
def test_a_captured_call_reads_the_index_anew(grouping):
    before = make_on_device(grouping, (5, 0, 130), 136, 272)
    after = make_on_device(grouping, (3, 0, 129), 136, 272)
    d, graph = before.empty_output(), torch.cuda.CUDAGraph()
    before.run()
    torch.cuda.synchronize()
    with torch.cuda.graph(graph):
        before.run(d)
    problem = before.problem
    if grouping == "masked":
        expected = type(problem)(problem.a, problem.sfa, problem.b, problem.sfb, after.problem.counts)
    else:
        expected = type(problem)(problem.a, problem.sfa, problem.b, problem.sfb, after.problem.rows)
    for index, wanted in ((before.index.clone(), problem), (after.index, expected)):
        before.index.copy_(index)
        d.copy_(before.empty_output())
        graph.replay()
        torch.cuda.synchronize()
        np.testing.assert_array_equal(bits(d), wanted.run())


def test_compile_mode_launches_nothing():
    device = make_on_device("masked", (5, 0, 9), 136, 272)
    device.sfa = aotgemm.get_mn_major_tma_aligned_tensor(device.sfa)
    aotgemm.set_compile_mode(1)
    try:
        assert (device.run_bits() == POISON).all()
    finally:
        aotgemm.set_compile_mode(0)
    np.testing.assert_array_equal(device.run_bits(), device.problem.run())


def test_weights_given_transposed():
    device = make_on_device("contiguous", (5, 0, 9), 136, 272)
    d = device.empty_output()
    pair = (device.b.mT, device.sfb.mT)
    aotgemm.m_grouped_fp8_gemm_nn_contiguous((device.a, device.sfa), pair, d, device.index)
    np.testing.assert_array_equal(bits(d), device.problem.run())


@pytest.mark.parametrize(
    "change, kind, message",
    [
        (lambda x: {"index": x.index.long()}, aotgemm.DtypeError, "^masked_m: .*int32.*int64"),
        (lambda x: {"index": x.index.cpu()}, aotgemm.DeviceError, "^masked_m: is on the CPU.*CUDA device 0"),
        (lambda x: {"b": x.b[:, :, ::2]}, aotgemm.ShapeError, "^b: shape is .*K of a"),
        (lambda x: {"b": x.b.mT.contiguous().mT}, aotgemm.LayoutError, "^b: stride of dimension 2"),
        (lambda x: {"b": x.b[:1]}, aotgemm.ShapeError, "^a: shape is .*groups of b"),
    ],
    ids=["dtype", "device", "K", "layout", "groups"],
)
def test_refused_before_any_launch(change, kind, message):
    device = make_on_device("masked", (5, 0, 9), 136, 272)
    good = dict(vars(device))
    vars(device).update(change(device))
    with pytest.raises(kind, match=message):
        device.run()
    vars(device).update(good)
    torch.cuda.synchronize()
    np.testing.assert_array_equal(device.run_bits(), device.problem.run())

"""The BF16 calls on a GPU through PyTorch, against the CPU backend, bit for bit."""

import aotgemm
import numpy as np
import pytest
import torch
from aotgemm import _core
from bf16_problems import CALLS, OUT, make_bf16_problem
from kernels_here import specs_here
from torch_tensors import bits, to_torch

SHAPES = [(1, 576, 1024), (7, 72, 20), (64, 2112, 512), (129, 264, 400), (300, 1024, 512)]
DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
LAYOUTS = pytest.mark.parametrize("layout", CALLS)
OUTS = pytest.mark.parametrize("out", OUT)
WITH_C = pytest.mark.parametrize("with_c", [False, True], ids=["no C", "C"])


def on_gpu(array):
    return to_torch(array).cuda()


def padded(matrix):
    """The matrix with rows that start at multiples of 16 bytes, NaN between them."""
    width = -(-matrix.shape[1] // 8) * 8
    memory = torch.full((len(matrix), width), float("nan"), dtype=matrix.dtype, device="cuda")
    memory[:, : matrix.shape[1]] = matrix
    return memory[:, : matrix.shape[1]]


def device_operands(problem, layout):
    return tuple(padded(to_torch(operand)) for operand in problem.operands(layout))


def run(problem, layout, out, with_c=False, kernel=None):
    a, b = device_operands(problem, layout)
    d = torch.full((len(problem.a), len(problem.b)), float("nan"), dtype=DTYPES[out], device="cuda")
    c = on_gpu(problem.c_of(out)) if with_c else None
    if kernel is None:
        CALLS[layout](a, b, d, c)
    else:
        _core.gemm("bf16_gemm", "dense", layout, a, None, b, None, c, d, kernel=kernel)
    return bits(d)


@LAYOUTS
@OUTS
@WITH_C
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_bits_are_those_of_the_cpu_backend(shape, layout, out, with_c):
    problem = make_bf16_problem(*shape, draw="random")
    np.testing.assert_array_equal(run(problem, layout, out, with_c), problem.expected(out, with_c))


@pytest.mark.parametrize("draw", ["moderate", "sparse"])
def test_other_operands(draw):
    problem = make_bf16_problem(130, 136, 520, draw=draw)
    np.testing.assert_array_equal(run(problem, "nt", "fp32"), problem.expected("fp32"))


@LAYOUTS
def test_every_k_up_to_a_stage_past_another(layout):
    """Steps of zero products, which fill the last stage up, change nothing."""
    for k in range(1, 132):
        problem = make_bf16_problem(20, 64, k, draw="random")
        np.testing.assert_array_equal(run(problem, layout, "fp32"), problem.expected("fp32"), err_msg=f"K = {k}")


@pytest.mark.parametrize("spec", specs_here("bf16_gemm", "dense"), ids=lambda spec: spec["name"])
def test_every_kernel(spec):
    problem = make_bf16_problem(270, 328, 400, draw="random")
    for with_c in (False, True):
        got = run(problem, spec["layout"], spec["out_dtype"], with_c, spec["kernel"])
        np.testing.assert_array_equal(got, problem.expected(spec["out_dtype"], with_c))


@LAYOUTS
def test_transposed_views_are_read_where_they_are(layout):
    problem = make_bf16_problem(72, 136, 264)
    a, b = (operand.T.contiguous().T for operand in device_operands(problem, layout))
    d = torch.full((72, 136), float("nan"), device="cuda")
    CALLS[layout](a, b, d)
    np.testing.assert_array_equal(bits(d), problem.expected("fp32"))


@OUTS
def test_c_may_be_d_and_strided(out):
    problem = make_bf16_problem(130, 264, 200)
    memory = torch.full((132, 288), 7.0, dtype=DTYPES[out], device="cuda")
    d = memory[1:131, 8:272]
    d.copy_(on_gpu(problem.c_of(out)))
    a, b = device_operands(problem, "nt")
    aotgemm.bf16_gemm_nt(a, b, d, d)
    np.testing.assert_array_equal(bits(d), problem.expected(out, with_c=True))
    d.fill_(7.0)
    assert (memory == 7).all()


@OUTS
@WITH_C
def test_a_sum_over_nothing(out, with_c):
    problem = make_bf16_problem(70, 72, 0)
    np.testing.assert_array_equal(run(problem, "nt", out, with_c), problem.expected(out, with_c))


@pytest.mark.parametrize("num_sms", [1, 7, 64])
@LAYOUTS
def test_fewer_sms_change_no_bit(num_sms, layout):
    problem = make_bf16_problem(300, 1024, 520, draw="random")
    aotgemm.set_num_sms(num_sms)
    try:
        np.testing.assert_array_equal(run(problem, layout, "bf16"), problem.expected("bf16"))
    finally:
        aotgemm.set_num_sms(0)


def test_programmatic_dependent_launch_changes_no_bit():
    problem = make_bf16_problem(64, 2112, 512)
    a, b = device_operands(problem, "nt")
    aotgemm.set_pdl(True)
    try:
        outputs = [torch.zeros(64, 2112, device="cuda") for _ in range(2)]
        for _ in range(4):
            for d in outputs:
                aotgemm.bf16_gemm_nt(a, b, d)
        aotgemm.bf16_gemm_nt(a, b, outputs[0], outputs[1])
    finally:
        aotgemm.set_pdl(False)
    once = problem.expected("fp32").view(np.float32)
    np.testing.assert_array_equal(bits(outputs[1]), once.view(np.uint32))
    np.testing.assert_array_equal(bits(outputs[0]), (once + once).view(np.uint32))


def test_captured_in_a_graph():
    problem = make_bf16_problem(65, 136, 264)
    a, b = device_operands(problem, "tn")
    d = torch.zeros(65, 136, dtype=torch.bfloat16, device="cuda")
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        aotgemm.bf16_gemm_tn(a, b, d)
    for _ in range(3):
        d.fill_(float("nan"))
        graph.replay()
        torch.cuda.synchronize()
        np.testing.assert_array_equal(bits(d), problem.expected("bf16"))


def test_offsets_beyond_32_bits():
    """Rows of A and D whose elements lie more than 2^31 elements into them."""
    m, n, k = 70_000, 32_768, 64
    a = torch.zeros(m, k, dtype=torch.bfloat16, device="cuda")
    problem = make_bf16_problem(3, n, k)
    a[-3:] = on_gpu(problem.operands("nt")[0])
    d = torch.full((m, n), float("nan"), dtype=torch.bfloat16, device="cuda")
    aotgemm.bf16_gemm_nt(a, on_gpu(problem.operands("nt")[1]), d)
    np.testing.assert_array_equal(bits(d[-3:]), problem.expected("bf16"))
    assert (d[:-3] == 0).all()

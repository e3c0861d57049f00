"""einsum "bmk,bnk->mn" on a GPU: the CPU's bits from every kernel and number of SMs, nothing else written."""

import aotgemm
import numpy as np
import pytest
import torch
from aotgemm import _core
from bf16_batch_sums import ONE_RANGE, SHAPES, make_batch_sum
from bf16_problems import BF16, OUT
from kernels_here import specs_here
from torch_tensors import bits, to_torch

DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
SPECS = specs_here("bf16_gemm", "batch_reduced")
ALL_SHAPES = [*SHAPES, (40, 300, 264, 72), (37, 270, 520, 100), (129, 128, 384, 128), (1, 130, 72, 200), ONE_RANGE]
EVERY_KERNEL = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec["name"])
NUM_SMS = pytest.mark.parametrize("num_sms", [0, 96, 20])
OUTS = pytest.mark.parametrize("out", OUT)
WITH_C = pytest.mark.parametrize("with_c", [False, True], ids=["no C", "C"])
POISON = 7.0


@pytest.fixture(autouse=True)
def all_sms():
    yield
    aotgemm.set_num_sms(0)


def on_gpu(raw):
    """Raw bits in rows that start at multiples of 16 bytes, NaN between them and between the batches."""
    tensor = to_torch(np.ascontiguousarray(raw).view(BF16))
    batches, rows, k = raw.shape
    shape = (batches, rows + 1, -(-k // 8) * 8 + 8)
    memory = torch.full(shape, float("nan"), dtype=torch.bfloat16, device="cuda")
    memory[:, :rows, :k] = tensor
    return memory[:, :rows, :k]


class Framed:
    """D amid poisoned memory."""

    def __init__(self, problem, out):
        m, n = problem.c.shape
        self.memory = torch.full((m + 2, n + 16), POISON, dtype=DTYPES[out], device="cuda")
        self.d = self.memory[1:-1, 8 : 8 + n]

    def assert_nothing_else_is_written(self):
        self.d.fill_(POISON)
        assert (self.memory == POISON).all()


def run(problem, out, with_c, kernel):
    framed, c = Framed(problem, out), to_torch(problem.c_of(out)).cuda() if with_c else None
    a, b = on_gpu(problem.a), on_gpu(problem.b)
    _core.gemm("bf16_gemm", "batch_reduced", "nt", a, None, b, None, c, framed.d, kernel=kernel)
    got = bits(framed.d)
    framed.assert_nothing_else_is_written()
    return got


@EVERY_KERNEL
@NUM_SMS
@pytest.mark.parametrize("shape", ALL_SHAPES, ids=str)
def test_every_kernel(shape, num_sms, spec):
    problem = make_batch_sum(*shape)
    aotgemm.set_num_sms(num_sms)
    for out in OUT:
        for with_c in (False, True):
            got = run(problem, out, with_c, spec["kernel"])
            np.testing.assert_array_equal(got, problem.expected(out, with_c), err_msg=f"{out}, C: {with_c}")


@EVERY_KERNEL
@pytest.mark.parametrize("kind", ["random", "sparse"])
def test_special_values(kind, spec):
    problem = make_batch_sum(133, 70, 72, 40, kind=kind)
    for out in OUT:
        np.testing.assert_array_equal(run(problem, out, True, spec["kernel"]), problem.expected(out, True))


@EVERY_KERNEL
def test_every_k_up_to_a_stage_past_another(spec):
    """No stage holds two batches."""
    for k in range(1, 140, 3):
        problem = make_batch_sum(3, 20, 24, k)
        got = run(problem, "fp32", False, spec["kernel"])
        np.testing.assert_array_equal(got, problem.expected("fp32"), err_msg=f"K = {k}")


@OUTS
@WITH_C
@pytest.mark.parametrize("shape", [(133, 4, 24, 40), (129, 128, 384, 128), (1, 5, 8, 16), ONE_RANGE], ids=str)
def test_the_public_call(shape, out, with_c):
    problem = make_batch_sum(*shape)
    d = to_torch(problem.c_of(out)).cuda()  # C is D
    aotgemm.einsum("bmk,bnk->mn", on_gpu(problem.a), on_gpu(problem.b), d, d if with_c else None)
    np.testing.assert_array_equal(bits(d), problem.expected(out, with_c))


@OUTS
@WITH_C
@pytest.mark.parametrize("batches, k", [(0, 16), (5, 0), (0, 0)])
def test_a_sum_over_nothing(batches, k, out, with_c):
    a, b = (torch.zeros(batches, rows, k, dtype=torch.bfloat16, device="cuda") for rows in (70, 72))
    c = torch.randn(70, 72, device="cuda").to(DTYPES[out])
    d = torch.full_like(c, float("nan"))
    aotgemm.einsum("bmk,bnk->mn", a, b, d, c if with_c else None)
    assert torch.equal(d, c if with_c else torch.zeros_like(c))


@pytest.mark.parametrize("sizes", [(4096, 256, 256, 256), (8192, 128, 384, 128), (129, 384, 128, 384)], ids=str)
def test_a_large_sum_has_the_same_bits_from_every_kernel(sizes):
    batches, m, n, k = sizes
    torch.manual_seed(0)
    a, b = (torch.randn(batches, rows, k, device="cuda").to(torch.bfloat16) for rows in (m, n))
    outputs = []
    for num_sms in (0, 96, 20):
        aotgemm.set_num_sms(num_sms)
        for spec in SPECS:
            outputs.append(torch.full((m, n), float("nan"), device="cuda"))
            operands = a, None, b, None, None, outputs[-1]
            _core.gemm("bf16_gemm", "batch_reduced", "nt", *operands, kernel=spec["kernel"])
    for other in outputs[1:]:
        assert torch.equal(other, outputs[0])
    wanted = torch.full((m, n), float("nan"))
    aotgemm.einsum("bmk,bnk->mn", a.cpu(), b.cpu(), wanted)
    assert torch.equal(outputs[0].cpu(), wanted)


def test_captured_in_a_graph_and_with_programmatic_dependent_launch():
    problem = make_batch_sum(133, 70, 72, 40)
    a, b, d = on_gpu(problem.a), on_gpu(problem.b), torch.zeros(70, 72, device="cuda")
    aotgemm.set_pdl(True)
    try:
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            aotgemm.einsum("bmk,bnk->mn", a, b, d)
        for _ in range(3):
            d.fill_(float("nan"))
            graph.replay()
            torch.cuda.synchronize()
            np.testing.assert_array_equal(bits(d), problem.expected("fp32"))
    finally:
        aotgemm.set_pdl(False)
    for _ in range(4):
        aotgemm.einsum("bmk,bnk->mn", a, b, d)
    np.testing.assert_array_equal(bits(d), problem.expected("fp32"))


def test_on_the_librarys_own_arrays():
    problem = make_batch_sum(133, 9, 24, 40)
    a, b = (aotgemm.from_numpy(x.view(BF16)) for x in (problem.a, problem.b))
    d = aotgemm.from_numpy(np.zeros((9, 24), np.float32))
    aotgemm.einsum("bmk,bnk->mn", a, b, d)
    np.testing.assert_array_equal(aotgemm.to_numpy(d).view(np.uint32), problem.expected("fp32"))

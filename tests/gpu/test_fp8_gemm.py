"""fp8_gemm_nt on a GPU through PyTorch, against the CPU backend, bit for bit."""

import threading

import aotgemm
import numpy as np
import pytest
import torch
from aotgemm import _core
from device_problems import make_device_problem
from kernels_here import specs_here
from torch_tensors import bits

SHAPES = [(1, 576, 7168), (7, 72, 144), (64, 2112, 7168), (129, 264, 400), (300, 4096, 512), (2048, 1024, 1024)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("seed", [1, 2])
def test_bits_are_those_of_the_cpu_backend(shape, seed):
    problem = make_device_problem(*shape, seed)
    np.testing.assert_array_equal(bits(problem.run()), problem.expected)


DENSE_SPECS = specs_here("fp8_gemm_1d2d", "dense")


@pytest.mark.parametrize("spec", DENSE_SPECS, ids=lambda spec: spec["name"])
def test_every_kernel(spec):
    problem = make_device_problem(130, 200, 400)
    d = problem.empty_output()
    run_kernel(problem, d, spec["kernel"])
    np.testing.assert_array_equal(bits(d), problem.expected)


def run_kernel(problem, d, kernel):
    sfa = aotgemm.get_mn_major_tma_aligned_tensor(problem.sfa)
    _core.gemm("fp8_gemm_1d2d", "dense", "nt", problem.a, sfa, problem.b, problem.sfb, None, d, kernel=kernel)


def test_strided_views():
    problem = make_device_problem(65, 136, 272)
    a = torch.zeros(70, 320, dtype=torch.float8_e4m3fn, device="cuda")
    a[3:68, 16:288] = problem.a
    b = torch.zeros(136, 288, dtype=torch.float8_e4m3fn, device="cuda")
    b[:, :272] = problem.b
    memory = torch.full((67, 160), 7.0, dtype=torch.bfloat16, device="cuda")
    out = memory[1:66, 8:144]
    aotgemm.fp8_gemm_nt((a[3:68, 16:288], problem.sfa), (b[:, :272], problem.sfb.T.contiguous().T), out)
    np.testing.assert_array_equal(bits(out), problem.expected)
    out.fill_(7.0)
    assert (memory == 7).all()


def test_aligned_scales_may_be_a_view_of_taller_ones():
    problem = make_device_problem(65, 136, 272)
    tall = torch.full((problem.sfa.shape[1], 96), float("nan"), device="cuda").T
    tall[4:69] = problem.sfa
    d = problem.empty_output()
    aotgemm.fp8_gemm_nt((problem.a, tall[4:69]), (problem.b, problem.sfb), d)
    np.testing.assert_array_equal(bits(d), problem.expected)


def test_no_rows():
    problem = make_device_problem(3, 64, 128)
    d = torch.empty(0, 64, dtype=torch.bfloat16, device="cuda")
    aotgemm.fp8_gemm_nt((problem.a[:0], problem.sfa[:0]), (problem.b, problem.sfb), d)
    torch.cuda.synchronize()


def test_a_sum_over_nothing_is_zero():
    problem = make_device_problem(3, 64, 0)
    assert (problem.run() == 0).all()


@pytest.mark.parametrize("num_sms", [1, 7, 64])
def test_fewer_sms_change_no_bit(num_sms):
    problem = make_device_problem(300, 1024, 1024)
    aotgemm.set_num_sms(num_sms)
    try:
        np.testing.assert_array_equal(bits(problem.run()), problem.expected)
    finally:
        aotgemm.set_num_sms(0)
    assert aotgemm.get_num_sms() == _core.cuda_device(0)["num_sms"]


def test_programmatic_dependent_launch_changes_no_bit():
    problem = make_device_problem(64, 2112, 7168)
    aotgemm.set_pdl(True)
    try:
        outputs = [problem.run() for _ in range(8)]
    finally:
        aotgemm.set_pdl(False)
    for d in outputs:
        np.testing.assert_array_equal(bits(d), problem.expected)


def test_the_current_stream_is_used():
    problem, stream = make_device_problem(64, 2112, 7168), torch.cuda.Stream()
    d = problem.empty_output()
    source = torch.zeros_like(problem.a)
    torch.cuda.synchronize()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(50_000_000)
        source.copy_(problem.a)
        aotgemm.fp8_gemm_nt((source, problem.sfa), (problem.b, problem.sfb), d)
        done = torch.cuda.Event()
        done.record()
    assert not done.query()
    stream.synchronize()
    np.testing.assert_array_equal(bits(d), problem.expected)


def test_two_threads_on_two_streams():
    problems = [make_device_problem(m, 2112, 1024, m) for m in (33, 129)]
    wrong = []

    def serve(problem):
        with torch.cuda.stream(torch.cuda.Stream()):
            for _ in range(50):
                d = problem.run()
                torch.cuda.current_stream().synchronize()
                if not np.array_equal(bits(d), problem.expected):
                    wrong.append(problem)

    threads = [threading.Thread(target=serve, args=(problem,)) for problem in problems]
    torch.cuda.synchronize()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    "change, kind, message",
    [
        (lambda p: {"a": p.a.view(torch.uint8)}, aotgemm.DtypeError, "^a: .*float8_e4m3fn .*uint8"),
        (lambda p: {"sfa": p.sfa.double()}, aotgemm.DtypeError, "^sfa: .*float32 .*float64"),
        (lambda p: {"d": torch.zeros(5, 64, device="cuda")}, aotgemm.DtypeError, "^d: dtype is float32.*bfloat16"),
        (lambda p: {"b": p.b[:60], "d": p.empty_output()[:, :60]}, aotgemm.ShapeError, "^b: N is 60.*8.*64"),
        (lambda p: {"sfa": p.sfa.cpu()}, aotgemm.DeviceError, "^sfa: is on the CPU.*CUDA device 0"),
        (
            lambda p: {"d": p.empty_output().T.contiguous().T},
            aotgemm.LayoutError,
            "^d: stride of dimension 1.*must be 1",
        ),
        (lambda p: {"a": p.a.T.contiguous().T}, aotgemm.LayoutError, "^a: stride of dimension 1"),
    ],
    ids=["a", "sfa", "d", "N", "device", "d layout", "a layout"],
)
def test_refused_before_any_launch(change, kind, message):
    problem = make_device_problem(5, 64, 256)
    given = {"a": problem.a, "sfa": problem.sfa, "b": problem.b, "sfb": problem.sfb, "d": problem.empty_output()}
    given |= change(problem)
    with pytest.raises(kind, match=message):
        aotgemm.fp8_gemm_nt((given["a"], given["sfa"]), (given["b"], given["sfb"]), given["d"])
    torch.cuda.synchronize()
    np.testing.assert_array_equal(bits(problem.run()), problem.expected)


def test_a_kernel_index_out_of_range():
    problem = make_device_problem(5, 64, 256)
    with pytest.raises(aotgemm.KernelMissingError, match="^kernel: 9999 is not"):
        run_kernel(problem, problem.empty_output(), 9999)

"""Objects that are neither NumPy arrays nor offer DLPack's C exchange table."""

import sys

import aotgemm
import numpy as np
import pytest
import torch
from aotgemm import _core
from problems import CudaLike, Device, make_problem
from torch_tensors import bits, to_torch

K_DL_CPU, K_DL_CUDA, K_DL_ROCM = 1, 2, 10


class ByAttributes:
    """A tensor as PyTorch shows it before 2.10: attributes and methods only."""

    def __init__(self, tensor):
        self.tensor = tensor

    shape = property(lambda self: self.tensor.shape)
    dtype = property(lambda self: self.tensor.dtype)
    device = property(lambda self: self.tensor.device)

    def stride(self):
        return self.tensor.stride()

    def data_ptr(self):
        return self.tensor.data_ptr()


class ByCapsule:
    """A tensor that only speaks the DLPack protocol."""

    def __init__(self, tensor):
        self.tensor, self.asked = tensor, []

    def __dlpack_device__(self):
        return (K_DL_CPU, 0)

    def __dlpack__(self, **arguments):
        self.asked.append(arguments)
        return self.tensor.__dlpack__(**arguments)


class BeforeVersionOne(ByCapsule):
    """Its __dlpack__ does not know max_version."""

    def __dlpack__(self, stream=None):
        self.asked.append({"stream": stream})
        return self.tensor.__dlpack__()


class Refusing(ByCapsule):
    def __dlpack__(self, **arguments):
        raise BufferError("it is locked")


class OnAnotherGpu(ByAttributes):
    device = property(lambda self: torch.device("xpu", 0))


class OnRocm(ByCapsule):
    def __dlpack_device__(self):
        return (K_DL_ROCM, 0)


@pytest.mark.parametrize("wrap", [ByAttributes, ByCapsule, BeforeVersionOne])
def test_every_way_in_gives_the_same_bits(wrap):
    problem = make_problem(9, 64, 400)
    operands = [wrap(to_torch(array)) for array in (problem.a, problem.sfa, problem.b, problem.sfb)]
    d = torch.full((9, 96), 7.0, dtype=torch.bfloat16)
    _core.gemm("fp8_gemm_1d2d", "dense", "nt", *operands, None, wrap(d[:, 8:72]))
    np.testing.assert_array_equal(bits(d[:, 8:72]), problem.run())
    assert (d[:, :8] == 7).all() and (d[:, 72:] == 7).all()


def test_the_cpu_is_asked_for_no_stream():
    operand = ByCapsule(torch.ones(4, 2))
    assert _core.sf_is_aligned(operand) is False
    assert operand.asked == [{"max_version": (1, 0)}]


def test_capsules_are_given_back():
    array = np.ones((4, 2), np.float32)
    operand = ByCapsule(array)
    references = sys.getrefcount(array)
    for _ in range(3):
        _core.sf_is_aligned(operand)
    assert sys.getrefcount(array) == references


def test_a_refusal_names_the_argument_and_keeps_the_reason():
    with pytest.raises(aotgemm.DtypeError, match="^sf: is a test_tensor_args.Refusing .*it is locked") as caught:
        _core.sf_is_aligned(Refusing(torch.ones(4, 2)))
    assert isinstance(caught.value.__cause__, BufferError)


def test_a_device_that_is_neither_cpu_nor_cuda_is_named():
    with pytest.raises(aotgemm.DeviceError, match="^sf: is on xpu:0, allowed is the CPU or a CUDA device"):
        _core.sf_is_aligned(OnAnotherGpu(torch.ones(4, 2)))


def test_a_dlpack_device_is_named_by_its_number():
    with pytest.raises(aotgemm.DeviceError, match="^sf: is on a device of DLPack type 10, allowed is"):
        _core.sf_is_aligned(OnRocm(torch.ones(4, 2)))


def test_an_output_that_is_read_only_through_dlpack_is_refused():
    array = np.zeros((4, 8), np.float32)
    array.flags.writeable = False
    with pytest.raises(aotgemm.LayoutError, match="^out: is read-only"):
        _core.sf_to_mn_major(np.ones((4, 8), np.float32), ByCapsule(array))


class OnCuda(ByCapsule):
    """Says it is on CUDA device 0, and hands out memory of the CPU."""

    def __dlpack_device__(self):
        return (K_DL_CUDA, 0)

    def __dlpack__(self, **arguments):
        self.asked.append(arguments)
        return self.tensor.__dlpack__()


@pytest.mark.parametrize("stream, asked", [(None, 1), (0, 1), (77, 77)])
def test_a_producer_is_told_the_stream(stream, asked):
    operand, out = OnCuda(torch.ones(4, 2)), torch.empty_strided((4, 2), (1, 4))
    _core.sf_to_mn_major(operand, out, stream=stream)
    assert operand.asked == [{"stream": asked, "max_version": (1, 0)}]
    assert (out == 1).all()


def test_pytorch_before_2_10_is_asked_for_its_current_stream(monkeypatch):
    asked = []
    monkeypatch.setattr(torch._C, "_cuda_getCurrentRawStream", lambda device: asked.append(device) or 77, raising=False)
    a = CudaLike((4, 128), (128, 1), "float8_e4m3fn", Device("cuda", 3))
    with pytest.raises(aotgemm.DtypeError, match="^sfa: "):
        _core.gemm("fp8_gemm_1d2d", "dense", "nt", a, a, a, a, None, a)
    assert asked == [3]

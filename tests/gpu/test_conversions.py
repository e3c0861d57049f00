"""Casts, scale layout and device arrays on a GPU."""

import aotgemm
import numpy as np
import pytest
import torch
from aotgemm import DeviceArray, _core
from torch_tensors import bits

CASTS = pytest.mark.parametrize("cast", [aotgemm.per_token_cast_to_fp8, aotgemm.per_block_cast_to_fp8])


@CASTS
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32], ids=str)
@pytest.mark.parametrize("use_ue8m0", [False, True])
@pytest.mark.parametrize("shape", [(1, 128), (130, 400), (300, 7168)], ids=str)
def test_casts_give_the_bits_of_the_cpu_backend(cast, dtype, use_ue8m0, shape):
    x = torch.randn(shape, device="cuda").mul(torch.randn(shape[0], 1, device="cuda").exp()).to(dtype)
    on_gpu, on_cpu = cast(x, use_ue8m0), cast(x.cpu(), use_ue8m0)
    for left, right in zip(on_gpu, on_cpu, strict=True):
        assert left.device.type == "cuda" and left.dtype == right.dtype
        np.testing.assert_array_equal(bits(left), bits(right))


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (4096, 56), (3, 130, 7)], ids=str)
def test_layout(shape):
    sf = torch.randn(shape, device="cuda")
    out = aotgemm.get_mn_major_tma_aligned_tensor(sf)
    column = aotgemm.align(shape[-2], 4)
    assert out.stride() == (column * shape[-1], 1, column)[-len(shape) :]
    assert torch.equal(out, sf)
    assert aotgemm.get_mn_major_tma_aligned_tensor(out) is out


def test_casts_and_layout_run_on_the_current_stream():
    x, stream = torch.zeros(64, 7168, device="cuda"), torch.cuda.Stream()
    wanted = torch.randn(64, 7168, device="cuda")
    torch.cuda.synchronize()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(50_000_000)
        x.copy_(wanted)
        q, sf = aotgemm.per_token_cast_to_fp8(x, False)
        aligned = aotgemm.get_mn_major_tma_aligned_tensor(sf)
    stream.synchronize()
    q_cpu, sf_cpu = aotgemm.per_token_cast_to_fp8(wanted.cpu(), False)
    np.testing.assert_array_equal(bits(q), bits(q_cpu))
    np.testing.assert_array_equal(bits(aligned), bits(sf_cpu))


def test_device_arrays_hold_what_was_put_there():
    array = np.random.default_rng(0).standard_normal((5, 7)).astype(np.float32)
    on_device = aotgemm.from_numpy(array)
    np.testing.assert_array_equal(aotgemm.to_numpy(on_device), array)
    assert (on_device.shape, on_device.stride, on_device.dtype, on_device.nbytes) == ((5, 7), (7, 1), "float32", 140)
    row = on_device.as_strided([7], [1], 14)
    np.testing.assert_array_equal(aotgemm.to_numpy(row), array[2])
    on_device.fill_bytes(0)
    assert not aotgemm.to_numpy(row).any()


def test_a_view_keeps_the_memory_alive():
    row = aotgemm.from_numpy(np.arange(8, dtype=np.int32)).as_strided([4], [2])
    others = [DeviceArray.empty([8], "int32") for _ in range(4)]
    for other in others:
        other.fill_bytes(0)
    np.testing.assert_array_equal(aotgemm.to_numpy(row.as_strided([1], [1], 3)), [3])


def test_events_measure_time():
    start, end = _core.Event(), _core.Event()
    start.record()
    DeviceArray.empty([1 << 20], "float32").fill_bytes(0)
    end.record()
    assert 0 < start.elapsed_us(end) < 1e6


def test_preload_loads_every_kernel_of_the_device():
    device = _core.cuda_device(0)
    arch = f"sm_{device['cc_major']}{device['cc_minor']}a"
    assert aotgemm.preload() == sum(cubin["arch"] == arch for cubin in _core.cubins())


def test_too_much_memory_is_a_cuda_error_with_code_and_call():
    with pytest.raises(aotgemm.CudaError, match="cuMemAlloc.*OUT_OF_MEMORY|OUT_OF_MEMORY.*cuMemAlloc"):
        DeviceArray.empty([1 << 44], "float32")

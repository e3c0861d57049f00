"""Where a problem lies and is computed: on the CPU in NumPy arrays, or on a GPU in DeviceArrays."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from statistics import median
from typing import Any, get_args

import numpy as np

from .. import _core
from ..arrays.device_array import from_numpy, to_numpy
from ..typing import Architecture
from .memory import View, numpy_dtype

ARCHS: tuple[str, ...] = get_args(Architecture)
ALIGNMENT = 128  # bytes between which operands on the CPU start: the TMA asks for up to 32, and a GPU's memory has 256


@contextmanager
def speaking_for(arch: str) -> Iterator[None]:
    """The CPU backend speaks for that architecture meanwhile."""
    before = _core.get_cpu_arch()
    _core.set_cpu_arch(arch)
    try:
        yield
    finally:
        _core.set_cpu_arch(before)


def speaking_for_one_of(archs: Sequence[str]) -> AbstractContextManager[None]:
    """The CPU backend speaks for one of these meanwhile: the first, unless it speaks for another of them already."""
    before = _core.get_cpu_arch()
    return speaking_for(before if before in archs else archs[0])


class CpuBackend:
    """The CPU backend."""

    name = "CPU"

    def put(self, array: np.ndarray) -> np.ndarray:
        """The array or, where it does not start at a multiple of ALIGNMENT, a copy that does."""
        if array.ctypes.data % ALIGNMENT == 0 or not array.flags.c_contiguous:
            return array
        room = np.empty(array.nbytes + ALIGNMENT, np.uint8)
        start = -room.ctypes.data % ALIGNMENT
        aligned = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
        aligned[...] = array
        return aligned

    def get(self, array: np.ndarray) -> np.ndarray:
        return array

    def empty(self, size: int, dtype: str) -> np.ndarray:
        """Memory for so many elements of a dtype such as bfloat16."""
        return np.empty(size, numpy_dtype(dtype))

    def view(self, memory: np.ndarray, view: View) -> np.ndarray:
        return view.of(memory)

    def fill(self, memory: np.ndarray, byte: int) -> None:
        memory.view(np.uint8).fill(byte)

    def write(self, memory: np.ndarray, values: np.ndarray) -> None:
        """Overwrites all of a flat memory."""
        memory.view(np.uint8)[:] = values.view(np.uint8)

    def synchronize(self) -> None:
        """Nothing is under way after a call."""

    def time_us(self, function: Callable[[], Any], repeats: int) -> float:
        """The median of `repeats` runs, in microseconds."""
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            function()
            times.append((time.perf_counter() - start) * 1e6)
        return median(times)


class CudaBackend:
    """A CUDA device, through its default stream."""

    def __init__(self, ordinal: int = 0) -> None:
        self.ordinal = ordinal
        self.device = _core.cuda_device(ordinal)
        self.name = self.device["name"]

    def put(self, array: np.ndarray) -> _core.DeviceArray:
        return from_numpy(array, self.ordinal)

    def get(self, array: _core.DeviceArray) -> np.ndarray:
        """A copy of a contiguous array, after all work on the default stream."""
        return to_numpy(array)

    def empty(self, size: int, dtype: str) -> _core.DeviceArray:
        return _core.DeviceArray.empty([size], dtype, self.ordinal)

    def view(self, memory: _core.DeviceArray, view: View) -> _core.DeviceArray:
        return memory.as_strided(view.shape, view.stride, view.offset)

    def fill(self, memory: _core.DeviceArray, byte: int) -> None:
        memory.fill_bytes(byte)

    def write(self, memory: _core.DeviceArray, values: np.ndarray) -> None:
        memory.copy_from(values.view(np.uint8))

    def synchronize(self) -> None:
        """Waits for all work on the device."""
        _core.synchronize(self.ordinal)

    def time_us(self, function: Callable[[], Any], repeats: int) -> float:
        """The median of `repeats` runs on the GPU's own clock, in microseconds."""
        start, end, times = _core.Event(self.ordinal), _core.Event(self.ordinal), []
        for _ in range(repeats):
            start.record()
            function()
            end.record()
            times.append(start.elapsed_us(end))
        return median(times)


Backend = CpuBackend | CudaBackend


def default_backend() -> Backend:
    """The first GPU, or the CPU where there is none."""
    return CudaBackend() if _core.cuda_device_count() else CpuBackend()

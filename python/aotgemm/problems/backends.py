"""Where a command computes: on the CPU with NumPy arrays, or on a GPU with DeviceArray. Neither needs a framework."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy

from .. import _core
from ..arrays.device_array import from_numpy, to_numpy


class HostPlace:
    """The CPU backend."""

    name = "CPU"

    def put(self, array: numpy.ndarray) -> numpy.ndarray:
        return array

    def get(self, array: numpy.ndarray) -> numpy.ndarray:
        return array

    def time_us(self, function: Callable[[], Any], repeats: int) -> float:
        """The median of `repeats` runs, in microseconds."""
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            function()
            times.append((time.perf_counter() - start) * 1e6)
        return median(times)


class CudaPlace:
    """A CUDA device, through its default stream."""

    def __init__(self, ordinal: int = 0) -> None:
        self.ordinal = ordinal
        self.device = _core.cuda_device(ordinal)
        self.name = self.device["name"]

    def put(self, array: numpy.ndarray) -> _core.DeviceArray:
        return from_numpy(array, self.ordinal)

    def get(self, array: _core.DeviceArray) -> numpy.ndarray:
        return to_numpy(array)

    def time_us(self, function: Callable[[], Any], repeats: int) -> float:
        """The median of `repeats` runs on the GPU's own clock, in microseconds."""
        start, end, times = _core.Event(self.ordinal), _core.Event(self.ordinal), []
        for _ in range(repeats):
            start.record()
            function()
            end.record()
            times.append(start.elapsed_us(end))
        return median(times)


def place_at_hand() -> HostPlace | CudaPlace:
    """The first GPU, or the CPU where there is none."""
    return CudaPlace() if _core.cuda_device_count() else HostPlace()

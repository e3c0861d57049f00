"""Memory of a DeviceArray as a PyTorch tensor, without a copy: peers read the very operands that ours reads."""

from typing import Any

from .._core import DeviceArray
from ..arrays.frameworks import span
from ..problems.memory import numpy_dtype


class _Memory:
    """Bytes on a device, by the protocol that PyTorch reads; keeps the array alive."""

    def __init__(self, array: DeviceArray, size: int) -> None:
        self.array = array
        # https://numba.readthedocs.io/en/stable/cuda/cuda_array_interface.html
        self.__cuda_array_interface__ = {
            "shape": (size,),
            "typestr": "|u1",
            "data": (array.data_ptr, False),
            "version": 3,
        }


def torch_view(array: DeviceArray) -> Any:
    """A tensor of the same memory, dtype, shape and strides."""
    import torch

    size = span(array.shape, array.stride) * numpy_dtype(array.dtype).itemsize
    flat = torch.as_tensor(_Memory(array, size), device=f"cuda:{array.device}")
    return flat.view(getattr(torch, array.dtype)).as_strided(array.shape, array.stride)

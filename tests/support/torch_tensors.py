"""NumPy arrays of ml_dtypes as PyTorch tensors and back; neither reads the other's element types."""

import numpy as np
import torch

DTYPES = {"float8_e4m3fn": torch.float8_e4m3fn, "bfloat16": torch.bfloat16}
NUMPY_RAW = {1: np.uint8, 2: np.int16}
TORCH_RAW = {1: torch.uint8, 2: torch.int16, 4: torch.int32}
UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32}


def to_torch(array):
    """A tensor of the same bits."""
    if array.dtype.name not in DTYPES:
        return torch.from_numpy(array)
    return torch.from_numpy(array.view(NUMPY_RAW[array.itemsize])).view(DTYPES[array.dtype.name])


def bits(tensor):
    """Of a tensor's elements, in row-major order."""
    size = tensor.element_size()
    return tensor.contiguous().view(TORCH_RAW[size]).cpu().numpy().view(UNSIGNED[size])

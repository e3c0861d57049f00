"""What an operator checks of tensors without memory: sizes and element types, at the time a graph is made."""

import math
from typing import Any

import torch

from .. import _core
from ..arrays.sizes import ceil_div
from ..errors import DtypeError, ShapeError
from ..scalars import count

BLOCK = 128
FP8, BF16, FP32, INT32 = torch.float8_e4m3fn, torch.bfloat16, torch.float32, torch.int32


def as_rows(x: torch.Tensor) -> torch.Tensor:
    """A matrix of all rows, also where these have no elements."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def check_dtype(name: str, tensor: torch.Tensor, *allowed: torch.dtype) -> None:
    """Raises DtypeError, which names the argument and what is allowed."""
    if tensor.dtype not in allowed:
        words = " or ".join(str(dtype).removeprefix("torch.") for dtype in allowed)
        raise DtypeError(f"{name}: dtype is {str(tensor.dtype).removeprefix('torch.')}, allowed is {words}")


def check_ndim(name: str, tensor: torch.Tensor, ndim: int) -> None:
    """Raises ShapeError unless the tensor has that many dimensions."""
    if tensor.dim() != ndim:
        raise ShapeError(f"{name}: has {tensor.dim()} dimensions, allowed is {ndim}")


def check_ndims(name: str, tensor: torch.Tensor, *allowed: int) -> None:
    """Raises ShapeError unless the tensor has one of these numbers of dimensions."""
    if tensor.dim() not in allowed:
        words = " or ".join(map(str, allowed))
        raise ShapeError(f"{name}: has {tensor.dim()} dimensions, allowed is {words}")


def check_number(name: str, number: Any, least: int = 1) -> None:
    """Raises ShapeError for a size that no call takes; one that a graph leaves open is checked when it runs."""
    if isinstance(number, int):
        count(name, number, least)


def check_rows(name: str, tensor: torch.Tensor) -> None:
    """Raises ShapeError for a tensor of no dimension, which has no rows."""
    if tensor.dim() == 0:
        raise ShapeError(f"{name}: has 0 dimensions, allowed is at least 1")


def check_sizes(**operands: tuple[torch.Tensor, str]) -> dict[str, Any]:
    """The size of each letter. Each operand comes with its dimensions' letters; "" leaves it out.

    Raises ShapeError where two sizes of one letter differ.
    """
    sizes: dict[str, Any] = {}
    for name, (tensor, letters) in operands.items():
        if not letters:
            continue
        check_ndim(name, tensor, len(letters))
        for letter, size in zip(letters, tensor.shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise ShapeError(f"{name}: {letter.upper()} is {size}, must be {sizes[letter]}")
    return sizes


def check_scales(name: str, scales: torch.Tensor, shape: tuple[Any, ...], dtype: torch.dtype = FP32) -> None:
    """Raises DtypeError or ShapeError unless the scales are of that type and shape."""
    check_dtype(name, scales, dtype)
    if tuple(scales.shape) != shape:
        raise ShapeError(f"{name}: shape is {list(scales.shape)}, must be {list(shape)}")


def check_memory(**operands: torch.Tensor) -> None:
    """Raises LayoutError for freed memory, which PyTorch's own operations read. In a graph there is none yet."""
    if torch.compiler.is_compiling():
        return
    for name, tensor in operands.items():
        if type(tensor) in (torch.Tensor, torch.nn.Parameter):  # no DTensor or FakeTensor, which answer for themselves
            _core.check_address(tensor, name)


def check_weight(name: str, weight: torch.Tensor, scales: torch.Tensor, ndim: int) -> None:
    """Raises DtypeError or ShapeError unless it is FP8 E4M3 [..., N, K] with one FP32 scale per 128 x 128 block."""
    check_dtype(name, weight, FP8)
    check_ndim(name, weight, ndim)
    grid = tuple(ceil_div(size, BLOCK) for size in weight.shape[-2:])
    check_scales(f"{name}_scale_inv", scales, (*weight.shape[:-2], *grid))

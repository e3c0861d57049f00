"""Outputs come from the caller's framework, which is never imported here: whoever holds a tensor has imported it."""

import sys
from collections.abc import Sequence
from typing import Any

from .._core import DeviceArray
from ..errors import DtypeError, ShapeError
from ..scalars import MOST_EXTENT

NUMPY_DTYPES = ("float32", "int32", "int8")


def span(shape: Sequence[int], stride: Sequence[int]) -> int:
    """Elements from the first to behind the last of a strided tensor."""
    if 0 in shape:
        return 0
    return 1 + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))


def _empty_device_array(like: DeviceArray, shape: Sequence[int], stride: Sequence[int], dtype: str) -> DeviceArray:
    return DeviceArray.empty([span(shape, stride)], dtype, like.device).as_strided(shape, stride)


def _empty_torch(like: Any, shape: Sequence[int], stride: Sequence[int], dtype: str) -> Any:
    torch = sys.modules["torch"]
    return torch.empty_strided(tuple(shape), tuple(stride), dtype=getattr(torch, dtype), device=like.device)


def _dtype_object(dtype: str) -> Any:
    """NumPy's dtype, with the element types that NumPy lacks from ml_dtypes."""
    if dtype in NUMPY_DTYPES:
        return sys.modules["numpy"].dtype(dtype)
    import ml_dtypes

    return sys.modules["numpy"].dtype(getattr(ml_dtypes, dtype))


def _empty_array(module: str, shape: Sequence[int], stride: Sequence[int], dtype: str) -> Any:
    array_module, dtype_object = sys.modules[module], _dtype_object(dtype)
    memory = array_module.empty(span(shape, stride), dtype_object)
    strides = [step * dtype_object.itemsize for step in stride]
    return array_module.lib.stride_tricks.as_strided(memory, tuple(shape), strides)


def _empty_cupy(argument: str, shape: Sequence[int], stride: Sequence[int], dtype: str) -> Any:
    try:
        return _empty_array("cupy", shape, stride, dtype)
    except ValueError as error:  # CuPy 14.2 has ml_dtypes' bfloat16, and none of its FP8 types
        raise DtypeError(
            f"{argument}: is a CuPy array, for which no {dtype} can be allocated ({error}), allowed is a tensor of "
            f"PyTorch, such as torch.from_dlpack({argument}), or an aotgemm.DeviceArray"
        ) from None


def framework_of(tensor: Any) -> str | None:
    """Whose tensor it is: "aotgemm", "torch", "numpy", "cupy", or None for any other."""
    if isinstance(tensor, DeviceArray):
        return "aotgemm"
    for name, type_name in (("torch", "Tensor"), ("numpy", "ndarray"), ("cupy", "ndarray")):
        if name in sys.modules and isinstance(tensor, getattr(sys.modules[name], type_name)):
            return name
    return None


def empty_strided(argument: str, like: Any, shape: Sequence[int], stride: Sequence[int], dtype: str) -> Any:
    """An uninitialised tensor of the framework and on the device of `like`; `argument` names it in an error.

    stride counts elements. dtype: float8_e4m3fn, bfloat16, float32, int32 or int8.
    Raises DtypeError for a framework whose arrays cannot be allocated first and written later, ShapeError for a size
    that no call takes.
    """
    if max(shape, default=0) > MOST_EXTENT:
        raise ShapeError(
            f"{argument}: asks for an output with a size of {max(shape)}, allowed is at most {MOST_EXTENT}"
        )
    match framework_of(like):
        case "aotgemm":
            return _empty_device_array(like, shape, stride, dtype)
        case "torch":
            return _empty_torch(like, shape, stride, dtype)
        case "numpy":
            return _empty_array("numpy", shape, stride, dtype)
        case "cupy":
            return _empty_cupy(argument, shape, stride, dtype)
    raise DtypeError(
        f"{argument}: is a {type(like).__module__}.{type(like).__qualname__}, for which no output can be allocated, "
        "allowed is a PyTorch tensor, a NumPy or CuPy array or an aotgemm.DeviceArray"
    )


def contiguous_stride(shape: Sequence[int]) -> list[int]:
    """Row-major strides, in elements."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return strides[::-1]


def reshaped(tensor: Any, shape: Sequence[int]) -> Any:
    """A view of a row-major tensor."""
    if isinstance(tensor, DeviceArray):
        return tensor.as_strided(shape, contiguous_stride(shape))
    return tensor.reshape(tuple(shape))


def shape_of(argument: str, tensor: Any, ndims: tuple[int, ...]) -> tuple[int, ...]:
    """The tensor's shape. Raises DtypeError if it has none, ShapeError if its number of dimensions is not allowed."""
    if not hasattr(type(tensor), "shape") and not hasattr(tensor, "shape"):
        raise DtypeError(f"{argument}: is a {type(tensor).__name__}, allowed is a tensor or an array")
    try:
        shape = tuple(tensor.shape)
    except (RuntimeError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise DtypeError(f"{argument}: is a {type(tensor).__name__} without sizes ({reason})") from None
    if len(shape) not in ndims:
        raise ShapeError(f"{argument}: has {len(shape)} dimensions, allowed is {' or '.join(map(str, ndims))}")
    return shape


def _swapped(argument: str, tensor: Any, first: int, second: int) -> Any:
    try:
        return tensor.swapaxes(first, second)
    except (AttributeError, RuntimeError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise DtypeError(f"{argument}: is a {type(tensor).__name__} without a transposed view ({reason})") from None


def swap_dimensions(argument: str, tensor: Any, ndim: int, first: int, second: int) -> Any:
    """A view of a tensor of `ndim` dimensions with two of them exchanged.

    Raises DtypeError for what is no tensor, ShapeError for another number of dimensions.
    """
    shape = list(shape_of(argument, tensor, (ndim,)))
    if not isinstance(tensor, DeviceArray):
        return _swapped(argument, tensor, first, second)
    stride = list(tensor.stride)
    for sizes in (shape, stride):
        sizes[first], sizes[second] = sizes[second], sizes[first]
    return tensor.as_strided(shape, stride)


def permute(argument: str, tensor: Any, order: tuple[int, int, int]) -> Any:
    """A view of a tensor of three dimensions with dimension order[i] in the place of dimension i.

    Raises DtypeError for what is no tensor, ShapeError for another number of dimensions.
    """
    first, second, _ = order
    at = [0, 1, 2]
    at[0], at[first] = at[first], at[0]
    return swap_dimensions(argument, swap_dimensions(argument, tensor, 3, 0, first), 3, 1, at.index(second))


def dtype_name_of(tensor: Any) -> str:
    """ "float32" for NumPy's float32 and for torch.float32; the type of what has no dtype."""
    return str(getattr(tensor, "dtype", type(tensor).__name__)).removeprefix("torch.")


def element_strides_of(tensor: Any) -> list[int]:
    """Strides in elements, of any framework's tensor."""
    if framework_of(tensor) == "torch":
        return list(tensor.stride())
    return [step // tensor.itemsize for step in tensor.strides] if hasattr(tensor, "strides") else list(tensor.stride)


def device_ordinal_of(tensor: Any) -> int | None:
    """The ordinal of the tensor's CUDA device; None on the CPU."""
    match framework_of(tensor):
        case "aotgemm":
            return tensor.device
        case "torch":
            return tensor.device.index if tensor.is_cuda else None
        case "cupy":
            return tensor.device.id
    return None

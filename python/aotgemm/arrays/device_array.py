"""NumPy arrays to and from device memory, without a framework."""

from typing import TYPE_CHECKING, Any

from .._core import DeviceArray
from ..errors import DtypeError
from ..scalars import integer

if TYPE_CHECKING:
    from numpy.typing import NDArray


def from_numpy(array: "NDArray[Any]", device: int = 0) -> DeviceArray:
    """A contiguous copy of the array in the memory of a CUDA device (an ordinal).

    Its dtype is float8_e4m3fn or bfloat16 (of ml_dtypes), float32, int32 or int8.
    Raises DtypeError, DeviceError, CudaError.
    """
    import numpy

    if not isinstance(array, numpy.ndarray):
        raise DtypeError(f"array: is a {type(array).__name__}, allowed is a NumPy array")
    out = DeviceArray.empty(array.shape, array.dtype.name, integer("device", device))
    out.copy_from(numpy.ascontiguousarray(array).reshape(-1).view(numpy.uint8))
    return out


def to_numpy(array: DeviceArray) -> "NDArray[Any]":
    """A copy of a contiguous array in host memory, after all work on the device's default stream.

    Raises LayoutError for a strided view, or CudaError.
    """
    import ml_dtypes
    import numpy

    if not isinstance(array, DeviceArray):
        raise DtypeError(f"array: is a {type(array).__name__}, allowed is an aotgemm.DeviceArray")
    raw = numpy.empty(array.nbytes, numpy.uint8)
    array.copy_to(raw)
    return raw.view(getattr(ml_dtypes, array.dtype, array.dtype)).reshape(array.shape)

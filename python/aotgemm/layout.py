"""The layout of scales that the TMA reads: MN-major, each column starting at a multiple of 16 bytes."""

from typing import Any

from . import _core
from .frameworks import empty_strided, shape_of
from .sizes import get_tma_aligned_size

FP32_BYTES = 4


def get_mn_major_tma_aligned_tensor(sf: Any) -> Any:
    """Scales in the layout `fp8_gemm_nt` reads on a GPU.

    sf: FP32 [mn, k] or [groups, mn, k], any strides. Returns FP32 of the same shape with strides (1, T) or
    (T * k, 1, T), T = mn rounded up to a multiple of 4; the same object if it already has them. The copy runs on the
    current stream and can be captured in a CUDA graph.
    Raises DtypeError, ShapeError, or DeviceError where the device has no kernel.
    """
    shape = shape_of("sf", sf, (2, 3))
    if _core.sf_is_aligned(sf):
        return sf
    mn, k = shape[-2:]
    column = get_tma_aligned_size(mn, FP32_BYTES)
    stride = [column * k, 1, column][-len(shape) :]
    out = empty_strided("sf", sf, shape, stride, "float32")
    _core.sf_to_mn_major(sf, out)
    return out

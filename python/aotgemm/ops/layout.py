"""The layout of scales that the TMA reads: MN-major, each column starting at a multiple of 16 bytes."""

from typing import Any

from .. import _core
from ..arrays.frameworks import dtype_name_of, empty_strided, shape_of
from ..arrays.sizes import ceil_div, get_tma_aligned_size
from ..errors import DtypeError, ShapeError

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


def _granularity(recipe: Any, is_sfa: bool | None) -> tuple[int, int]:
    """Rows and columns that share a scale."""
    match tuple(recipe):
        case (1, 128, 128):
            return (1 if is_sfa else 128), 128
        case (1, 128) | (128, 128) as pair:
            return pair
    raise ShapeError(f"recipe: is {recipe}, allowed is (1, 128, 128), (1, 128) or (128, 128)")


def transform_sf_into_required_layout(
    sf: Any,
    mn: int,
    k: int,
    recipe: tuple[int, int, int] | tuple[int, int],
    num_groups: int | None = None,
    is_sfa: bool | None = None,
    disable_ue8m0_cast: bool = False,
) -> Any:
    """Scales as Hopper's FP8 GEMMs read them, checked against the tensor they belong to, of mn rows and k columns.

    recipe: (1, 128, 128) with is_sfa telling A's scales from B's, or (1, 128) for A's and (128, 128) for B's.
    sf: FP32 [mn or ceil(mn / 128), ceil(k / 128)], with num_groups in front of it unless that is None.
    Returns B's scales as they are, the same object; A's through get_mn_major_tma_aligned_tensor.
    disable_ue8m0_cast: accepted, without effect: Hopper reads FP32 scales as they are.
    Raises ShapeError or DtypeError.
    """
    rows, columns = _granularity(recipe, is_sfa)
    wanted = (ceil_div(mn, rows), ceil_div(k, columns))
    wanted = wanted if num_groups is None else (num_groups, *wanted)
    shape = shape_of("sf", sf, (len(wanted),))
    if shape != wanted:
        raise ShapeError(f"sf: shape is {list(shape)}, must be {list(wanted)} for mn = {mn}, k = {k}, recipe {recipe}")
    if dtype_name_of(sf) != "float32":
        raise DtypeError(f"sf: dtype is {dtype_name_of(sf)}, allowed is float32")
    return get_mn_major_tma_aligned_tensor(sf) if rows == 1 else sf

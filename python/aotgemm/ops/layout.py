"""The layout of scales that the TMA reads: MN-major, each column starting at a multiple of 16 bytes."""

from typing import Any

from .. import _core
from ..arrays.frameworks import device_ordinal_of, dtype_name_of, element_strides_of, empty_strided, shape_of
from ..arrays.sizes import get_tma_aligned_size
from ..errors import LayoutError
from ..scalars import flag, integer
from ..typing import Architecture, T, Tensor
from .packed_layout import pack_mn_major
from .required_scales import Action, Required

FP32_BYTES = 4


def get_mn_major_tma_aligned_tensor(sf: T) -> T:
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


def architecture_of(tensor: Any) -> str:
    """That of the tensor's GPU, or the one that the CPU backend speaks for."""
    ordinal = device_ordinal_of(tensor)
    return _core.get_cpu_arch() if ordinal is None else f"sm_{_core.cuda_device(ordinal)['cc_major']}0a"


def _check_packed_layout(sf: Any) -> Any:
    """The packed scales as they are, if a TMA reads them so."""
    *groups, mn, words = sf.shape
    if 0 in sf.shape:
        return sf
    column = get_tma_aligned_size(mn, FP32_BYTES)
    stride, wanted = element_strides_of(sf), [column * words, 1, column][-len(sf.shape) :]
    matters = [size > 1 for size in groups] + [mn > 1, words > 1]
    if any(use and one != other for use, one, other in zip(matters, stride, wanted, strict=True)):
        raise LayoutError(f"sf: strides are {tuple(stride)}, must be {tuple(wanted)} (packed, MN-major, aligned)")
    return sf


def transform_sf_into_required_layout(
    sf: T,
    mn: int,
    k: int,
    recipe: tuple[int, int, int] | tuple[int, int],
    num_groups: int | None = None,
    is_sfa: bool | None = None,
    disable_ue8m0_cast: bool = False,
    psum_layout: Tensor | None = None,
    *,
    arch: Architecture | None = None,
) -> T:
    """Scales as the FP8 GEMMs of an architecture read them, checked against their tensor of mn rows and k columns.

    recipe: (gran_m, gran_n, gran_k) with is_sfa telling A's scales from B's, or (gran_mn, gran_k) without it.
    sf: FP32 [ceil(mn / gran_mn), ceil(k / gran_k)], or int32 with four scales in a word of the last dimension
    (ceil(k / gran_k / 4)); num_groups in front of it unless that is None.
    arch: "sm_90a" or "sm_100a"; by default that of the tensor's GPU, for a tensor on the CPU get_cpu_arch().

    On sm_90a, and on any with disable_ue8m0_cast: FP32 of (1, 128) through get_mn_major_tma_aligned_tensor, FP32 of
    (128, 128) as they are, the same object. psum_layout has no effect there.
    On sm_100a, with gran_k 32 or 128: FP32 powers of two, each repeated for its gran_mn rows, through
    get_mn_major_tma_aligned_packed_ue8m0_tensor(..., psum_layout); int32 with gran_mn 1 is checked and returned.
    Raises ShapeError (also for any other combination), DtypeError, LayoutError or KernelMissingError.
    """
    mn, k = integer("mn", mn), integer("k", k)
    groups = () if num_groups is None else (integer("num_groups", num_groups),)
    required = Required.of(dtype_name_of(sf), recipe, is_sfa, flag("disable_ue8m0_cast", disable_ue8m0_cast))
    required.check_shape(shape_of("sf", sf, (len(groups) + 2,)), groups, mn, k, recipe)
    match required.action(arch or architecture_of(sf), recipe):
        case Action.ALIGN:
            return get_mn_major_tma_aligned_tensor(sf)
        case Action.PACK:
            return pack_mn_major(sf, psum_layout, rows_per_scale=required.gran_mn, rows=mn)
        case Action.CHECK:
            return _check_packed_layout(sf)
    return sf

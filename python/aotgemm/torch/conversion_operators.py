"""Conversions of FP4 and of scales as operators: schemas, and what tracing needs to know of the results."""

import torch

from ..arrays.sizes import ceil_div
from ..ops import fp4, layout, packed_layout
from ..ops.fp4 import check_rows_per_scale
from ..ops.packed_layout import SCALES_PER_WORD, check_granularity, check_spans, packed_rows
from .cast_operators import mn_major
from .registration import register
from .shapes import BLOCK, FP8, FP32, INT32, check_dtype, check_ndim, check_ndims, check_rows, check_scales

INT8 = torch.int8


def _aligned(sf: torch.Tensor) -> torch.Tensor:
    out = layout.get_mn_major_tma_aligned_tensor(sf)
    if out is not sf:
        return out
    return sf.new_empty_strided(sf.shape, sf.stride()).copy_(sf)  # an operator may not return its input


def _fake_aligned(sf: torch.Tensor) -> torch.Tensor:
    check_ndims("sf", sf, 2, 3)
    check_dtype("sf", sf, FP32)
    return mn_major(sf, list(sf.shape), FP32)


def _fake_packed(sf: torch.Tensor, psum_layout: torch.Tensor | None = None) -> torch.Tensor:
    check_ndims("sf", sf, 2, 3)
    check_dtype("sf", sf, FP32)
    return mn_major(sf, [*sf.shape[:-1], ceil_div(sf.shape[-1], SCALES_PER_WORD)], INT32)


def _fake_packed_by_k(
    sf: torch.Tensor,
    grouped_layout: torch.Tensor,
    ks_cpu: list[int] | None,
    gran_k: int,
    k_alignment: int,
    use_psum_layout: bool = False,
) -> torch.Tensor:
    check_dtype("sf", sf, FP32)
    check_ndim("sf", sf, 2)
    check_ndim("grouped_layout", grouped_layout, 1)
    check_spans(gran_k, k_alignment)
    rows = packed_rows(ks_cpu, sf.shape[0], grouped_layout.shape[0], gran_k, use_psum_layout)
    return sf.new_empty((rows, sf.shape[1]), dtype=INT32)


def _fake_pack(x: torch.Tensor) -> torch.Tensor:
    check_ndims("x", x, 2, 3)
    check_dtype("x", x, FP32)
    return x.new_empty((*x.shape[:-1], x.shape[-1] // SCALES_PER_WORD), dtype=INT32)


def _fake_unpack(packed: torch.Tensor) -> torch.Tensor:
    check_dtype("packed", packed, INT32)
    check_rows("packed", packed)
    return packed.new_empty((*packed.shape[:-1], packed.shape[-1] * SCALES_PER_WORD), dtype=FP32)


def _fake_values(
    packed: torch.Tensor, sf: torch.Tensor, gran_k: int = BLOCK, use_packed_ue8m0: bool = False
) -> torch.Tensor:
    check_dtype("packed", packed, INT8)
    check_ndim("packed", packed, 2)
    check_granularity(gran_k)
    m, k = packed.shape[0], packed.shape[1] * 2
    columns = ceil_div(k, gran_k * (SCALES_PER_WORD if use_packed_ue8m0 else 1))
    check_scales("sf", sf, (m, columns), INT32 if use_packed_ue8m0 else FP32)
    return packed.new_empty((m, k), dtype=FP32)


def _fake_transpose(a: torch.Tensor) -> torch.Tensor:
    check_dtype("a", a, INT8)
    check_ndim("a", a, 2)
    return a.new_empty((a.shape[1] * 2, a.shape[0] // 2))


def _fake_requantize(
    weights: torch.Tensor, scales: torch.Tensor, rows_per_scale: int = BLOCK, *, allow_inexact: bool = False
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    check_dtype("weights", weights, INT8)
    check_ndims("weights", weights, 2, 3)
    check_rows_per_scale(rows_per_scale)
    *groups, n, half = weights.shape
    blocks = [*groups, ceil_div(n, rows_per_scale), ceil_div(half * 2, BLOCK)]
    q = weights.new_empty([*groups, n, half * 2], dtype=FP8)
    return q, weights.new_empty(blocks, dtype=FP32), weights.new_empty(blocks, dtype=INT32)


CONVERSIONS = {
    "get_mn_major_tma_aligned_tensor": ("Tensor sf", "Tensor", _aligned, _fake_aligned),
    "get_mn_major_tma_aligned_packed_ue8m0_tensor": (
        *("Tensor sf, Tensor? psum_layout=None", "Tensor"),
        *(packed_layout.get_mn_major_tma_aligned_packed_ue8m0_tensor, _fake_packed),
    ),
    "get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor": (
        "Tensor sf, Tensor grouped_layout, int[]? ks_cpu, int gran_k, int k_alignment, bool use_psum_layout=False",
        *("Tensor", packed_layout.get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor, _fake_packed_by_k),
    ),
    "pack_ue8m0_to_int": ("Tensor x", "Tensor", packed_layout.pack_ue8m0_to_int, _fake_pack),
    "unpack_ue8m0_from_int": ("Tensor packed", "Tensor", packed_layout.unpack_ue8m0_from_int, _fake_unpack),
    "cast_back_from_fp4": (
        *("Tensor packed, Tensor sf, int gran_k=128, bool use_packed_ue8m0=False", "Tensor"),
        *(fp4.cast_back_from_fp4, _fake_values),
    ),
    "transpose_packed_fp4": ("Tensor a", "Tensor", fp4.transpose_packed_fp4, _fake_transpose),
    "requantize_fp4_to_fp8": (
        "Tensor weights, Tensor scales, int rows_per_scale=128, *, bool allow_inexact=False",
        *("(Tensor, Tensor, Tensor)", fp4.requantize_fp4_to_fp8, _fake_requantize),
    ),
}

for _name, (_parameters, _results, _function, _fake) in CONVERSIONS.items():
    register(f"{_name}({_parameters}) -> {_results}", _function, _fake)

"""torch.ops.aotgemm: every call as an operator, with what tracing needs to know of it."""

from collections.abc import Callable
from typing import Any

import torch

from ..arrays.sizes import align, ceil_div
from ..ops.cast import per_block_cast_to_fp8, per_token_cast_to_fp8
from ..ops.layout import get_mn_major_tma_aligned_tensor
from .calls import CALLS, DIMENSIONS, Call
from .shapes import BF16, BLOCK, FP8, FP32, check_dtype, check_ndim, check_sizes

LIBRARY = torch.library.Library("aotgemm", "DEF")  # operators live as long as it does


def register(schema: str, function: Callable[..., Any], fake: Callable[..., Any]) -> None:
    """Defines an operator for CPU and CUDA alike. Strides are part of our contracts: no compiler may change them."""
    name = schema.split("(")[0]
    LIBRARY.define(schema, tags=(torch.Tag.needs_exact_strides,))
    LIBRARY.impl(name, function, "CompositeExplicitAutograd")
    torch.library.register_fake(f"aotgemm::{name}", fake, lib=LIBRARY)


def _fake_of(call: Call) -> Callable[..., None]:
    letters_of, order = DIMENSIONS[call.name], [name for name in call.parameters]
    flat_names = [each for name in order for each in ((name, f"sf{name}") if name in call.pairs else (name,))]

    def fake(*flat: Any) -> None:
        given = dict(zip(flat_names, flat, strict=False))
        operands = {name: (given[name], letters) for name, letters in zip("abd", letters_of, strict=True)}
        check_sizes(**operands)
        check_dtype("a", given["a"], FP8 if call.pairs else BF16)
        check_dtype("b", given["b"], FP8 if call.pairs else FP32 if call.name.startswith("tf32") else BF16)
        check_dtype("d", given["d"], BF16, FP32)

    return fake


def _fake_cast(rows_per_scale: int) -> Callable[..., Any]:
    def fake(x: torch.Tensor, use_ue8m0: bool) -> tuple[torch.Tensor, torch.Tensor]:
        check_ndim("x", x, 2)
        check_dtype("x", x, BF16, FP32)
        scales = (ceil_div(x.shape[0], rows_per_scale), ceil_div(x.shape[1], BLOCK))
        return x.new_empty(x.shape, dtype=FP8), x.new_empty(scales, dtype=FP32)

    return fake


def _aligned(sf: torch.Tensor) -> torch.Tensor:
    out = get_mn_major_tma_aligned_tensor(sf)
    if out is not sf:
        return out
    return sf.new_empty_strided(sf.shape, sf.stride()).copy_(sf)  # an operator may not return its input


def _fake_aligned(sf: torch.Tensor) -> torch.Tensor:
    check_dtype("sf", sf, FP32)
    mn, k = sf.shape[-2:]
    column = align(mn, 4)
    return sf.new_empty_strided(tuple(sf.shape), (column * k, 1, column)[-sf.dim() :])


CASTS = {"per_token_cast_to_fp8": (per_token_cast_to_fp8, 1), "per_block_cast_to_fp8": (per_block_cast_to_fp8, BLOCK)}

for _call in CALLS.values():
    register(_call.schema, _call.implementation(), _fake_of(_call))
for _name, (_function, _rows) in CASTS.items():
    register(f"{_name}(Tensor x, bool use_ue8m0) -> (Tensor, Tensor)", _function, _fake_cast(_rows))
register("get_mn_major_tma_aligned_tensor(Tensor sf) -> Tensor", _aligned, _fake_aligned)

"""transform_sf_into_required_layout as an operator: it copies what the call returns as it is."""

from typing import Any

import torch

from ..ops.layout import architecture_of, transform_sf_into_required_layout
from ..ops.required_scales import Action, Required, granularity
from .cast_operators import mn_major
from .registration import register
from .shapes import FP32, INT32, check_ndim

NAME = "transform_sf_into_required_layout"
PARAMETERS = (
    "(Tensor sf, SymInt mn, SymInt k, int[] recipe, SymInt? num_groups=None, "
    "bool? is_sfa=None, bool disable_ue8m0_cast=False, Tensor? psum_layout=None, *, str? arch=None)"
)


def _transformed(
    sf: torch.Tensor,
    mn: int,
    k: int,
    recipe: list[int],
    num_groups: int | None = None,
    is_sfa: bool | None = None,
    *args: Any,
    **kwargs: Any,
) -> torch.Tensor:
    out = transform_sf_into_required_layout(sf, mn, k, recipe, num_groups, is_sfa, *args, **kwargs)
    if out is not sf:
        return out
    if granularity(recipe, is_sfa)[0] != 1:  # scales of blocks, which have any strides
        return sf.clone()
    return sf.new_empty_strided(sf.shape, sf.stride()).copy_(sf)


def _fake(
    sf: torch.Tensor,
    mn: Any,
    k: Any,
    recipe: list[int],
    num_groups: Any = None,
    is_sfa: bool | None = None,
    disable_ue8m0_cast: bool = False,
    psum_layout: torch.Tensor | None = None,
    *,
    arch: str | None = None,
) -> torch.Tensor:
    required = Required.of(str(sf.dtype).removeprefix("torch."), recipe, is_sfa, disable_ue8m0_cast)
    groups = () if num_groups is None else (num_groups,)
    check_ndim("sf", sf, len(groups) + 2)
    required.check_shape(tuple(sf.shape), groups, mn, k, recipe)
    match required.action(arch or architecture_of(sf), recipe):
        case Action.ALIGN:
            return mn_major(sf, list(sf.shape), FP32)
        case Action.PACK:
            return mn_major(sf, [*groups, mn, required.words(k)], INT32)
        case Action.KEEP:
            return torch.empty_like(sf)
    return sf.new_empty_strided(sf.shape, sf.stride())


register(f"{NAME}{PARAMETERS} -> Tensor", _transformed, _fake)

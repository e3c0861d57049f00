"""cuBLASLt and grouped kernels through PyTorch: calls for problems whose operands are PyTorch tensors.

Grouped calls of PyTorch take groups that follow one another without padding. They get the first rows of the same A, as
many as are live, so that they compute the same sizes.
"""

from collections.abc import Callable
from functools import partial
from itertools import accumulate
from typing import Any

from ..problems.kinds import Kind
from ..problems.make import Problem
from .rounds import Call
from .work import c_operand, live_rows


def _operands(x: Problem) -> tuple[Any, Any]:
    """A [M, K] and B [K, N] as views, of each group where there are some."""
    return x.a.mT if x.kind.layout[0] == "t" else x.a, x.b if x.kind.layout[1] == "n" else x.b.mT


def _random_bf16(like: Any) -> Any:
    """BF16 values of a standard normal distribution in the shape of a tensor."""
    import torch

    return torch.randn(like.shape, device=like.device, dtype=torch.bfloat16)


def _tensorwise(x: Problem) -> Call:
    import torch

    a, b = _operands(x)
    one = torch.ones((), device=a.device)
    return partial(torch._scaled_mm, a, b, one, one, out_dtype=torch.bfloat16, use_fast_accum=True)


def _blockwise(x: Problem) -> Call:
    import torch

    functional, (a, b) = torch.nn.functional, _operands(x)
    recipes = functional.ScalingType.BlockWise1x128, functional.ScalingType.BlockWise128x128
    recipe_of_b = recipes[0] if x.kind.scales_b_by_row else recipes[1]
    return partial(functional.scaled_mm, a, b, x.sfa, recipes[0], x.sfb.t(), recipe_of_b)


def _group_ends(x: Problem) -> Any:
    """Where each group ends among the rows, or among K."""
    import torch

    return torch.tensor(list(accumulate(x.size.counts)), dtype=torch.int32, device=x.a.device)


def _live_rows(x: Problem) -> Any:
    """The first rows of A, as many as are live."""
    return x.a.reshape(-1, x.size.k)[: live_rows(x.kind, x.size)]


def _rowwise(x: Problem) -> Call:
    import torch

    a, (_, b) = _live_rows(x), _operands(x)
    scales = (torch.ones(shape, device=a.device) for shape in (len(a), (x.size.groups, x.size.n)))
    rest = {"offs": _group_ends(x), "out_dtype": torch.bfloat16, "use_fast_accum": True}
    return partial(torch._scaled_grouped_mm, a, b, *scales, **rest)


def _grouped_function() -> Callable[..., Any]:
    """The public function, or the one that came before it."""
    import torch

    return getattr(torch.nn.functional, "grouped_mm", None) or torch._grouped_mm


def _grouped_mm(x: Problem) -> Call:
    a, b = _operands(x)
    rows = a if x.kind.grouping == "k_grouped" else _live_rows(x)
    return partial(_grouped_function(), rows, b, offs=_group_ends(x))


def _cublas(x: Problem) -> Call:
    import torch

    a, b = _operands(x)
    if x.kind.grouping == "batch_reduced":
        return partial(torch.einsum, "bmk,bnk->mn", x.a, x.b)
    if x.kind.grouping == "batched":
        return partial(torch.bmm, a, b, out=x.d)
    dtype = {"out_dtype": torch.float32} if x.kind.out_dtype == "fp32" else {}
    return partial(torch.mm, a, b, out=x.d, **dtype)


def _bf16(x: Problem) -> Call:
    import torch

    if x.kind.has_row_groups and x.kind.grouping != "batched":
        return partial(_grouped_function(), _random_bf16(_live_rows(x)), _random_bf16(x.b).mT, offs=_group_ends(x))
    multiply = torch.bmm if x.kind.grouping == "batched" else torch.mm
    return partial(multiply, _random_bf16(x.a), _random_bf16(x.b).mT, out=x.d)


def _has_router_groups(kind: Kind) -> bool:
    return kind.has_row_groups and kind.grouping != "batched"


def _has_fp32_scales(kind: Kind) -> bool:
    return kind.is_fp8 and not kind.packs_scales and kind.prepacked_b is None


def _is_scaled_dense(kind: Kind) -> bool:
    return _has_fp32_scales(kind) and kind.grouping == "dense" and c_operand(kind) == "none"


def _is_fp8_product(kind: Kind) -> bool:
    """Without C, and with a D that a plain product has."""
    return _is_scaled_dense(kind) or (_has_fp32_scales(kind) and kind.has_row_groups)


def _is_bf16_product(kind: Kind) -> bool:
    has_like = kind.grouping in ("dense", "batched", "batch_reduced")
    return not kind.is_fp8 and has_like and c_operand(kind) == "none"


def _is_bf16_grouped(kind: Kind) -> bool:
    return not kind.is_fp8 and (_has_router_groups(kind) or kind.grouping == "k_grouped")


# By name: what it is, which kinds it fits, and the call.
TORCH_PEERS: dict[str, tuple[str, Callable[[Kind], bool], Callable[[Problem], Call]]] = {
    "tensorwise": (
        "cuBLASLt FP8 with one scale, through torch._scaled_mm: less arithmetic",
        _is_scaled_dense,
        _tensorwise,
    ),
    "blockwise": ("cuBLASLt FP8 with our scales, through torch scaled_mm", _is_scaled_dense, _blockwise),
    "rowwise": (
        "FP8 with one scale a row, through torch._scaled_grouped_mm: less arithmetic, groups without padding",
        lambda kind: _has_fp32_scales(kind) and _has_router_groups(kind),
        _rowwise,
    ),
    "bf16": ("the product in BF16, through torch mm, bmm or grouped_mm", _is_fp8_product, _bf16),
    "cublas": ("cuBLAS through torch mm, bmm or einsum", _is_bf16_product, _cublas),
    "grouped_mm": (
        "torch grouped_mm: groups without padding; where K is grouped, BF16 out and no C",
        _is_bf16_grouped,
        _grouped_mm,
    ),
}

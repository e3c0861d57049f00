"""How fp8_linear's operators are divided among devices: rules for DTensor. Importing it registers them.

Tokens may be sharded, or the weight's rows (column parallel: N of each rank whole blocks of 128): both keep every bit.
The gradient of x under column parallel is a sum over ranks, in BF16 and in the collective's order. Row parallel, whose
result would be such a sum too, has no rule: DTensor gathers the shards instead.
"""

from typing import Any

import torch
from torch.distributed.tensor import Partial, Replicate, Shard
from torch.distributed.tensor.experimental import register_sharding

Placements = list[Any]


def _tokens_or_nothing(rows: Any) -> list[tuple[Placements, Placements]]:
    """Everything on every rank, or each rank with some of the tokens. rows: [..., features]."""
    whole = ([Replicate()], [Replicate()] * 3)
    return [whole] if rows.ndim == 1 else [whole, ([Shard(0)], [Shard(0), Replicate(), Replicate()])]


@register_sharding(torch.ops.aotgemm.fp8_linear.default)
def _linear(x: Any, weight: Any, weight_scale_inv: Any) -> list[tuple[Placements, Placements]]:
    column = ([Shard(x.ndim - 1)], [Replicate(), Shard(0), Shard(0)])
    return [*_tokens_or_nothing(x), column]


@register_sharding(torch.ops.aotgemm.fp8_linear_input_gradient.default)
def _input_gradient(gradient: Any, weight: Any, weight_scale_inv: Any) -> list[tuple[Placements, Placements]]:
    column = ([Partial()], [Shard(gradient.ndim - 1), Shard(0), Shard(0)])
    return [*_tokens_or_nothing(gradient), column]

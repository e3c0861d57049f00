"""Decoders with grouped-query attention and routed experts."""

from collections.abc import Iterator

from ..calls import Call
from ..sharding import Shard
from .attention import gated_delta, grouped_query
from .deepseek import shared_and_routed
from .feed_forward import W1_W3_W2, Experts, mlp, routed, split_after_first, split_by_step

STACKED = ("gate_up_proj", "gate_up_proj", "down_proj")  # all experts' weights are one tensor, gate and up together
EXPERTS_OF_QWEN = Experts("mlp.experts.0", "num_experts", "moe_intermediate_size")
EXPERTS_OF_MIXTRAL = Experts("block_sparse_moe.experts.0", "num_local_experts", "intermediate_size", W1_W3_W2)
EXPERTS_OF_GPT_OSS = Experts("mlp.experts", "num_local_experts", "intermediate_size", STACKED)
EXPERTS_OF_LLAMA4 = Experts("feed_forward.experts", "num_local_experts", "intermediate_size", STACKED)


def _feed_forward_of_qwen(shard: Shard) -> Iterator[Call]:
    dense, sparse = split_by_step(shard)
    if dense:
        yield from mlp(shard, "mlp", shard.sizes.size("intermediate_size"), dense)
    if sparse and (shared := shard.sizes.count("shared_expert_intermediate_size")):
        yield from mlp(shard, "mlp.shared_expert", shared, sparse)
        yield shard.unquantised("mlp.shared_expert_gate", 1, shard.sizes.size("hidden_size"))
    yield from routed(shard, EXPERTS_OF_QWEN, sparse)


def qwen_moe(shard: Shard) -> Iterator[Call]:
    """Qwen3 with routed experts; Qwen2 with a gated shared expert beside them."""
    yield from grouped_query(shard, shard.sizes.layers())
    yield from _feed_forward_of_qwen(shard)
    yield shard.head(shard.sizes.size("hidden_size"))


def qwen3_next(shard: Shard) -> Iterator[Call]:
    """Linear attention, but for every full_attention_interval-th layer or those that layer_types names."""
    layers, every = shard.sizes.layers(), shard.sizes.size("full_attention_interval", 4)
    kinds = shard.sizes.kinds("layer_types") or []
    full = [i for i in layers if (kinds[i] == "full_attention" if i < len(kinds) else (i + 1) % every == 0)]
    yield from grouped_query(shard, full, gated=True)
    yield from gated_delta(shard, [i for i in layers if i not in set(full)])
    yield from _feed_forward_of_qwen(shard)
    yield shard.head(shard.sizes.size("hidden_size"))


def glm4_moe(shard: Shard) -> Iterator[Call]:
    """GLM-4.5 to 4.7."""
    dense, sparse = split_after_first(shard)
    yield from grouped_query(shard, shard.sizes.layers())
    if dense:
        yield from mlp(shard, "mlp", shard.sizes.size("intermediate_size"), dense)
    yield from shared_and_routed(shard, sparse)
    yield shard.head(shard.sizes.size("hidden_size"))


def mixtral(shard: Shard) -> Iterator[Call]:
    """Mixtral and MiniMax-M2: experts in every layer, and none shared."""
    layers = shard.sizes.layers()
    yield from grouped_query(shard, layers)
    yield from routed(shard, EXPERTS_OF_MIXTRAL, layers)
    yield shard.head(shard.sizes.size("hidden_size"))


def gpt_oss(shard: Shard) -> Iterator[Call]:
    layers = shard.sizes.layers()
    yield from grouped_query(shard, layers)
    yield from routed(shard, EXPERTS_OF_GPT_OSS, layers)
    yield shard.head(shard.sizes.size("hidden_size"))


def llama4(shard: Shard) -> Iterator[Call]:
    """Experts with one shared beside them in moe_layers, or in every interleave_moe_layer_step-th layer."""
    sizes, layers = shard.sizes, shard.sizes.layers()
    step, named = sizes.size("interleave_moe_layer_step", 1), sizes.indices("moe_layers")
    sparse = [i for i in layers if (i in set(named) if named is not None else (i + 1) % step == 0)]
    yield from grouped_query(shard, layers)
    if dense := [i for i in layers if i not in set(sparse)]:
        yield from mlp(shard, "feed_forward", sizes.size("intermediate_size_mlp"), dense, label="mlp")
    if sparse:
        shared = "feed_forward.shared_expert"
        yield from mlp(shard, shared, sizes.size("intermediate_size"), sparse, label="mlp.shared_expert")
    yield from routed(shard, EXPERTS_OF_LLAMA4, sparse)
    yield shard.head(sizes.size("hidden_size"))

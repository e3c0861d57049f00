"""Projections around attention: with grouped queries, of low rank, and linear."""

from collections.abc import Iterable, Iterator

from ...errors import PlanError
from ..calls import Call
from ..sharding import Shard


def _key_value_heads(shard: Shard, heads: int) -> int:
    """All ranks' heads: where there are fewer than ranks, each rank has a copy of one."""
    kv_heads = shard.sizes.size("num_key_value_heads", heads)
    if kv_heads >= shard.tp:
        return kv_heads
    if shard.tp % kv_heads:
        raise PlanError(f"tp, ep: num_key_value_heads is {kv_heads}, which {shard.tp} ranks cannot share equally")
    return shard.tp


def _head_width(shard: Shard, hidden: int, heads: int) -> int:
    if not shard.sizes.count("head_dim") and hidden < heads:
        raise PlanError(f"config: num_attention_heads is {heads}, allowed is at most hidden_size, {hidden}")
    return shard.sizes.size("head_dim", hidden // heads)


def grouped_query(shard: Shard, layers: Iterable[int], gated: bool = False) -> Iterator[Call]:
    """gated: the query projection has a gate beside each head (Qwen3-Next)."""
    layers = list(layers)
    hidden, heads = shard.sizes.size("hidden_size"), shard.sizes.size("num_attention_heads")
    width = _head_width(shard, hidden, heads)
    shard.over_tp(heads, "num_attention_heads")
    kv = _key_value_heads(shard, heads) * width
    names = [f"self_attn.{name}_proj" for name in "qkv"]
    parts = list(zip(names, (heads * width * (2 if gated else 1), kv, kv), strict=True))
    yield from shard.columns("self_attn.qkv_proj", parts, hidden, layers)
    yield from shard.rows("self_attn.o_proj", hidden, heads * width, layers)


def _queries(shard: Shard, hidden: int, width: int, heads: int) -> Iterator[Call]:
    """Through q_lora_rank, or straight from the hidden size where there is none."""
    layers, rank = shard.sizes.layers(), shard.sizes.count("q_lora_rank")
    kv = ("self_attn.kv_a_proj_with_mqa", shard.sizes.size("kv_lora_rank") + shard.sizes.size("qk_rope_head_dim"))
    if not rank:
        yield from shard.columns("self_attn.q_proj", [("self_attn.q_proj", heads * width)], hidden, layers)
        yield from shard.replicated("self_attn.kv_a_proj", [kv], hidden, layers)
        return
    yield from shard.replicated("self_attn.qkv_a_proj", [("self_attn.q_a_proj", rank), kv], hidden, layers)
    yield from shard.columns("self_attn.q_b_proj", [("self_attn.q_b_proj", heads * width)], rank, layers)


def latent(shard: Shard) -> Iterator[Call]:
    """Multi-head latent attention (DeepSeek-V2 and later)."""
    sizes, layers = shard.sizes, shard.sizes.layers()
    hidden, heads = sizes.size("hidden_size"), sizes.size("num_attention_heads")
    shard.over_tp(heads, "num_attention_heads")
    nope, value = sizes.size("qk_nope_head_dim"), sizes.size("v_head_dim")
    yield from _queries(shard, hidden, nope + sizes.size("qk_rope_head_dim"), heads)
    kv_b = [("self_attn.kv_b_proj", heads * (nope + value))]
    yield from shard.columns("self_attn.kv_b_proj", kv_b, sizes.size("kv_lora_rank"), layers)
    yield from shard.rows("self_attn.o_proj", hidden, heads * value, layers)


def index_logits(shard: Shard) -> Iterator[Call]:
    """Logits of the token selection of sparse attention: not split over ranks."""
    heads, width = shard.sizes.size("index_n_heads"), shard.sizes.size("index_head_dim")
    keys = shard.sizes.size("max_position_embeddings")
    for family in ("mqa_logits", "paged_mqa_logits"):
        yield Call(("indexer.logits",), family, keys, width, out_dtype="fp32", groups=heads)


def indexer(shard: Shard) -> Iterator[Call]:
    """The token selection of sparse attention. Engines call the keys' and weights' projections apart, or fused in BF16
    (SGLang's module dsa_indexer has both ways): the plan has both.
    """
    hidden, layers = shard.sizes.size("hidden_size"), shard.sizes.layers()
    heads, width = shard.sizes.size("index_n_heads"), shard.sizes.size("index_head_dim")
    name = "self_attn.indexer"
    rank = shard.sizes.size("q_lora_rank")
    yield from shard.replicated("indexer.wq_b", [(f"{name}.wq_b", heads * width)], rank, layers)
    yield from shard.replicated("indexer.wk", [(f"{name}.wk", width)], hidden, layers)
    yield shard.unquantised("indexer.weights_proj", heads, hidden)
    yield shard.unquantised("indexer.wk_weights_proj", width + heads, hidden)
    yield from index_logits(shard)


def gated_delta(shard: Shard, layers: Iterable[int]) -> Iterator[Call]:
    """Linear attention by the gated delta rule (Qwen3-Next)."""
    sizes, layers = shard.sizes, list(layers)
    hidden, value_heads = sizes.size("hidden_size"), sizes.size("linear_num_value_heads")
    key_heads = sizes.size("linear_num_key_heads")
    shard.over_tp(key_heads, "linear_num_key_heads")
    shard.over_tp(value_heads, "linear_num_value_heads")
    key, value = key_heads * sizes.size("linear_key_head_dim"), value_heads * sizes.size("linear_value_head_dim")
    qkvz, ba = "linear_attn.in_proj_qkvz", "linear_attn.in_proj_ba"
    yield from shard.columns(qkvz, [(qkvz, part) for part in (key, key, value, value)], hidden, layers)
    yield from shard.columns(ba, [(ba, value_heads), (ba, value_heads)], hidden, layers)
    yield from shard.rows("linear_attn.out_proj", hidden, value, layers)

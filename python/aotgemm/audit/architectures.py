"""The calls of each model architecture, from its configuration: arithmetic on public facts.

Layers that serving engines fuse (q and kv, gate and up) are one call here too. Names of the configuration are those of
Hugging Face's config.json.
"""

from collections.abc import Callable, Iterator

from ..errors import PlanError
from .calls import Call
from .sharding import Shard


def _mlp(shard: Shard, name: str, hidden: int, intermediate: int) -> Iterator[Call]:
    part = shard.over_tp(intermediate, f"{name}'s intermediate size")
    yield shard.linear(f"{name}.gate_up_proj", 2 * part, hidden)
    yield shard.linear(f"{name}.down_proj", hidden, part)


def _routed(shard: Shard, hidden: int, experts_name: str, family: str | None = None) -> Iterator[Call]:
    """Router and experts. With expert parallelism a rank holds whole experts, otherwise a slice of each."""
    experts, topk = shard.size(experts_name), shard.size("num_experts_per_tok")
    part = shard.size("moe_intermediate_size")
    part = part if shard.ep > 1 else shard.over_tp(part, "moe_intermediate_size")
    yield shard.bf16("mlp.gate", experts, hidden, out_dtype="fp32")
    yield from shard.experts("mlp.experts.w13", 2 * part, hidden, experts, topk, family)
    yield from shard.experts("mlp.experts.w2", hidden, part, experts, topk, family)


def _head(shard: Shard, hidden: int) -> Iterator[Call]:
    vocabulary = shard.size("vocab_size")
    padded = -(-vocabulary // (64 * shard.tp)) * 64  # engines pad each rank's share of the vocabulary to 64
    yield shard.bf16("lm_head", padded, hidden)


def _indexer(shard: Shard) -> Iterator[Call]:
    """The token selection of sparse attention: not split over ranks."""
    heads, width = shard.size("index_n_heads"), shard.size("index_head_dim")
    yield shard.linear("indexer.wq_b", heads * width, shard.size("q_lora_rank"))
    keys = shard.size("max_position_embeddings")
    for family in ("mqa_logits", "paged_mqa_logits"):
        yield Call(("indexer.logits",), family, keys, width, out_dtype="fp32", groups=heads)


def _latent_attention(shard: Shard, hidden: int) -> Iterator[Call]:
    heads = shard.over_tp(shard.size("num_attention_heads"), "num_attention_heads")
    q_rank, kv_rank, rope = (shard.size(name) for name in ("q_lora_rank", "kv_lora_rank", "qk_rope_head_dim"))
    nope, value = shard.size("qk_nope_head_dim"), shard.size("v_head_dim")
    yield shard.linear("self_attn.qkv_a_proj", q_rank + kv_rank + rope, hidden)
    yield shard.linear("self_attn.q_b_proj", heads * (nope + rope), q_rank)
    yield shard.linear("self_attn.kv_b_proj", heads * (nope + value), kv_rank)
    yield shard.linear("self_attn.o_proj", hidden, heads * value)


def deepseek_v3(shard: Shard) -> Iterator[Call]:
    """DeepSeek-V3 and R1; V3.2 with its indexer."""
    hidden = shard.size("hidden_size")
    yield from _latent_attention(shard, hidden)
    if shard.has("index_n_heads"):
        yield from _indexer(shard)
    yield from _mlp(shard, "mlp", hidden, shard.size("intermediate_size"))
    shared = shard.size("n_shared_experts") * shard.size("moe_intermediate_size")
    yield from _mlp(shard, "mlp.shared_experts", hidden, shared)
    yield from _routed(shard, hidden, "n_routed_experts")
    yield from _head(shard, hidden)


def deepseek_v4(shard: Shard) -> Iterator[Call]:
    """DeepSeek-V4: one key-value head, grouped output projection, hyper-connections."""
    hidden, head, q_rank = shard.size("hidden_size"), shard.size("head_dim"), shard.size("q_lora_rank")
    heads = shard.over_tp(shard.size("num_attention_heads"), "num_attention_heads")
    groups = shard.over_tp(shard.size("o_groups"), "o_groups")
    yield shard.linear("attn.wqkv_a", q_rank + head, hidden)
    yield shard.linear("attn.wq_b", heads * head, q_rank)
    wo_a, k = shard.size("o_lora_rank"), heads * head // groups
    yield Call(("attn.wo_a",), shard.family, wo_a, k, grouping="batched", groups=groups)
    yield shard.linear("attn.wo_b", hidden, groups * wo_a)
    yield from _indexer(shard)
    streams = shard.size("hc_mult")
    yield Call(("hc.prenorm",), "tf32_prenorm", streams * (streams + 2), streams * hidden, out_dtype="fp32")
    yield from _mlp(
        shard, "ffn.shared_experts", hidden, shard.size("n_shared_experts") * shard.size("moe_intermediate_size")
    )
    family = "fp8_fp4" if shard.config.get("expert_dtype") == "fp4" else None
    yield from _routed(shard, hidden, "n_routed_experts", family)
    yield from _head(shard, hidden)


def _grouped_query_attention(shard: Shard, hidden: int) -> Iterator[Call]:
    heads, kv_heads = shard.size("num_attention_heads"), shard.size("num_key_value_heads")
    width = shard.size("head_dim") if shard.has("head_dim") else hidden // heads
    mine = shard.over_tp(heads, "num_attention_heads")
    # A key-value head is repeated where there are fewer of them than ranks.
    mine_kv = 1 if kv_heads < shard.tp else shard.over_tp(kv_heads, "num_key_value_heads")
    yield shard.linear("self_attn.qkv_proj", (mine + 2 * mine_kv) * width, hidden)
    yield shard.linear("self_attn.o_proj", hidden, mine * width)


def dense_decoder(shard: Shard) -> Iterator[Call]:
    """Llama and models of its shape."""
    hidden = shard.size("hidden_size")
    yield from _grouped_query_attention(shard, hidden)
    yield from _mlp(shard, "mlp", hidden, shard.size("intermediate_size"))
    yield from _head(shard, hidden)


def qwen3_moe(shard: Shard) -> Iterator[Call]:
    """Qwen3 with routed experts."""
    hidden = shard.size("hidden_size")
    yield from _grouped_query_attention(shard, hidden)
    yield from _routed(shard, hidden, "num_experts")
    yield from _head(shard, hidden)


ARCHITECTURES: dict[str, Callable[[Shard], Iterator[Call]]] = {
    "DeepseekV3ForCausalLM": deepseek_v3,
    "DeepseekV32ForCausalLM": deepseek_v3,
    "DeepseekV4ForCausalLM": deepseek_v4,
    "LlamaForCausalLM": dense_decoder,
    "MistralForCausalLM": dense_decoder,
    "Qwen2ForCausalLM": dense_decoder,
    "Qwen3ForCausalLM": dense_decoder,
    "Qwen3MoeForCausalLM": qwen3_moe,
}


def calls_of(config: dict, tp: int, ep: int) -> list[Call]:
    """Every call of one rank, layers of the same shape repeated. Raises PlanError for what it cannot read."""
    names = config.get("architectures")
    name = names[0] if isinstance(names, list) and names else None
    if name not in ARCHITECTURES:
        raise PlanError(f"config: architectures is {names!r}, allowed is one of {', '.join(ARCHITECTURES)}")
    return list(ARCHITECTURES[name](Shard(config, tp, ep)))

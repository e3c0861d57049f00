"""DeepSeek-V3 and what has its shape, and DeepSeek-V4."""

from collections.abc import Iterator

from ..calls import Call
from ..quantization import FP8_BLOCK, Scheme
from ..sharding import Shard
from .attention import index_logits, indexer, latent
from .feed_forward import W1_W3_W2, Experts, mlp, routed, split_after_first

EXPERTS = Experts("mlp.experts.0", "n_routed_experts", "moe_intermediate_size")
EXPERTS_OF_V4 = Experts("ffn.experts.0", "n_routed_experts", "moe_intermediate_size", W1_W3_W2)
FP4_EXPERTS = Scheme("fp8_fp4_gemm_1d1d")


def deepseek_v3(shard: Shard) -> Iterator[Call]:
    """DeepSeek-V3, R1 and Kimi-K2; V3.2 and GLM-5 with their indexer."""
    sizes = shard.sizes
    dense, sparse = split_after_first(shard)
    yield from latent(shard)
    if sizes.count("index_n_heads"):
        yield from indexer(shard)
    if dense:
        yield from mlp(shard, "mlp", sizes.size("intermediate_size"), dense)
    yield from shared_and_routed(shard, sparse)
    yield shard.head(sizes.size("hidden_size"))


def shared_and_routed(shard: Shard, layers: list[int]) -> Iterator[Call]:
    """Shared experts, which are one MLP, and routed ones."""
    if layers and (shared := shard.sizes.count("n_shared_experts")):
        yield from mlp(shard, "mlp.shared_experts", shared * shard.sizes.size("moe_intermediate_size"), layers)
    yield from routed(shard, EXPERTS, layers)


def _grouped_output(shard: Shard, heads: int, head: int) -> Iterator[Call]:
    """A projection for each of o_groups groups of heads, as one batched GEMM, then one over all groups."""
    sizes, layers = shard.sizes, shard.sizes.layers()
    groups, rank = sizes.size("o_groups"), sizes.size("o_lora_rank")
    mine = shard.over_tp(groups, "o_groups")
    k = shard.split(heads * head, groups, "K of attn.wo_a")
    for scheme in shard.schemes(["attn.wo_a"], layers):
        yield shard.call("attn.wo_a", scheme, rank, k, grouping="batched", groups=mine)
    yield from shard.rows("attn.wo_b", sizes.size("hidden_size"), groups * rank, layers)


def _fp4(shard: Shard) -> Scheme | None:
    """The scheme of experts where expert_dtype states it, and quantization_config none of their own."""
    schemes = shard.schemes([f"{EXPERTS_OF_V4.module}.w1"], shard.sizes.layers())
    return FP4_EXPERTS if shard.sizes.text("expert_dtype") == "fp4" and schemes == [FP8_BLOCK] else None


def deepseek_v4(shard: Shard) -> Iterator[Call]:
    """DeepSeek-V4: one key-value head, grouped output projection, hyper-connections."""
    sizes, layers = shard.sizes, shard.sizes.layers()
    hidden, head, q_rank = sizes.size("hidden_size"), sizes.size("head_dim"), sizes.size("q_lora_rank")
    heads, streams = sizes.size("num_attention_heads"), sizes.size("hc_mult")
    index_width = sizes.size("index_n_heads") * sizes.size("index_head_dim")
    yield from shard.replicated("attn.wqkv_a", [("attn.wq_a", q_rank), ("attn.wkv", head)], hidden, layers)
    yield from shard.columns("attn.wq_b", [("attn.wq_b", heads * head)], q_rank, layers)
    yield from _grouped_output(shard, heads, head)
    yield from shard.replicated("indexer.wq_b", [("attn.indexer.wq_b", index_width)], q_rank, layers)
    yield from index_logits(shard)
    yield Call(("hc.prenorm",), "tf32_hc_prenorm_gemm", streams * (streams + 2), streams * hidden, out_dtype="fp32")
    shared = sizes.size("n_shared_experts") * sizes.size("moe_intermediate_size")
    yield from mlp(shard, "ffn.shared_experts", shared, layers, W1_W3_W2)
    yield from routed(shard, EXPERTS_OF_V4, layers, _fp4(shard))
    yield shard.head(hidden)

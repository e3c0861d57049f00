"""N and K of public models, and how tensor and expert parallelism cut them."""

import pytest
from aotgemm import PlanError
from aotgemm.audit.architectures import calls_of, encoders_of
from aotgemm.audit.architectures.table import ARCHITECTURES
from aotgemm.audit.sources import model_config

LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
}
FP8 = {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": [128, 128]}


def layers(config, tp=1, ep=1):
    """Layer -> (N, K), with the groups where they are grouped. A layer has one N and K however it is called."""
    found = {}
    for call in calls_of(config, tp, ep):
        shape = (call.n, call.k) if call.grouping in ("dense", "batched") else (call.n, call.k, call.groups)
        found.setdefault(call.layers[0], set()).add(shape)
    assert all(len(shapes) == 1 for shapes in found.values()), found
    return {layer: shapes.pop() for layer, shapes in found.items()}


def of_model(name, tp=1, ep=1):
    return layers(model_config(name), tp, ep)


# The weights of each model as transformers 5.24.0 makes them (AutoModelForCausalLM.from_config on the meta device),
# those that engines fuse added up: q, k and v; gate and up. Configurations are the released ones, as kept in
# github.com/ai-dynamo/aiconfigurator (model_configs, 095f58a) and github.com/alibaba/InferSim (Qwen3-Next); those of
# Mistral-7B and Qwen1.5-MoE are the defaults of transformers.
LATENT_128 = {  # DeepSeek-V3 and R1
    "self_attn.qkv_a_proj": (2112, 7168), "self_attn.q_b_proj": (24576, 1536), "self_attn.kv_b_proj": (32768, 512),
    "self_attn.o_proj": (7168, 16384), "mlp.gate_up_proj": (36864, 7168), "mlp.down_proj": (7168, 18432),
    "mlp.shared_experts.gate_up_proj": (4096, 7168), "mlp.shared_experts.down_proj": (7168, 2048),
    "mlp.gate": (256, 7168), "mlp.experts.w13": (4096, 7168, 256), "mlp.experts.w2": (7168, 2048, 256),
    "lm_head": (129280, 7168),
}  # fmt: skip
WHOLE = {
    "deepseek-v3": LATENT_128,
    "deepseek-r1": LATENT_128,
    "kimi-k2": LATENT_128 | {
        "self_attn.q_b_proj": (12288, 1536), "self_attn.kv_b_proj": (16384, 512), "self_attn.o_proj": (7168, 8192),
        "mlp.gate": (384, 7168), "mlp.experts.w13": (4096, 7168, 384), "mlp.experts.w2": (7168, 2048, 384),
        "lm_head": (163840, 7168),
    },
    "glm-4.5": {
        "self_attn.qkv_proj": (14336, 5120), "self_attn.o_proj": (5120, 12288), "mlp.gate_up_proj": (24576, 5120),
        "mlp.down_proj": (5120, 12288), "mlp.shared_experts.gate_up_proj": (3072, 5120),
        "mlp.shared_experts.down_proj": (5120, 1536), "mlp.gate": (160, 5120), "mlp.experts.w13": (3072, 5120, 160),
        "mlp.experts.w2": (5120, 1536, 160), "lm_head": (151552, 5120),
    },
    "minimax-m2": {
        "self_attn.qkv_proj": (8192, 3072), "self_attn.o_proj": (3072, 6144), "mlp.gate": (256, 3072),
        "mlp.experts.w13": (3072, 3072, 256), "mlp.experts.w2": (3072, 1536, 256), "lm_head": (200064, 3072),
    },
    "qwen3-235b": {
        "self_attn.qkv_proj": (9216, 4096), "self_attn.o_proj": (4096, 8192), "mlp.gate": (128, 4096),
        "mlp.experts.w13": (3072, 4096, 128), "mlp.experts.w2": (4096, 1536, 128), "lm_head": (151936, 4096),
    },
    "qwen3-30b": {
        "self_attn.qkv_proj": (5120, 2048), "self_attn.o_proj": (2048, 4096), "mlp.gate": (128, 2048),
        "mlp.experts.w13": (1536, 2048, 128), "mlp.experts.w2": (2048, 768, 128), "lm_head": (151936, 2048),
    },
    "qwen3-32b": {
        "self_attn.qkv_proj": (10240, 5120), "self_attn.o_proj": (5120, 8192), "mlp.gate_up_proj": (51200, 5120),
        "mlp.down_proj": (5120, 25600), "lm_head": (151936, 5120),
    },
    "qwen3-next-80b": {
        "self_attn.qkv_proj": (9216, 2048), "self_attn.o_proj": (2048, 4096),
        "linear_attn.in_proj_qkvz": (12288, 2048), "linear_attn.in_proj_ba": (64, 2048),
        "linear_attn.out_proj": (2048, 4096), "mlp.shared_expert.gate_up_proj": (1024, 2048),
        "mlp.shared_expert.down_proj": (2048, 512), "mlp.shared_expert_gate": (1, 2048), "mlp.gate": (512, 2048),
        "mlp.experts.w13": (1024, 2048, 512), "mlp.experts.w2": (2048, 512, 512), "lm_head": (151936, 2048),
    },
    "qwen1.5-moe": {
        "self_attn.qkv_proj": (6144, 2048), "self_attn.o_proj": (2048, 2048),
        "mlp.shared_expert.gate_up_proj": (11264, 2048), "mlp.shared_expert.down_proj": (2048, 5632),
        "mlp.shared_expert_gate": (1, 2048), "mlp.gate": (60, 2048), "mlp.experts.w13": (2816, 2048, 60),
        "mlp.experts.w2": (2048, 1408, 60), "lm_head": (151936, 2048),
    },
    "mixtral-8x7b": {
        "self_attn.qkv_proj": (6144, 4096), "self_attn.o_proj": (4096, 4096), "mlp.gate": (8, 4096),
        "mlp.experts.w13": (28672, 4096, 8), "mlp.experts.w2": (4096, 14336, 8), "lm_head": (32000, 4096),
    },
    "llama-4-scout": {
        "self_attn.qkv_proj": (7168, 5120), "self_attn.o_proj": (5120, 5120),
        "mlp.shared_expert.gate_up_proj": (16384, 5120), "mlp.shared_expert.down_proj": (5120, 8192),
        "mlp.gate": (16, 5120), "mlp.experts.w13": (16384, 5120, 16), "mlp.experts.w2": (5120, 8192, 16),
        "lm_head": (202048, 5120),
    },
    "llama-4-maverick": {
        "self_attn.qkv_proj": (7168, 5120), "self_attn.o_proj": (5120, 5120), "mlp.gate_up_proj": (32768, 5120),
        "mlp.down_proj": (5120, 16384), "mlp.shared_expert.gate_up_proj": (16384, 5120),
        "mlp.shared_expert.down_proj": (5120, 8192), "mlp.gate": (128, 5120), "mlp.experts.w13": (16384, 5120, 128),
        "mlp.experts.w2": (5120, 8192, 128), "lm_head": (202048, 5120),
    },
    "gpt-oss-120b": {
        "self_attn.qkv_proj": (5120, 2880), "self_attn.o_proj": (2880, 4096), "mlp.gate": (128, 2880),
        "mlp.experts.w13": (5760, 2880, 128), "mlp.experts.w2": (2880, 2880, 128), "lm_head": (201088, 2880),
    },
    "gemma-3-27b": {
        "self_attn.qkv_proj": (8192, 5376), "self_attn.o_proj": (5376, 4096), "mlp.gate_up_proj": (43008, 5376),
        "mlp.down_proj": (5376, 21504), "lm_head": (262208, 5376),
    },
    "mistral-7b": {
        "self_attn.qkv_proj": (6144, 4096), "self_attn.o_proj": (4096, 4096), "mlp.gate_up_proj": (28672, 4096),
        "mlp.down_proj": (4096, 14336), "lm_head": (32000, 4096),
    },
    "llama-8b": {
        "self_attn.qkv_proj": (6144, 4096), "self_attn.o_proj": (4096, 4096), "mlp.gate_up_proj": (28672, 4096),
        "mlp.down_proj": (4096, 14336), "lm_head": (128256, 4096),
    },
    "llama-70b": {
        "self_attn.qkv_proj": (10240, 8192), "self_attn.o_proj": (8192, 8192), "mlp.gate_up_proj": (57344, 8192),
        "mlp.down_proj": (8192, 28672), "lm_head": (128256, 8192),
    },
}  # fmt: skip


@pytest.mark.parametrize("model", WHOLE)
def test_calls_are_the_weights_of_the_model(model):
    assert of_model(model) == WHOLE[model]


# DeepSeek-V3.2 and GLM-5 have an indexer besides; engines call its wk and weights_proj apart or fused.
@pytest.mark.parametrize(
    ("model", "heads", "hidden", "rank"), [("deepseek-v3.2", 64, 7168, 1536), ("glm-5", 32, 6144, 2048)]
)
def test_an_indexer_has_all_its_projections(model, heads, hidden, rank):
    calls = {(c.layers[0], c.family, c.n, c.k) for c in calls_of(model_config(model), 1, 1) if "indexer" in c.layers[0]}
    assert {call for call in calls if call[0] != "indexer.logits"} == {
        ("indexer.wq_b", "fp8_gemm_1d2d", 128 * heads, rank),
        ("indexer.wk", "fp8_gemm_1d2d", 128, hidden),
        ("indexer.weights_proj", "bf16_gemm", heads, hidden),
        ("indexer.wk_weights_proj", "bf16_gemm", 128 + heads, hidden),
    }


def test_the_rest_of_glm_5():
    found = of_model("glm-5", 8, 8)
    assert {layer: shape for layer, shape in found.items() if "indexer" not in layer} == {
        "self_attn.qkv_a_proj": (2624, 6144), "self_attn.q_b_proj": (2048, 2048), "self_attn.kv_b_proj": (3584, 512),
        "self_attn.o_proj": (6144, 2048), "mlp.gate_up_proj": (3072, 6144), "mlp.down_proj": (6144, 1536),
        "mlp.shared_experts.gate_up_proj": (512, 6144), "mlp.shared_experts.down_proj": (6144, 256),
        "mlp.gate": (256, 6144), "mlp.experts.w13": (4096, 6144, 32), "mlp.experts.w2": (6144, 2048, 32),
        "lm_head": (19360, 6144),
    }  # fmt: skip


# By the rules of SGLang 0.5.23 (modules srt.layers.linear, moe.fused_moe_triton.layer and models), worked out by hand.
PARTS = [
    ("kimi-k2", 16, 16, "self_attn.q_b_proj", (768, 1536)),
    ("kimi-k2", 16, 16, "self_attn.qkv_a_proj", (2112, 7168)),
    ("kimi-k2", 16, 16, "mlp.experts.w13", (4096, 7168, 24)),
    ("glm-4.5", 8, 1, "self_attn.qkv_proj", (1792, 5120)),
    ("glm-4.5", 8, 1, "mlp.experts.w13", (384, 5120, 160)),
    ("minimax-m2", 4, 1, "self_attn.qkv_proj", (2048, 3072)),
    ("minimax-m2", 4, 1, "mlp.experts.w2", (3072, 384, 256)),
    ("minimax-m2", 8, 8, "mlp.experts.w2", (3072, 1536, 32)),
    ("qwen3-235b", 8, 8, "self_attn.qkv_proj", (1280, 4096)),  # 4 key-value heads on 8 ranks: one each
    ("qwen3-next-80b", 4, 4, "self_attn.qkv_proj", (2560, 2048)),  # 8 of 32 halves of queries, a key and a value
    ("qwen3-next-80b", 4, 4, "linear_attn.in_proj_qkvz", (3072, 2048)),
    ("qwen3-next-80b", 4, 4, "linear_attn.in_proj_ba", (16, 2048)),
    ("qwen3-next-80b", 4, 4, "mlp.shared_expert.down_proj", (2048, 128)),
    ("qwen3-next-80b", 4, 4, "mlp.experts.w13", (1024, 2048, 128)),
    ("qwen1.5-moe", 2, 1, "mlp.experts.w2", (2048, 704, 60)),
    ("mixtral-8x7b", 8, 1, "mlp.experts.w13", (3584, 4096, 8)),
    ("llama-4-maverick", 8, 8, "self_attn.qkv_proj", (896, 5120)),
    ("llama-4-maverick", 8, 8, "mlp.down_proj", (5120, 2048)),
    ("llama-4-maverick", 8, 8, "mlp.experts.w13", (16384, 5120, 16)),
    ("gpt-oss-120b", 8, 1, "self_attn.qkv_proj", (640, 2880)),
    ("gemma-3-27b", 8, 1, "self_attn.qkv_proj", (1024, 5376)),
    ("gemma-3-27b", 8, 1, "mlp.down_proj", (5376, 2688)),
    ("mistral-7b", 4, 1, "mlp.gate_up_proj", (7168, 4096)),
    ("llama-70b", 16, 1, "self_attn.qkv_proj", (768, 8192)),  # 8 key-value heads on 16 ranks: one each
    ("qwen3-32b", 8, 1, "self_attn.qkv_proj", (1280, 5120)),
    ("qwen3-32b", 8, 1, "mlp.gate_up_proj", (6400, 5120)),
    ("llama-8b", 4, 1, "self_attn.qkv_proj", (1536, 4096)),
    ("llama-8b", 4, 1, "lm_head", (32064, 4096)),
    ("llama-4-scout", 8, 1, "mlp.experts.w13", (2048, 5120, 16)),
    ("llama-4-scout", 8, 1, "mlp.experts.w2", (5120, 1024, 16)),
    ("deepseek-r1", 8, 16, "mlp.experts.w13", (4096, 7168, 16)),  # 2 replicas of attention
    ("deepseek-r1", 8, 16, "self_attn.o_proj", (7168, 2048)),
    ("deepseek-v3.2", 8, 8, "indexer.wq_b", (8192, 1536)),  # on every rank whole
    ("deepseek-v4-flash", 4, 8, "attn.wq_b", (8192, 1024)),
    ("glm-5", 8, 8, "mlp.experts.w13", (4096, 6144, 32)),
    # The ranks of two sets of 8 share each expert (moe_tp = tp / ep).
    ("deepseek-v3", 16, 8, "mlp.experts.w13", (2048, 7168, 32)),
    ("deepseek-v3", 16, 8, "mlp.experts.w2", (7168, 1024, 32)),
    ("deepseek-v3", 4, 32, "mlp.experts.w13", (4096, 7168, 8)),  # 8 replicas of attention
    # Both engines pad the whole vocabulary to a multiple of 64, then cut it; SGLang pads on where that fails.
    ("deepseek-v3", 8, 8, "lm_head", (16160, 7168)),
    ("qwen3-30b", 4, 4, "lm_head", (37984, 2048)),
    ("mixtral-8x7b", 2, 1, "lm_head", (16000, 4096)),
]


def test_many_models_are_cut_in_ways():
    assert len({model for model, tp, ep, *_ in PARTS if (tp, ep) != (1, 1)}) >= 16


@pytest.mark.parametrize(("model", "tp", "ep", "layer", "shape"), PARTS)
def test_ranks_hold_their_share(model, tp, ep, layer, shape):
    assert of_model(model, tp, ep)[layer] == shape


def test_a_vocabulary_that_ranks_cannot_share_is_padded_on():
    """32,000 is 500 * 64 and no multiple of 3: padded to 167 * 192."""
    assert layers(LLAMA | {"vocab_size": 32000, "num_attention_heads": 48, "num_key_value_heads": 3,
                           "intermediate_size": 384, "head_dim": 128}, 3)["lm_head"] == (10688, 4096)  # fmt: skip


@pytest.mark.parametrize(
    ("config", "tp", "ep", "message"),
    [
        # 8 ranks leave 96 of 768 columns to each: engines refuse to load that.
        (model_config("qwen3-30b"), 8, 1, "the width of mlp.experts.w13 is 768, .* 8 ranks has 96, .* each 128; "
                                          "ranks that fit: 1, 2, 3, 6, or --ep 8, which cuts no expert$"),
        (model_config("qwen3-30b"), 4, 1, "is 768, of which each of 4 ranks has 192"),
        (model_config("qwen3-235b"), 8, 1, "is 1536, .* 8 ranks has 192.*ranks that fit: 1, 2, 3, 4, 6, 12, or --ep 8"),
        (model_config("qwen3-30b") | {"num_experts": 60}, 8, 1, "has 96, .*ranks that fit: 1, 2, 3, 6$"),
        (model_config("deepseek-v3"), 32, 32, "N of mlp.gate_proj is 18432, .* 32 ranks has 576, "),
        (LLAMA | {"quantization_config": FP8, "intermediate_size": 11008}, 4, 1, "gate_proj is 11008, .* has 2752,"),
        (LLAMA | {"quantization_config": FP8, "intermediate_size": 11072}, 1, 1, "is 11072.*a multiple of 128"),
        (model_config("qwen3-30b"), 6, 4, "tp, ep: are 6, 4, allowed is that one is a multiple of the other"),
        (model_config("qwen3-30b"), 1, 3, "the number of experts is 128, which 3 ranks cannot share equally"),
        (model_config("llama-8b") | {"num_key_value_heads": 3}, 4, 1, "num_key_value_heads is 3, which 4 ranks cannot"),
    ],
)  # fmt: skip
def test_shares_that_no_engine_loads_are_refused(config, tp, ep, message):
    with pytest.raises(PlanError, match=message):
        calls_of(config, tp, ep)


def test_unquantised_shares_need_no_whole_blocks():
    config = {k: v for k, v in model_config("qwen3-30b").items() if k != "quantization_config"}
    assert layers(config, 8)["mlp.experts.w2"] == (2048, 96, 128)


# Keys that released files leave out, by the default that their class documents (transformers 5.24.0).
def test_absent_keys_have_their_documented_default():
    without = {key: value for key, value in LLAMA.items() if key != "num_key_value_heads"}
    assert layers(without)["self_attn.qkv_proj"] == (12288, 4096)
    assert layers(without | {"num_key_value_heads": None})["self_attn.qkv_proj"] == (12288, 4096)
    assert layers(without | {"architectures": ["MistralForCausalLM"]})["self_attn.qkv_proj"] == (6144, 4096)
    assert layers(LLAMA | {"architectures": ["Qwen3ForCausalLM"]})["self_attn.o_proj"] == (4096, 32 * 128)
    gemma = {"model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34}
    assert layers({"architectures": ["Gemma3ForConditionalGeneration"], "text_config": gemma}) == {
        "self_attn.qkv_proj": (4096, 2560), "self_attn.o_proj": (2560, 2048), "mlp.gate_up_proj": (20480, 2560),
        "mlp.down_proj": (2560, 10240), "lm_head": (262208, 2560),
    }  # fmt: skip


def test_queries_without_compression():
    """As in published 16B models of DeepSeek-V3's architecture: q_lora_rank is null."""
    config = model_config("deepseek-v3") | {
        "hidden_size": 2048, "intermediate_size": 11264, "moe_intermediate_size": 1408, "n_routed_experts": 64,
        "n_shared_experts": 2, "num_attention_heads": 16, "q_lora_rank": None, "quantization_config": None,
    }  # fmt: skip
    found = layers(config)
    assert found["self_attn.q_proj"] == (3072, 2048) and found["self_attn.kv_a_proj"] == (576, 2048)
    assert found["self_attn.o_proj"] == (2048, 2048) and found["self_attn.kv_b_proj"] == (4096, 512)
    assert found["mlp.shared_experts.gate_up_proj"] == (5632, 2048)


def test_dense_layers_among_sparse_ones():
    config = model_config("qwen3-30b") | {"intermediate_size": 6144}
    assert "mlp.gate_up_proj" not in layers(config | {"mlp_only_layers": [], "decoder_sparse_step": 1})
    for dense in ({"mlp_only_layers": [0, 1, 2]}, {"decoder_sparse_step": 2}):
        found = layers(config | dense)
        assert found["mlp.gate_up_proj"] == (12288, 2048) and found["mlp.down_proj"] == (2048, 6144)
        assert found["mlp.experts.w13"] == (1536, 2048, 128)
    assert "mlp.gate_up_proj" not in layers(config | {"mlp_only_layers": [48]})  # the layers are 0 to 47
    assert "mlp.experts.w13" not in layers(config | {"mlp_only_layers": list(range(48))})


def test_first_layers_of_deepseek_are_dense():
    config = model_config("deepseek-v3")
    assert "mlp.gate_up_proj" not in layers(config | {"first_k_dense_replace": 0})
    assert "mlp.experts.w13" not in layers(config | {"n_routed_experts": None})
    assert "mlp.shared_experts.down_proj" not in layers(config | {"n_shared_experts": 0})
    kinds = {"mlp_layer_types": ["dense"] * 60 + ["sparse"]}
    assert {"mlp.gate_up_proj", "mlp.experts.w13"} <= set(layers(config | kinds))
    with pytest.raises(PlanError, match="has 1 words, dense, allowed are dense and sparse, one for each of 61 layers"):
        calls_of(config | {"mlp_layer_types": ["dense"]}, 1, 1)


def test_language_models_within_multimodal_ones():
    text = {key: value for key, value in LLAMA.items() if key != "architectures"}
    within = {"architectures": ["Mistral3ForConditionalGeneration"], "vision_config": {}, "torch_dtype": "bfloat16"}
    for part in ({"architectures": ["MistralForCausalLM"]}, {"model_type": "mistral"}):
        config = within | {"text_config": text | part}
        assert layers(config) == layers(LLAMA)
        assert encoders_of(config) == ["vision_config"]
    maverick = {k: v for k, v in model_config("llama-4-maverick").items() if k != "architectures"}
    within = {"architectures": ["Llama4ForConditionalGeneration"]}
    assert layers(within | {"text_config": maverick | {"model_type": "llama4_text"}}) == WHOLE["llama-4-maverick"]
    kimi = {"architectures": ["KimiK25ForConditionalGeneration"], "text_config": model_config("kimi-k2")}
    assert layers(kimi) == WHOLE["kimi-k2"]


@pytest.mark.parametrize("names", [["X"], [["LlamaForCausalLM"]], "LlamaForCausalLM", None, [], [3], ["X" * 9999]])
def test_an_unknown_architecture_has_a_way_out(names):
    way_out = r"config: architectures is .*, allowed is one of Deep.*--trace.*--shapes"
    with pytest.raises(PlanError, match=way_out) as caught:
        calls_of(LLAMA | {"architectures": names, "model_type": "llama"}, 1, 1)
    assert len(str(caught.value)) < 1024


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden_size": 10**30}, "config: hidden_size is 10{30}, allowed is a positive number up to 2147483135"),
        ({"hidden_size": 4096.0}, "hidden_size is 4096.0"),
        ({"hidden_size": True}, "hidden_size is True"),
        ({"vocab_size": -1}, "vocab_size is -1"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers is 1000000000, allowed is at most 4096"),
        ({"num_attention_heads": 2**30, "head_dim": 2**30}, r"qkv_proj has N = \d+, allowed is at most 2147483135"),
        ({"intermediate_size": 2**31 - 1000}, "mlp.gate_up_proj has N = 4294965296"),
        ({"num_attention_heads": 8192}, "num_attention_heads is 8192, allowed is at most hidden_size"),
        ({"torch_dtype": 16}, "torch_dtype is 16, allowed is a text"),
    ],
)  # fmt: skip
def test_numbers_that_no_model_has_are_refused(change, message):
    with pytest.raises(PlanError, match=message):
        calls_of(LLAMA | change, 1, 1)


@pytest.mark.parametrize(("model", "key"), [("qwen3-30b", "num_experts"), ("mixtral-8x7b", "num_local_experts"),
                                            ("deepseek-v3", "n_routed_experts")])  # fmt: skip
def test_a_number_of_experts_is_needed(model, key):
    config = {k: v for k, v in model_config(model).items() if k != key}
    with pytest.raises(PlanError, match=f"config: {key} is None"):
        calls_of(config, 1, 1)


def test_float16_is_not_bfloat16():
    for key in ("dtype", "torch_dtype"):
        calls = calls_of(LLAMA | {key: "float16"}, 1, 1)
        assert {call.family for call in calls} == {"bf16_gemm_fp16"}
        assert all("dtype is 'float16'" in call.missing for call in calls)


def test_every_architecture_is_among_the_tests():
    names = (*WHOLE, "deepseek-v3.2", "deepseek-v4-flash", "glm-5")
    tested = {model_config(name)["architectures"][0] for name in names}
    assert set(ARCHITECTURES) - tested == {"Qwen2ForCausalLM"}  # of Llama's shape
    assert layers(LLAMA | {"architectures": ["Qwen2ForCausalLM"]}) == layers(LLAMA)

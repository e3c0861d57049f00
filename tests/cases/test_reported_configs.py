"""Models' configurations that users reported: the layers that their plans have, or the sentence that refuses them."""

import json

import pytest
from aotgemm import _core
from aotgemm.cli import main

BLOCKS = {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": [128, 128]}
LLAMA = {"architectures": ["LlamaForCausalLM"], "hidden_size": 4096, "intermediate_size": 14336, "vocab_size": 128256}
LLAMA |= {"num_attention_heads": 32, "num_key_value_heads": 8}
QWEN = {"architectures": ["Qwen3MoeForCausalLM"], "hidden_size": 2048, "intermediate_size": 6144, "num_experts": 128}
QWEN |= {"moe_intermediate_size": 768, "num_experts_per_tok": 8, "num_attention_heads": 32, "num_key_value_heads": 4}
QWEN |= {
    "head_dim": 128,
    "vocab_size": 151936,
    "decoder_sparse_step": 1,
    "mlp_only_layers": [],
    "num_hidden_layers": 48,
}
DEEPSEEK = {"architectures": ["DeepseekV3ForCausalLM"], "hidden_size": 7168, "intermediate_size": 18432}
DEEPSEEK |= {"moe_intermediate_size": 2048, "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8}
DEEPSEEK |= {"first_k_dense_replace": 3, "num_attention_heads": 128, "num_key_value_heads": 128, "q_lora_rank": 1536}
DEEPSEEK |= {"kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128}
DEEPSEEK |= {"vocab_size": 129280}
SMALL = {"hidden_size": 2048, "intermediate_size": 11264, "moe_intermediate_size": 1408, "n_routed_experts": 64}
SMALL |= {"n_shared_experts": 2, "num_experts_per_tok": 6, "first_k_dense_replace": 1, "num_attention_heads": 16}
SMALL |= {"num_key_value_heads": 16, "q_lora_rank": None, "vocab_size": 163840}
COMPRESSED_BLOCKS = {
    "quant_method": "compressed-tensors",
    "format": "float-quantized",
    "ignore": ["lm_head"],
    "config_groups": {
        "group_0": {
            "targets": ["Linear"],
            "weights": {"num_bits": 8, "type": "float", "strategy": "block", "block_structure": [128, 128]},
            "input_activations": {
                "num_bits": 8,
                "type": "float",
                "strategy": "group",
                "group_size": 128,
                "dynamic": True,
            },
        }
    },
}
FOUR_BITS = {
    "quant_method": "compressed-tensors",
    "format": "pack-quantized",
    "ignore": ["lm_head", "re:.*self_attn.*", "re:.*shared_experts.*"],
    "config_groups": {
        "group_0": {
            "targets": ["Linear"],
            "weights": {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 32},
        }
    },
}
FP8, BF16 = "fp8_gemm_1d2d", "bf16_gemm"


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)


def quantized(config, **scheme):
    return config | {"quantization_config": BLOCKS | scheme}


def plan(tmp_path, config, options):
    """Status, and (family, N, K) of every layer."""
    source, out = tmp_path / "config.json", tmp_path / "plan.json"
    source.write_text(json.dumps(config))
    status = main(["plan", "--config", str(source), "--max-tokens", "8", *options, "-o", str(out)])
    if status == 2:
        return status, {}
    calls = json.loads(out.read_text())["calls"]
    return status, {layer: (call["family"], call["n"], call["k"]) for call in calls for layer in call["layers"]}


LAYERS = {
    "blocks as compressed-tensors states them": (
        *(LLAMA | {"quantization_config": COMPRESSED_BLOCKS}, []),
        {"self_attn.o_proj": (FP8, 4096, 4096), "mlp.down_proj": (FP8, 4096, 14336), "lm_head": (BF16, 128256, 4096)},
    ),
    "dense layers among sparse ones": (
        *(quantized(QWEN | {"mlp_only_layers": [0, 1, 2]}), []),
        {"mlp.gate_up_proj": (FP8, 12288, 2048), "mlp.down_proj": (FP8, 2048, 6144)},
    ),
    "two ranks share each set of experts": (
        *(quantized(DEEPSEEK), ["--tp", "16", "--ep", "8"]),
        {"mlp.experts.w13": (FP8, 2048, 7168), "mlp.experts.w2": (FP8, 7168, 1024)},
    ),
    "modules left in BF16": (
        *(quantized(LLAMA, modules_to_not_convert=["lm_head", "o_proj"]), []),
        {"self_attn.o_proj": (BF16, 4096, 4096), "mlp.down_proj": (FP8, 4096, 14336)},
    ),
    "as many key heads as query heads": (
        *({key: value for key, value in LLAMA.items() if key != "num_key_value_heads"}, []),
        {"self_attn.qkv_proj": (BF16, 12288, 4096)},
    ),
    "queries of full rank": (
        *(DEEPSEEK | SMALL, []),
        {"self_attn.o_proj": (BF16, 2048, 2048), "self_attn.kv_b_proj": (BF16, 4096, 512)},
    ),
    "a vocabulary padded as a whole": (
        *(quantized(DEEPSEEK), ["--tp", "8", "--ep", "8"]),
        {"lm_head": (BF16, 16160, 7168)},
    ),
    "a vocabulary of 2374 times 64": (*(QWEN, ["--tp", "4"]), {"lm_head": (BF16, 37984, 2048)}),
    "a text model within another": (
        {
            "architectures": ["Mistral3ForConditionalGeneration"],
            "text_config": LLAMA | {"architectures": ["MistralForCausalLM"]},
        },
        [],
        {"mlp.down_proj": (BF16, 4096, 14336)},
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, tmp_path):
    config, options, wanted = LAYERS[name]
    status, found = plan(tmp_path, config, options)
    assert status in (0, 3) and wanted == {layer: found.get(layer) for layer in wanted}


REFUSED = {
    "architectures of lists": (LLAMA | {"architectures": [["LlamaForCausalLM"]]}, [], "architectures"),
    "a shard within a block": (quantized(QWEN), ["--tp", "8"], "128"),
    "another shard within a block": (quantized(QWEN), ["--tp", "4"], "128"),
    "a scheme that is no object": (LLAMA | {"quantization_config": "fp8"}, [], "quantization_config"),
    "a size beyond int64": (LLAMA | {"hidden_size": 10**30}, [], "hidden_size"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name, tmp_path, capsys):
    config, options, word = REFUSED[name]
    assert plan(tmp_path, config, options)[0] == 2
    assert word in capsys.readouterr().err


MISSING = {
    "blocks of 32": (quantized(LLAMA, weight_block_size=[32, 32]), [], "self_attn.o_proj"),
    "one scale for a tensor": (
        quantized(LLAMA, activation_scheme="static", weight_block_size=None),
        [],
        "mlp.down_proj",
    ),
    "experts of 4 bits": (DEEPSEEK | {"quantization_config": FOUR_BITS}, ["--ep", "8"], "mlp.experts.w13"),
}


@pytest.mark.parametrize("name", MISSING)
def test_a_scheme_without_kernels_is_never_another_one(name, tmp_path, capsys):
    config, options, layer = MISSING[name]
    status, found = plan(tmp_path, config, options)
    assert status == 3 and found[layer][0] not in (FP8, BF16)
    assert "quantization_config" in capsys.readouterr().err

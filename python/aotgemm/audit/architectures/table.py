"""Architectures by the names that config.json gives them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ...errors import PlanError
from ..calls import Call
from ..quantization import read_quantization
from ..quantization.scheme import shown
from ..sharding import Shard
from ..sizes import Sizes
from .deepseek import deepseek_v3, deepseek_v4
from .dense import dense_decoder
from .sparse import glm4_moe, gpt_oss, llama4, mixtral, qwen3_next, qwen_moe

TEXT_KEYS = ("text_config", "llm_config", "language_config")  # of the language model within a multimodal one
DTYPE_KEYS = ("dtype", "torch_dtype")  # stand in either
ENCODER_KEYS = ("vision_config", "audio_config")
ROOTS = ("model.", "", "language_model.model.", "model.language_model.", "language_model.")


@dataclass(frozen=True)
class Architecture:
    """types: the model_type of its configuration. defaults: of keys that public files leave out, as the class documents
    them (transformers 5.24.0, configuration_*.py).
    """

    calls: Callable[[Shard], Iterator[Call]]
    types: tuple[str, ...]
    defaults: dict[str, int] = field(default_factory=dict)


_GEMMA3 = {
    "num_hidden_layers": 26, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 262208,
}  # fmt: skip
_QWEN3 = {"num_hidden_layers": 32, "num_key_value_heads": 32, "head_dim": 128}
_DEEPSEEK_V3 = {"num_hidden_layers": 61, "first_k_dense_replace": 3, "n_shared_experts": 1}
_MISTRAL = {"num_hidden_layers": 32, "num_key_value_heads": 8}

ARCHITECTURES: dict[str, Architecture] = {
    "DeepseekV3ForCausalLM": Architecture(deepseek_v3, ("deepseek_v3", "kimi_k2"), _DEEPSEEK_V3),
    "DeepseekV32ForCausalLM": Architecture(deepseek_v3, ("deepseek_v32",), _DEEPSEEK_V3),
    "DeepseekV4ForCausalLM": Architecture(deepseek_v4, ("deepseek_v4",), {"num_hidden_layers": 43}),
    "Gemma3ForCausalLM": Architecture(dense_decoder, ("gemma3_text",), _GEMMA3),
    "Glm4MoeForCausalLM": Architecture(
        glm4_moe, ("glm4_moe", "glm4v_moe_text"),
        {"num_hidden_layers": 46, "num_key_value_heads": 8, "first_k_dense_replace": 1, "n_shared_experts": 1},
    ),
    "GlmMoeDsaForCausalLM": Architecture(
        deepseek_v3, ("glm_moe_dsa",), {"num_hidden_layers": 78, "first_k_dense_replace": 3, "n_shared_experts": 1}
    ),
    "GptOssForCausalLM": Architecture(
        gpt_oss, ("gpt_oss",), {"num_hidden_layers": 36, "num_key_value_heads": 8, "head_dim": 64}
    ),
    "Llama4ForCausalLM": Architecture(
        llama4, ("llama4_text",),
        {"num_hidden_layers": 48, "num_key_value_heads": 8, "head_dim": 128, "intermediate_size_mlp": 16384},
    ),
    "LlamaForCausalLM": Architecture(dense_decoder, ("llama",), {"num_hidden_layers": 32}),
    "MiniMaxM2ForCausalLM": Architecture(
        mixtral, ("minimax_m2",), {"num_hidden_layers": 62, "num_key_value_heads": 8, "head_dim": 128}
    ),
    "MistralForCausalLM": Architecture(dense_decoder, ("mistral", "ministral3"), _MISTRAL),
    "MixtralForCausalLM": Architecture(mixtral, ("mixtral",), _MISTRAL),
    "Qwen2ForCausalLM": Architecture(
        dense_decoder, ("qwen2", "qwen2_vl_text", "qwen2_5_vl_text"),
        {"num_hidden_layers": 32, "num_key_value_heads": 32},
    ),
    "Qwen2MoeForCausalLM": Architecture(
        qwen_moe, ("qwen2_moe",),
        {"num_hidden_layers": 24, "num_key_value_heads": 16, "shared_expert_intermediate_size": 5632},
    ),
    "Qwen3ForCausalLM": Architecture(dense_decoder, ("qwen3", "qwen3_vl_text"), _QWEN3),
    "Qwen3MoeForCausalLM": Architecture(
        qwen_moe, ("qwen3_moe", "qwen3_vl_moe_text"), {"num_hidden_layers": 24, "num_key_value_heads": 4}
    ),
    "Qwen3NextForCausalLM": Architecture(
        qwen3_next, ("qwen3_next",),
        {"num_hidden_layers": 48, "num_key_value_heads": 2, "head_dim": 256, "shared_expert_intermediate_size": 512},
    ),
}  # fmt: skip
BY_TYPE = {kind: name for name, architecture in ARCHITECTURES.items() for kind in architecture.types}


def _named(config: dict[str, Any]) -> str | None:
    """The first of its architectures, if it is a known one."""
    names = config.get("architectures")
    name = names[0] if isinstance(names, list) and names else None
    return name if isinstance(name, str) and name in ARCHITECTURES else None


def _name_of_part(part: dict[str, Any]) -> str | None:
    """A part of a multimodal configuration may have a model_type alone."""
    kind = part.get("model_type")
    return _named(part) or (BY_TYPE.get(kind) if isinstance(kind, str) else None)


def _language_model(config: dict[str, Any]) -> tuple[Architecture, dict[str, Any]]:
    """Its architecture and its configuration: the whole one, or the part that a multimodal one has for it."""
    for part in (config.get(key) for key in TEXT_KEYS):
        if isinstance(part, dict) and (name := _name_of_part(part)):
            return ARCHITECTURES[name], part
    if name := _named(config):
        return ARCHITECTURES[name], config
    raise PlanError(
        f"config: architectures is {shown(config.get('architectures'))}, allowed is one of "
        f"{', '.join(sorted(ARCHITECTURES))}; for any other model record a trace of its server (aotgemm.record(), "
        "then --trace) or write down the shapes of its calls (--shapes)"
    )


def encoders_of(config: dict[str, Any]) -> list[str]:
    """Keys of a multimodal configuration whose calls are not among those of `calls_of`."""
    return [key for key in ENCODER_KEYS if isinstance(config.get(key), dict)]


def _quantization_config(config: dict[str, Any], text: dict[str, Any]) -> Any:
    """Of the whole file, else of its text part; older files of compressed-tensors call it compression_config."""
    found = (part.get(key) for part in (config, text) for key in ("quantization_config", "compression_config"))
    return next((value for value in found if value is not None), None)


def calls_of(config: dict[str, Any], tp: int, ep: int) -> list[Call]:
    """Every call of one rank, layers of the same shape once. Raises PlanError for what it cannot read or cut."""
    architecture, text = _language_model(config)
    quantization = read_quantization(_quantization_config(config, text))
    of_all = {key: config[key] for key in DTYPE_KEYS if key in config}
    shard = Shard(Sizes(of_all | text, architecture.defaults), quantization, tp, ep, ROOTS)
    return list(architecture.calls(shard))

"""Schemes of quantisation: what has a kernel, what is left out, and what is listed as missing."""

import json
import random

import pytest
from aotgemm import Error, PlanError
from aotgemm.audit.architectures import calls_of
from aotgemm.audit.sources import calls_of_config, model_config

FP8_BLOCK, BF16 = "fp8_gemm_1d2d", "bf16_gemm"
LLAMA = {key: value for key, value in model_config("llama-8b").items() if key != "quantization_config"}
DEEPSEEK = {key: value for key, value in model_config("deepseek-v3").items() if key != "quantization_config"}
FP8 = {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": [128, 128]}


def group(**weights):
    """A compressed-tensors configuration of one group."""
    activations = {"num_bits": 8, "type": "float", "strategy": "group", "group_size": 128, "dynamic": True}
    first = {"targets": ["Linear"], "weights": {"symmetric": True} | weights, "input_activations": activations}
    return {"quant_method": "compressed-tensors", "ignore": ["lm_head"], "config_groups": {"group_0": first}}


CT_BLOCK = group(num_bits=8, type="float", strategy="block", block_structure=[128, 128], dynamic=False)


def families(quantization, config=LLAMA):
    """Layer -> its families."""
    found = {}
    for call in calls_of(config | {"quantization_config": quantization}, 1, 1):
        found.setdefault(call.layers[0], set()).add(call.family)
    return found


def of_all(family, head=BF16):
    layers = ("self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj")
    return {layer: {family} for layer in layers} | {"lm_head": {head}}


# Spellings of FP8 with 128 x 128 blocks: of released DeepSeek and Qwen files, of llm-compressor, of ModelOpt.
@pytest.mark.parametrize(
    "quantization",
    [
        FP8,
        {"quant_method": "fp8", "weight_block_size": [128, 128]},
        FP8 | {"fmt": "float8_e4m3fn", "scale_fmt": "ue8m0"},
        {"weight_block_size": [128, 128]},
        CT_BLOCK,
        {"quant_method": "modelopt", "quant_algo": "FP8_PB_WO", "ignore": ["lm_head"]},
        {"quant_method": "modelopt", "quantization": {"quant_algo": "fp8_pb_wo", "exclude_modules": ["lm_head"]}},
        {"quant_algo": "FP8_BLOCK_SCALES", "group_size": 128, "ignore": ["lm_head"]},
    ],
)
def test_blocks_of_fp8_in_all_spellings(quantization):
    assert families(quantization) == of_all(FP8_BLOCK)


# What the library has no kernel for, as released files state it.
UNSERVED = {
    "fp8_per_tensor": [
        {"quant_method": "fp8", "activation_scheme": "static", "weight_block_size": None},
        {"quant_method": "fp8"},
        group(num_bits=8, type="float", strategy="tensor"),
        {"quant_method": "modelopt", "quant_algo": "FP8", "ignore": ["lm_head"]},
    ],
    "fp8_per_channel": [
        group(num_bits=8, type="float", strategy="channel"),
        {"quant_method": "modelopt", "quant_algo": "FP8_PER_CHANNEL_PER_TOKEN", "ignore": ["lm_head"]},
    ],
    "fp8_block_32x32": [FP8 | {"weight_block_size": [32, 32]}],
    "fp8_block_1x128": [FP8 | {"weight_block_size": [1, 128]}],
    "fp8_block_static": [FP8 | {"activation_scheme": "static"}],
    "fp8_block_64": [{"quant_algo": "FP8_PB_WO", "group_size": 64, "ignore": ["lm_head"]}],
    "fp8_e5m2": [FP8 | {"fmt": "e5m2"}],
    "int4_group_32": [group(num_bits=4, type="int", strategy="group", group_size=32)],
    "int8_per_channel": [group(num_bits=8, type="int", strategy="channel")],
    "nvfp4": [
        group(num_bits=4, type="float", strategy="tensor_group", group_size=16),
        {"quant_method": "modelopt", "quant_algo": "NVFP4", "group_size": 16, "ignore": ["lm_head"]},
    ],
    "awq_int4": [{"quant_method": "awq", "bits": 4, "group_size": 128, "modules_to_not_convert": None}],
    "gptq_int4": [{"quant_method": "gptq", "bits": 4, "group_size": 128}],
    "gptq_int8": [{"quant_method": "GPTQ", "bits": 8}],
    "bitsandbytes": [{"quant_method": "bitsandbytes", "load_in_4bit": True}],
    "fbgemm_fp8": [{"quant_method": "fbgemm_fp8", "modules_to_not_convert": ["lm_head"]}],
    "a_method_of_2030": [{"quant_method": "a method of 2030"}],
}


@pytest.mark.parametrize(
    ("family", "quantization"), [(family, stated) for family, all_of in UNSERVED.items() for stated in all_of]
)
def test_schemes_without_a_kernel_are_named_and_missing(family, quantization):
    calls = calls_of(LLAMA | {"quantization_config": quantization}, 1, 1)
    assert {call.family for call in calls if call.layers != ("lm_head",)} == {family}
    for call in calls:
        assert bool(call.missing) == (call.layers != ("lm_head",))
        assert not call.missing or call.missing.startswith("quantization_config: ")


def test_the_reason_says_what_the_file_says():
    calls = calls_of(LLAMA | {"quantization_config": FP8 | {"weight_block_size": [32, 32]}}, 1, 1)
    assert calls[0].missing == (
        "quantization_config: weight_block_size is [32, 32]; "
        "plans know BF16, FP8 with a scale for each 128 x 128 weights, and experts in FP4 by expert_dtype"
    )


@pytest.mark.parametrize("quantization", [None, {"quant_method": "mxfp4"}])
def test_what_is_not_quantised_is_bf16(quantization):
    """MXFP4 is of experts alone (gpt-oss)."""
    assert families(quantization) == of_all(BF16)


def test_mxfp4_is_of_the_experts_alone():
    found = families(model_config("gpt-oss-120b")["quantization_config"], model_config("gpt-oss-120b"))
    assert {layer for layer, names in found.items() if names == {"mxfp4"}} == {"mlp.experts.w13", "mlp.experts.w2"}
    assert found["self_attn.o_proj"] == found["mlp.gate"] == {BF16}


# Every layer's o_proj, by an entry of each form that the format knows.
@pytest.mark.parametrize("entry", ["o_proj", "self_attn.o_proj", "re:.*o_proj", "model.layers.*.self_attn.o_proj"])
def test_modules_not_converted_stay_in_bf16(entry):
    expected = of_all(FP8_BLOCK) | {"self_attn.o_proj": {BF16}}
    assert families(FP8 | {"modules_to_not_convert": ["lm_head", entry]}) == expected
    assert families(FP8 | {"ignored_layers": [entry]}) == expected
    modelopt = {"quant_method": "modelopt", "quant_algo": "FP8_PB_WO"}
    assert families(modelopt | {"ignore": ["lm_head", entry]}) == expected


@pytest.mark.parametrize("entry", ["o_proj", "self_attn.o_proj", r"re:.*\.o_proj$"])
def test_ignored_modules_of_compressed_tensors_stay_in_bf16(entry):
    assert families(CT_BLOCK | {"ignore": ["lm_head", entry]}) == of_all(FP8_BLOCK) | {"self_attn.o_proj": {BF16}}


def test_entries_match_whole_components():
    """The router's mlp.gate is not gate_proj; a parent leaves out its children, but not in compressed-tensors."""
    routers = ["mlp.gate", "gate", "model.layers.3.mlp.gate"]
    assert families(FP8 | {"modules_to_not_convert": routers}) == of_all(FP8_BLOCK)
    without_mlp = of_all(FP8_BLOCK) | {"mlp.gate_up_proj": {BF16}, "mlp.down_proj": {BF16}}
    assert families(FP8 | {"modules_to_not_convert": ["mlp"]}) == without_mlp
    parents = [f"model.layers.{i}.mlp" for i in range(32)]
    assert families(CT_BLOCK | {"ignore": parents}) == of_all(FP8_BLOCK)


def test_layers_left_out_one_by_one():
    """The same layer is FP8 in some layers of the model and BF16 in others: the plan has both."""
    found = families(FP8 | {"modules_to_not_convert": ["model.layers.1.mlp.down_proj", "model.layers.10"]})
    assert found["mlp.down_proj"] == found["self_attn.o_proj"] == {FP8_BLOCK, BF16}
    every = [f"model.layers.{i}.mlp.down_proj" for i in range(32)]
    assert families(FP8 | {"modules_to_not_convert": every})["mlp.down_proj"] == {BF16}
    beyond = families(FP8 | {"modules_to_not_convert": ["model.layers.32"]})  # of the draft model
    assert beyond == of_all(FP8_BLOCK)


def test_parts_of_a_fused_layer_must_agree():
    with pytest.raises(PlanError, match="layer 3 self_attn.q_proj fp8_gemm_1d2d, self_attn.k_proj bf16_gemm, self"):
        families(FP8 | {"modules_to_not_convert": ["model.layers.3.self_attn.k_proj"]})


def test_experts_alone_in_four_bits():
    """Kimi-K2-Thinking and K2.5: compressed-tensors, all but the experts ignored."""
    ignore = ["lm_head", "re:.*self_attn.*", "re:.*shared_experts.*", r"re:.*mlp\.(gate|up|gate_up|down)_proj.*"]
    found = families(group(num_bits=4, type="int", strategy="group", group_size=32) | {"ignore": ignore}, DEEPSEEK)
    assert {layer for layer, names in found.items() if names != {BF16}} == {"mlp.experts.w13", "mlp.experts.w2"}
    assert found["mlp.experts.w2"] == {"int4_group_32"}


def test_groups_by_name_come_before_those_by_class():
    weights = {"num_bits": 8, "type": "float", "strategy": "channel"}
    of_attention = {"targets": [r"re:.*self_attn\..*"], "weights": weights}
    groups = {"config_groups": CT_BLOCK["config_groups"] | {"group_1": of_attention}}
    found = families(CT_BLOCK | groups)
    assert found["self_attn.qkv_proj"] == {"fp8_per_channel"} and found["mlp.down_proj"] == {FP8_BLOCK}
    only_attention = {"config_groups": {"group_0": of_attention}}
    assert families(CT_BLOCK | only_attention)["mlp.down_proj"] == {BF16}


def test_blocks_need_activations_by_128():
    static = CT_BLOCK["config_groups"]["group_0"] | {"input_activations": {"num_bits": 8, "dynamic": False}}
    found = families(CT_BLOCK | {"config_groups": {"group_0": static}})
    assert found["mlp.down_proj"] == {"fp8_block_other_activations"}


def test_modelopt_of_mixed_precision():
    """As in NVFP4 files of Qwen3.6: each quantised module is named with its algorithm."""
    named = {f"model.layers.{i}.mlp.down_proj": {"quant_algo": "FP8"} for i in range(32)}
    named |= {f"model.layers.{i}.self_attn.o_proj": {"quant_algo": "FP8_PB_WO", "group_size": 128} for i in range(32)}
    found = families({"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION", "quantized_layers": named})
    assert found == of_all(BF16) | {"mlp.down_proj": {"fp8_per_tensor"}, "self_attn.o_proj": {FP8_BLOCK}}


def test_heads_that_are_quantised():
    assert families({"quant_method": "gptq", "bits": 4, "lm_head": True}) == of_all("gptq_int4", "gptq_int4")
    assert families({"quant_method": "modelopt", "quant_algo": "NVFP4"})["lm_head"] == {"nvfp4"}
    within = {"quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": ["language_model.lm_head"]}
    assert families(within)["lm_head"] == {BF16}


def test_names_within_multimodal_models():
    text = {key: value for key, value in LLAMA.items() if key != "architectures"} | {"model_type": "llama"}
    entries = ["language_model.model.layers.0.self_attn*", "model.language_model.layers.1.mlp"]
    config = {"architectures": ["Some"], "text_config": text, "quantization_config": FP8 | {"ignored_layers": entries}}
    found = {(call.layers[0], call.family) for call in calls_of(config, 1, 1)}
    assert {("self_attn.o_proj", BF16), ("self_attn.o_proj", FP8_BLOCK), ("mlp.down_proj", BF16)} <= found
    inner = {"architectures": ["Some"], "text_config": text | {"quantization_config": FP8}}
    assert ("mlp.down_proj", FP8_BLOCK) in {(call.layers[0], call.family) for call in calls_of(inner, 1, 1)}


def test_experts_of_deepseek_v4():
    """In FP4 by expert_dtype, in NVFP4 where quantization_config says so, in FP8 in files that say neither."""
    config = model_config("deepseek-v4-flash")
    quantization = config["quantization_config"]
    assert families(quantization, config)["mlp.experts.w2"] == {"fp8_fp4_gemm_1d1d"}
    assert families(quantization | {"moe_quant_algo": "NVFP4"}, config)["mlp.experts.w2"] == {"nvfp4"}
    found = families(quantization, config | {"expert_dtype": None})
    assert found["mlp.experts.w2"] == found["attn.wo_b"] == {FP8_BLOCK}


def test_a_file_beside_config_json_is_read(tmp_path):
    """ModelOpt writes hf_quant_config.json, and may leave config.json without a word of it."""
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    assert {call.family for call in calls_of_config(tmp_path / "config.json", 1, 1)} == {BF16}
    beside = {"producer": {}, "quantization": {"quant_algo": "NVFP4", "exclude_modules": ["lm_head"]}}
    (tmp_path / "hf_quant_config.json").write_text(json.dumps(beside))
    assert {call.family for call in calls_of_config(tmp_path / "config.json", 1, 1)} == {"nvfp4", BF16}


@pytest.mark.parametrize(
    ("quantization", "message"),
    [
        ("fp8", "config: quantization_config is 'fp8', allowed is an object"),
        ([], r"quantization_config is \[\], allowed is an object"),
        ({}, "quantization_config.quant_method is None, allowed is the name of a method"),
        ({"quant_method": 8}, "quantization_config.quant_method is 8"),
        (FP8 | {"weight_block_size": [128]}, r"weight_block_size is \[128\], allowed are two positive numbers"),
        (FP8 | {"weight_block_size": [0, 128]}, r"weight_block_size is \[0, 128\]"),
        (FP8 | {"weight_block_size": "128"}, "weight_block_size is '128'"),
        (FP8 | {"modules_to_not_convert": "lm_head"}, "modules_to_not_convert is 'lm_head', allowed is a list"),
        (FP8 | {"modules_to_not_convert": [3]}, r"modules_to_not_convert is \[3\]"),
        (FP8 | {"modules_to_not_convert": ["re:("]}, "no regular expression"),
        (CT_BLOCK | {"config_groups": None}, "config_groups is None, allowed is an object"),
        (CT_BLOCK | {"config_groups": {"a": 3}}, "config_groups.a is 3"),
        (CT_BLOCK | {"config_groups": {"a": {"weights": 3}}}, "config_groups.a.weights is 3"),
        (group(num_bits=8, type="float", strategy="block"), "weights.block_structure is None"),
        ({"quant_method": "modelopt"}, "quant_algo is None, allowed is a name"),
        ({"quant_method": "modelopt", "quantization": 3}, "quantization_config.quantization is 3"),
        ({"quant_algo": "MIXED_PRECISION"}, "quantized_layers is None, allowed is an object"),
    ],
)
def test_what_is_no_quantisation_is_refused(quantization, message):
    with pytest.raises(PlanError, match=message):
        families(quantization)


NUMBERS = [0, -1, 7, 128, 10**30, 1.5, float("nan"), True]
VALUES = [*NUMBERS, None, "", "fp8", "x" * 300, [], [128, 128], ["lm_head"], [[]], {}]


def changed(choose, value):
    """The value with something within it replaced, removed or added."""
    if isinstance(value, dict) and value and choose.random() < 0.8:
        key = choose.choice(list(value))
        if choose.random() < 0.15:
            return {k: v for k, v in value.items() if k != key}
        return value | {key: changed(choose, value[key])}
    if isinstance(value, list) and value and choose.random() < 0.5:
        index = choose.randrange(len(value))
        return [*value[:index], changed(choose, value[index]), *value[index + 1 :]]
    return choose.choice(VALUES)


def test_damaged_configurations_give_calls_or_a_sentence():
    """Seeded: 3,000 changes of released forms."""
    choose = random.Random(15)
    names = ("deepseek-v3.2", "deepseek-v4-flash", "qwen3-next-80b", "llama-4-scout", "gpt-oss-120b", "llama-8b")
    forms = [FP8 | {"modules_to_not_convert": ["re:.*o_proj", "mlp.gate"]}, CT_BLOCK, UNSERVED["nvfp4"][1], None]
    planned = 0
    for _ in range(3000):
        config = model_config(choose.choice(names)) | {"num_hidden_layers": 8}
        config["quantization_config"] = choose.choice(forms)
        for key in choose.sample(list(config), choose.randint(1, 3)):
            config[key] = changed(choose, config[key])
        try:
            planned += bool(calls_of(config, choose.choice((1, 2, 8)), 1))
        except Error as error:
            assert 0 < len(str(error)) < 1500
    assert 100 < planned < 2900

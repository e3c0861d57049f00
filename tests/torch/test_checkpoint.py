"""Weights of public FP8 checkpoints: every spelling of block scales, and a refusal by name of the others."""

import aotgemm
import aotgemm.torch
import pytest
import torch
from aotgemm.torch import checkpoint
from layer_weights import bf16, blocks

N, K = 200, 272


def spelled():
    """The same layer as its writers spell it."""
    weight, scales = aotgemm.per_block_cast_to_fp8(bf16(2, N, K), use_ue8m0=True)  # powers of two fit every dtype
    exponents = scales.to(torch.float8_e8m0fnu)
    return weight, scales, {
        "DeepSeek V3": {"weight_scale_inv": scales},
        "Qwen3": {"weight_scale_inv": scales.bfloat16()},
        "DeepSeek V4": {"scale": exponents},
        "exponents in bytes": {"scale": exponents.view(torch.uint8)},
        "compressed-tensors": {"weight_scale": scales.bfloat16()},
        "modelopt": {"weight_scale": scales[:, None, :, None]},
        "Mistral": {"qscale_weight": scales},
    }  # fmt: skip


@pytest.mark.parametrize("writer", spelled()[2])
def test_every_spelling_gives_the_same_layer(writer):
    weight, scales, spellings = spelled()
    tensors = {"layer.weight": weight} | {f"layer.{name}": each for name, each in spellings[writer].items()}
    found = checkpoint.block_scaled_weight(tensors, "layer")
    assert found[0] is weight and found[1].dtype == torch.float32 and torch.equal(found[1], scales)
    aotgemm.torch.FP8Linear(K, N).load_state_dict(dict(zip(("weight", "weight_scale_inv"), found, strict=True)))


def test_a_layer_without_scales_is_not_fp8():
    assert checkpoint.block_scaled_weight({"gate.weight": bf16(1, 8, K)}, "gate") is None


@pytest.mark.parametrize(
    "scales, kind, message",
    [
        (torch.ones(()), aotgemm.ShapeError, r"^x.weight_scale_inv: shape is \[\], must be \[2, 3\] for blocks"),
        (torch.ones(N, 1), aotgemm.ShapeError, r"shape is \[200, 1\], must be \[2, 3\]"),
        (torch.ones(1, 2), aotgemm.ShapeError, r"shape is \[1, 2\], must be \[2, 3\]"),
        (torch.ones(N, 9), aotgemm.ShapeError, r"shape is \[200, 9\]"),
        (torch.ones(2, 3).half(), aotgemm.DtypeError, "dtype is torch.float16, allowed is"),
    ],
    ids=["per tensor", "per channel", "last row lost", "1 x 32", "float16"],
)
def test_other_scales_are_refused_by_name(scales, kind, message):
    with pytest.raises(kind, match=message):
        checkpoint.block_scaled_weight({"x.weight": blocks(2, N, K)[0], "x.weight_scale_inv": scales}, "x")


def test_bytes_without_scales_and_scales_of_other_weights_are_refused():
    q, scales = blocks(2, N, K)
    with pytest.raises(aotgemm.DtypeError, match="^x: has torch.float8_e4m3fn without scales"):
        checkpoint.block_scaled_weight({"x.weight": q}, "x")
    with pytest.raises(aotgemm.DtypeError, match=r"^x.weight: is torch.int8 \[200, 272\], allowed is"):
        checkpoint.block_scaled_weight({"x.weight": q.view(torch.int8), "x.scale": scales}, "x")
    with pytest.raises(KeyError):
        checkpoint.block_scaled_weight({}, "x")


NAMES = ("w1", "w3", "w2")


def experts(rows):
    tensors = {}
    for expert in range(3):
        for place, (name, shape) in enumerate(zip(NAMES, ((rows, K), (rows, K), (K, rows)), strict=True)):
            weight, scales = blocks(10 * expert + place, *shape)
            tensors |= {f"m.{expert}.{name}.weight": weight, f"m.{expert}.{name}.weight_scale_inv": scales}
    return tensors


def test_experts_are_stacked():
    tensors = experts(128)
    state = checkpoint.experts_weights(tensors, "m", 3, NAMES)
    module = aotgemm.torch.FP8Experts(3, K, 128)
    module.load_state_dict(state)
    up = module.gate_up_proj[2, 128:].view(torch.uint8)
    assert torch.equal(up, tensors["m.2.w3.weight"].view(torch.uint8))
    assert torch.equal(module.gate_up_proj_scale_inv[2, 1:], tensors["m.2.w3.weight_scale_inv"])
    assert torch.equal(module.down_proj_scale_inv[1], tensors["m.1.w2.weight_scale_inv"])


def test_experts_that_would_share_a_block_are_refused():
    with pytest.raises(aotgemm.ShapeError, match="^m.0.w1: has 96 rows, must be a multiple of 128 to be joined"):
        checkpoint.experts_weights(experts(96), "m", 3, NAMES)


FP8 = {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": [128, 128]}
BLOCKS = {"num_bits": 8, "type": "float", "strategy": "block", "block_structure": [128, 128]}
COMPRESSED = {"quant_method": "compressed-tensors", "config_groups": {"any": {"weights": BLOCKS}}}


@pytest.mark.parametrize("config", [FP8, FP8 | {"fmt": "float8_e4m3fn", "scale_fmt": "ue8m0"}, COMPRESSED], ids=str)
def test_configs_that_are_computed(config):
    assert checkpoint.check_quantization_config(config) is None


@pytest.mark.parametrize(
    "config, message",
    [
        (FP8 | {"weight_block_size": [32, 32]}, r"^weight_block_size: is \[32, 32\], allowed is \[128, 128\]"),
        ({"quant_method": "fp8"}, "^weight_block_size: is None"),
        (FP8 | {"activation_scheme": "static"}, "^activation_scheme: is static"),
        (FP8 | {"fmt": "e5m2"}, "^fmt: is e5m2"),
        ({"quant_method": "awq"}, "^quant_method: is awq"),
        (COMPRESSED | {"config_groups": {"g": {"weights": BLOCKS | {"strategy": "channel"}}}}, "^weight_block_size"),
        (COMPRESSED | {"config_groups": {"g": {"weights": BLOCKS | {"num_bits": 4}}}}, "^weight_block_size: is None"),
    ],
    ids=str,
)
def test_configs_that_are_refused(config, message):
    with pytest.raises(aotgemm.Error, match=message):
        checkpoint.check_quantization_config(config)

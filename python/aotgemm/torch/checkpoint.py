"""FP8 block weights and FP4 weights of public checkpoints, whatever they call their scales."""

from collections.abc import Mapping
from typing import Any

import torch

from ..arrays.sizes import ceil_div
from ..errors import DtypeError, ShapeError
from ..ops.fp4_words import prepack_fp4_weights
from .casts import in_blocks, times_scales
from .shapes import BLOCK, FP8, FP32, check_weight

# DeepSeek V3, Qwen3, MiniMax, GLM-5 and others; DeepSeek V4; compressed-tensors and modelopt; Mistral.
SCALE_NAMES = ("weight_scale_inv", "scale", "weight_scale", "qscale_weight")
FP4_DTYPES = tuple(getattr(torch, name) for name in ("int8", "uint8", "float4_e2m1fn_x2") if hasattr(torch, name))
FP4_BLOCK = 32  # columns of a row that share a scale
FORMATS = ("e4m3", "float8_e4m3fn", None)


def _block_of(config: Mapping[str, Any]) -> Any:
    """The block's rows and columns, as the quantization_config of one of three writers states them."""
    if config.get("quant_method") != "compressed-tensors":
        return config.get("weight_block_size")
    groups = list(config.get("config_groups", {}).values())
    weights = groups[0].get("weights", {}) if len(groups) == 1 else {}
    is_fp8 = weights.get("num_bits") == 8 and weights.get("type") == "float" and weights.get("strategy") == "block"
    return weights.get("block_structure") if is_fp8 else None


def check_quantization_config(config: Mapping[str, Any]) -> None:
    """Raises ShapeError or DtypeError, which names the entry, unless FP8Linear computes what the config describes.

    config: quantization_config of a checkpoint's config.json: FP8 E4M3 in blocks of 128 x 128, activations quantised
    in each call.
    """
    method = config.get("quant_method")
    if method not in ("fp8", "compressed-tensors"):
        raise DtypeError(f"quant_method: is {method}, allowed is fp8 or compressed-tensors")
    if config.get("fmt") not in FORMATS:
        raise DtypeError(f"fmt: is {config['fmt']}, allowed is e4m3")
    if config.get("activation_scheme", "dynamic") != "dynamic":
        raise DtypeError(f"activation_scheme: is {config['activation_scheme']}, allowed is dynamic")
    block = _block_of(config)
    if block is None or list(block) != [BLOCK, BLOCK]:
        raise ShapeError(f"weight_block_size: is {block}, allowed is [{BLOCK}, {BLOCK}]")


def _as_fp32(name: str, scales: torch.Tensor) -> torch.Tensor:
    """Exact: BF16 is widened, an exponent byte becomes a power of two."""
    if scales.dtype == torch.uint8:
        scales = scales.view(torch.float8_e8m0fnu)
    if scales.dtype not in (FP32, torch.bfloat16, torch.float8_e8m0fnu):
        raise DtypeError(f"{name}: dtype is {scales.dtype}, allowed is float32, bfloat16, float8_e8m0fnu or uint8")
    return scales.to(FP32)


def _on_grid(name: str, scales: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    if scales.dim() == 4 and scales.shape[1] == scales.shape[3] == 1:  # modelopt's [N / 128, 1, K / 128, 1]
        scales = scales[:, 0, :, 0]
    grid = tuple(ceil_div(size, BLOCK) for size in weight.shape)
    if tuple(scales.shape) != grid:
        raise ShapeError(
            f"{name}: shape is {list(scales.shape)}, must be {list(grid)} for blocks of {BLOCK} x {BLOCK} of "
            f"{list(weight.shape)}"
        )
    return scales.contiguous()


def block_scaled_weight(tensors: Mapping[str, torch.Tensor], layer: str) -> tuple[torch.Tensor, torch.Tensor] | None:
    """(weight, weight_scale_inv) of a layer for FP8Linear, or None if the checkpoint holds it without scales.

    tensors: a checkpoint's, by name. layer: the name before ".weight". The weight is FP8 E4M3 [N, K]; its scales,
    under any name of SCALE_NAMES, are FP32, BF16 or exponents in a byte, for blocks of 128 x 128.
    Raises KeyError without a weight, DtypeError or ShapeError, which name the tensor, for other ways to quantise.
    """
    weight = tensors[f"{layer}.weight"]
    found = [f"{layer}.{name}" for name in SCALE_NAMES if f"{layer}.{name}" in tensors]
    if not found:
        if weight.element_size() == 1:
            raise DtypeError(f"{layer}: has {weight.dtype} without scales, allowed is one of {', '.join(SCALE_NAMES)}")
        return None
    if weight.dtype != FP8 or weight.dim() != 2:
        shape = list(weight.shape)
        raise DtypeError(f"{layer}.weight: is {weight.dtype} {shape}, allowed is float8_e4m3fn of two dimensions")
    return weight, _on_grid(found[0], _as_fp32(found[0], tensors[found[0]]), weight)


def with_powers_of_two(weight: torch.Tensor, scales: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A weight and scales for Blackwell, whose GEMMs take powers of two alone: quantised again, which rounds once more.

    weight: FP8 E4M3 [N, K], or [E, N, K] of experts; scales: FP32, one per 128 x 128 block. Returns the same shapes.
    Raises DtypeError or ShapeError.
    """
    check_weight("weight", weight, scales, weight.dim())
    return in_blocks(times_scales(weight, scales), use_ue8m0=True)


def _joined(parts: list[tuple[torch.Tensor, torch.Tensor]], layer: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights on top of each other, as one grid of blocks."""
    for weight, _ in parts[:-1]:
        if weight.shape[0] % BLOCK:
            raise ShapeError(f"{layer}: has {weight.shape[0]} rows, must be a multiple of {BLOCK} to be joined")
    return torch.cat([weight.view(torch.uint8) for weight, _ in parts]).view(FP8), torch.cat([sf for _, sf in parts])


def _needed(tensors: Mapping[str, torch.Tensor], layer: str) -> tuple[torch.Tensor, torch.Tensor]:
    pair = block_scaled_weight(tensors, layer)
    if pair is None:
        raise DtypeError(f"{layer}: has no scales, allowed is one of {', '.join(SCALE_NAMES)}")
    return pair


def _packed_fp4(tensors: Mapping[str, torch.Tensor], layer: str) -> tuple[torch.Tensor, torch.Tensor]:
    """(int8 [N, K / 2], scales [N, K / 32] in bytes or FP32)."""
    weight = tensors[f"{layer}.weight"]
    found = [f"{layer}.{name}" for name in SCALE_NAMES if f"{layer}.{name}" in tensors]
    if not found or weight.dtype not in FP4_DTYPES:
        words = " or ".join(str(dtype) for dtype in FP4_DTYPES)
        raise DtypeError(
            f"{layer}.weight: is {weight.dtype}, allowed is {words} with one of {', '.join(SCALE_NAMES)} beside it"
        )
    scales, grid = tensors[found[0]], [weight.shape[0], weight.shape[1] * 2 // FP4_BLOCK]
    if list(scales.shape) != grid:
        raise ShapeError(f"{found[0]}: shape is {list(scales.shape)}, must be {grid}, one for 32 of K")
    return weight.view(torch.int8), scales.view(torch.uint8) if scales.element_size() == 1 else scales


def _prepacked(pairs: list[tuple[torch.Tensor, torch.Tensor]], name: str) -> dict[str, torch.Tensor]:
    weights, scales = (torch.stack(each) for each in zip(*pairs, strict=True))
    words, split = prepack_fp4_weights(weights, scales).weights
    return {name: words, f"{name}_scale_inv": split}


def fp4_weight(tensors: Mapping[str, torch.Tensor], layer: str) -> tuple[torch.Tensor, torch.Tensor]:
    """(weight, weight_scale_inv) of a layer in FP4 for FP8Linear(..., elements="fp4"): aotgemm.prepack_fp4_weights.

    tensors: a checkpoint's, by name. layer: the name before ".weight", which is int8, uint8 or float4_e2m1fn_x2
    [N, K / 2], the first of two codes in the low bits; scales, under any name of SCALE_NAMES, are exponents in a byte
    or FP32 powers of two [N, K / 32]. K is a multiple of 128.
    Raises KeyError without a weight; DtypeError or ShapeError, which name the tensor, for another way to quantise;
    InexactError where FP8 does not hold the values of a row's 128 columns.
    """
    return tuple(prepack_fp4_weights(*_packed_fp4(tensors, layer)).weights)


def fp4_experts_weights(
    tensors: Mapping[str, torch.Tensor], prefix: str, num_experts: int, names: tuple[str, str, str]
) -> dict[str, torch.Tensor]:
    """The state of FP8Experts(..., elements="fp4") from one layer for each expert; parameters as of experts_weights.

    Gate and up may have any number of rows. Raises what fp4_weight raises.
    """
    layers = [[_packed_fp4(tensors, f"{prefix}.{e}.{name}") for name in names] for e in range(num_experts)]
    halves = [tuple(map(torch.cat, zip(first, second, strict=True))) for first, second, _ in layers]
    return _prepacked(halves, "gate_up_proj") | _prepacked([third for *_, third in layers], "down_proj")


def experts_weights(
    tensors: Mapping[str, torch.Tensor], prefix: str, num_experts: int, names: tuple[str, str, str]
) -> dict[str, torch.Tensor]:
    """The state of FP8Experts from one layer for each expert, "{prefix}.{e}.{name}".

    names: gate, up and down, such as ("gate_proj", "up_proj", "down_proj") or ("w1", "w3", "w2"). Raises what
    block_scaled_weight raises, and ShapeError where gate's rows do not end on a block.
    """
    gate, up, down = names
    halves = [
        _joined([_needed(tensors, f"{prefix}.{e}.{name}") for name in (gate, up)], f"{prefix}.{e}.{gate}")
        for e in range(num_experts)
    ]
    downs = [_needed(tensors, f"{prefix}.{e}.{down}") for e in range(num_experts)]
    state = {}
    for name, pairs in (("gate_up_proj", halves), ("down_proj", downs)):
        state[name] = torch.stack([weight.view(torch.uint8) for weight, _ in pairs]).view(FP8)
        state[f"{name}_scale_inv"] = torch.stack([scales for _, scales in pairs])
    return state

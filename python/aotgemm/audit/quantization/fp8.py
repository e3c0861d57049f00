"""quant_method "fp8": blocks of weights with a scale each, or one scale for a whole tensor."""

from typing import Any

from ...errors import PlanError
from .matching import by_path, names_under
from .modelopt import scheme_of_algorithm
from .scheme import FP8_BLOCK, UNQUANTISED, Quantization, Scheme, shown, unserved

BLOCK = [128, 128]


def _is_block(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(size) is int and size > 0 for size in value)


def block_scheme(block: Any, key: str) -> Scheme:
    """FP8 with a scale for each block of weights, rows and columns. Raises PlanError for what is no block."""
    if not _is_block(block):
        raise PlanError(f"config: quantization_config.{key} is {shown(block)}, allowed are two positive numbers")
    return FP8_BLOCK if block == BLOCK else unserved(f"fp8_block_{block[0]}x{block[1]}", f"{key} is {shown(block)}")


def _scheme(quantization: dict[str, Any]) -> Scheme:
    block, activations = quantization.get("weight_block_size"), quantization.get("activation_scheme", "dynamic")
    element = quantization.get("fmt") or "e4m3"
    if "e4m3" not in str(element):
        return unserved(f"fp8_{element}", f"fmt is {shown(element)}")
    if block is None:
        return unserved("fp8_per_tensor", "quant_method is 'fp8' without weight_block_size: one scale for a tensor")
    scheme = block_scheme(block, "weight_block_size")
    if scheme == FP8_BLOCK and activations != "dynamic":
        return unserved("fp8_block_static", f"activation_scheme is {shown(activations)} beside weight_block_size")
    return scheme


def read_fp8(quantization: dict[str, Any]) -> Quantization:
    left_out = by_path(names_under(quantization, "modules_to_not_convert", "ignored_layers"))
    rules = [(left_out, UNQUANTISED)]
    if algorithm := quantization.get("moe_quant_algo"):
        rules.append((by_path(["experts"]), scheme_of_algorithm(algorithm)))
    return Quantization(tuple(rules), _scheme(quantization))

"""quant_method "compressed-tensors": groups of layers, each with the format of its weights and activations."""

from typing import Any

from ...errors import PlanError
from .fp8 import block_scheme
from .matching import by_name, names_under
from .scheme import FP8_BLOCK, UNQUANTISED, Matcher, Quantization, Scheme, shown, unserved

EVERY_LINEAR = "linear"  # the class that a target may name instead of modules
DYNAMIC_BY_128 = {"num_bits": 8, "type": "float", "strategy": "group", "group_size": 128, "dynamic": True}
STRATEGIES = {"tensor": "per_tensor", "channel": "per_channel", "token": "per_token"}


def _object(value: Any, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PlanError(f"config: quantization_config.{key} is {shown(value)}, allowed is an object")
    return value


def _name(weights: dict[str, Any]) -> str:
    element, bits = ("fp" if weights.get("type") == "float" else weights.get("type")), weights.get("num_bits")
    if (element, bits, weights.get("group_size")) == ("fp", 4, 16):
        return "nvfp4"
    strategy = weights.get("strategy")
    by = STRATEGIES.get(strategy, f"{strategy}_{weights.get('group_size')}") if isinstance(strategy, str) else "unknown"
    return f"{element}{bits}_{by}"


def _scheme(group: dict[str, Any], key: str) -> Scheme:
    weights = _object(group["weights"], f"{key}.weights")
    activations = group.get("input_activations") or {}
    if (weights.get("type"), weights.get("num_bits"), weights.get("strategy")) == ("float", 8, "block"):
        scheme = block_scheme(weights.get("block_structure"), f"{key}.weights.block_structure")
        stated = {name: _object(activations, f"{key}.input_activations").get(name) for name in DYNAMIC_BY_128}
        if scheme != FP8_BLOCK or stated == DYNAMIC_BY_128:
            return scheme
        return unserved("fp8_block_other_activations", f"{key}.input_activations has {shown(stated)}")
    facts = {name: weights.get(name) for name in ("type", "num_bits", "strategy", "group_size")}
    return unserved(_name(weights), f"{key}.weights has {', '.join(f'{k} {shown(v)}' for k, v in facts.items())}")


def _rules(groups: dict[str, Any]) -> list[tuple[Matcher, Scheme]]:
    """Modules named by a target come before those of a class."""
    of_names, of_classes = [], []
    for name, value in groups.items():
        key = f"config_groups.{shown(name)[1:-1]}"
        group = _object(value, key)
        if group.get("weights") is None:
            continue
        scheme, targets = _scheme(group, key), names_under(group, "targets")
        of_names.append((by_name(targets), scheme))
        if any(target.lower() == EVERY_LINEAR for target in targets):
            of_classes.append((lambda module: True, scheme))
    return [*of_names, *of_classes]


def read_compressed_tensors(quantization: dict[str, Any]) -> Quantization:
    left_out = by_name(names_under(quantization, "ignore"))
    groups = _object(quantization.get("config_groups"), "config_groups")
    return Quantization(((left_out, UNQUANTISED), *_rules(groups)))

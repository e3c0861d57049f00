"""quant_method "modelopt": one algorithm for all layers but those left out, or one named for each layer."""

from typing import Any

from ...errors import PlanError
from .matching import by_path, names_under
from .scheme import FP8_BLOCK, UNQUANTISED, Matcher, Quantization, Scheme, shown, unserved

HEADS = ("lm_head", "language_model.lm_head", "head")
MIXED = "MIXED_PRECISION"
# Engines load both of the first as FP8 with 128 x 128 blocks (sglang 0.5.23, module quantization.modelopt_quant).
BLOCK_ALGORITHMS = ("FP8_PB_WO", "FP8_BLOCK_SCALES")
NAMES = {"FP8": "fp8_per_tensor", "FP8_PER_CHANNEL_PER_TOKEN": "fp8_per_channel"}


def scheme_of_algorithm(algorithm: Any, group_size: Any = None) -> Scheme:
    """group_size: the width of a block where it is not the algorithm's own."""
    if not isinstance(algorithm, str) or not algorithm:
        raise PlanError(f"config: quantization_config.quant_algo is {shown(algorithm)}, allowed is a name")
    name = algorithm.upper()
    if name in BLOCK_ALGORITHMS:
        if group_size in (None, 128):
            return FP8_BLOCK
        return unserved(f"fp8_block_{group_size}", f"quant_algo is {shown(name)} with group_size {shown(group_size)}")
    return unserved(NAMES.get(name, name.lower()), f"quant_algo is {shown(name)}")


def _rules_by_layer(layers: Any) -> list[tuple[Matcher, Scheme]]:
    if not isinstance(layers, dict) or not all(isinstance(info, dict) for info in layers.values()):
        raise PlanError(f"config: quantization_config.quantized_layers is {shown(layers)}, allowed is an object")
    names: dict[Scheme, list[str]] = {}
    for name, info in layers.items():
        names.setdefault(scheme_of_algorithm(info.get("quant_algo"), info.get("group_size")), []).append(name)
    return [(by_path(of_scheme), scheme) for scheme, of_scheme in names.items()]


def read_modelopt(quantization: dict[str, Any]) -> Quantization:
    """The form of config.json, or that of hf_quant_config.json, whose facts lie under "quantization"."""
    facts = quantization.get("quantization", quantization)
    if not isinstance(facts, dict):
        raise PlanError(f"config: quantization_config.quantization is {shown(facts)}, allowed is an object")
    left_out = (by_path(names_under(facts, "exclude_modules", "ignore")), UNQUANTISED)
    if str(facts.get("quant_algo")).upper() == MIXED:
        rules = Quantization((left_out, *_rules_by_layer(facts.get("quantized_layers"))))
    else:
        rules = Quantization((left_out,), scheme_of_algorithm(facts.get("quant_algo"), facts.get("group_size")))
    return Quantization(rules.rules, rules.otherwise, head=rules.scheme_of(HEADS))

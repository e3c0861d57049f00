"""Which format a quantization_config has."""

from collections.abc import Callable
from typing import Any

from ...errors import PlanError
from .compressed_tensors import read_compressed_tensors
from .fp8 import read_fp8
from .matching import any_of, by_path, names_under
from .modelopt import read_modelopt
from .scheme import UNQUANTISED, Quantization, Scheme, shown, unserved

LEFT_OUT = ("modules_to_not_convert", "ignored_layers", "ignore", "llm_int8_skip_modules")
GPTQ_LEAVES_OUT = "-:"  # begins a regular expression among the keys of its "dynamic"


def _weights_only(method: str, quantization: dict[str, Any]) -> Scheme:
    bits = quantization.get("bits", quantization.get("w_bit"))
    name = method if bits is None else f"{method}_int{bits}"
    stated = f"quant_method is {shown(method)}" + ("" if bits is None else f" with {shown(bits)} bits")
    return unserved(name, stated)


def _read_mxfp4(quantization: dict[str, Any]) -> Quantization:
    """Experts alone are quantised (gpt-oss)."""
    left_out = by_path(names_under(quantization, *LEFT_OUT))
    scheme = unserved("mxfp4", "quant_method is 'mxfp4'")
    return Quantization(((left_out, UNQUANTISED), (by_path(["experts"]), scheme)))


def _read_other(quantization: dict[str, Any]) -> Quantization:
    scheme = _weights_only(quantization["quant_method"], quantization)
    dynamic = quantization.get("dynamic")
    keys = [str(key) for key in dynamic] if isinstance(dynamic, dict) else []
    pattern = any_of(key.removeprefix(GPTQ_LEAVES_OUT) for key in keys if key.startswith(GPTQ_LEAVES_OUT))
    rules = [(by_path(names_under(quantization, *LEFT_OUT)), UNQUANTISED)]
    if pattern is not None:
        rules.append((lambda name: pattern.match(name) is not None, UNQUANTISED))
    return Quantization(tuple(rules), scheme, head=scheme if quantization.get("lm_head") is True else UNQUANTISED)


READERS: dict[str, Callable[[dict[str, Any]], Quantization]] = {
    "fp8": read_fp8,
    "compressed-tensors": read_compressed_tensors,
    "mxfp4": _read_mxfp4,
}
# Files without quant_method, by a key that one format alone has.
KEY_OF_METHOD = {
    "quant_algo": "modelopt",
    "quantization": "modelopt",
    "config_groups": "compressed-tensors",
    "weight_block_size": "fp8",
}


def _method(quantization: dict[str, Any]) -> str:
    method = quantization.get("quant_method")
    if method is None:
        method = next((method for key, method in KEY_OF_METHOD.items() if key in quantization), None)
    if not isinstance(method, str) or not method:
        raise PlanError(f"config: quantization_config.quant_method is {shown(method)}, allowed is the name of a method")
    return method.lower()


def read_quantization(quantization: Any) -> Quantization:
    """What a quantization_config says of every layer. None: nothing is quantised.

    Raises PlanError for what is no quantization_config. A scheme that the library has no kernel for is read all the
    same, and says so.
    """
    if quantization is None:
        return Quantization()
    if not isinstance(quantization, dict):
        raise PlanError(f"config: quantization_config is {shown(quantization)}, allowed is an object")
    method = _method(quantization)
    if method.startswith("modelopt"):
        return read_modelopt(quantization)
    return READERS.get(method, _read_other)(quantization | {"quant_method": method})

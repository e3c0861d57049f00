"""How the weights of a model's layers are stored, read from the quantization_config of its config.json."""

from .read import read_quantization
from .scheme import FP8_BLOCK, UNQUANTISED, Quantization, Scheme

__all__ = ["FP8_BLOCK", "UNQUANTISED", "Quantization", "Scheme", "read_quantization"]

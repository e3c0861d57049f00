"""What DeepGEMM's own tests round scales with, of PyTorch's operations, on any device."""

from typing import Any


def ceil_to_ue8m0(x: Any) -> Any:
    """FP32: the least power of two that is not under |x|, from 2^-126 to 2^127."""
    import torch

    mantissa, exponent = torch.frexp(x.abs().float())  # mantissa in [0.5, 1)
    power = (exponent - (mantissa == 0.5).int()).clamp(-126, 127)
    return torch.ldexp(torch.ones_like(mantissa), power)

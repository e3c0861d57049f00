"""Casts that DeepGEMM's own tests make their references with, of PyTorch's operations, on any device."""

from typing import Any

FP4_VALUES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)  # E2M1 by its three lower bits; the fourth is the sign
FP8_MAX = 448.0
LEAST_AMAX = 1e-4


def ceil_to_ue8m0(x: Any) -> Any:
    """FP32: the least power of two that is not under |x|, from 2^-126 to 2^127."""
    import torch

    mantissa, exponent = torch.frexp(x.abs().float())  # mantissa in [0.5, 1)
    power = (exponent - (mantissa == 0.5).int()).clamp(-126, 127)
    return torch.ldexp(torch.ones_like(mantissa), power)


def per_custom_dims_cast_to_fp8(x: Any, dims: tuple[int, ...], use_ue8m0: bool) -> tuple[Any, Any]:
    """(q, sf) with one scale for each index of `dims`, over all the other dimensions.

    sf = max(amax(|x|), 1e-4) / 448, raised to a power of two if use_ue8m0; q = x * (1 / sf), FP8 E4M3 of x's shape; sf
    FP32 without dimensions of one element.
    """
    import torch

    others = tuple(dim for dim in range(x.dim()) if dim not in dims)
    sf = x.abs().float().amax(others, keepdim=True).clamp(LEAST_AMAX) / FP8_MAX
    if use_ue8m0:
        sf = ceil_to_ue8m0(sf)
    return (x.float() * sf.reciprocal()).to(torch.float8_e4m3fn), sf.squeeze()


def _codes_of(packed: Any) -> Any:
    """One FP4 code an element, [..., 2 n] of [..., n] bytes: the lower four bits come first."""
    import torch

    as_bytes = packed.view(torch.uint8)
    return torch.stack([as_bytes & 15, as_bytes >> 4], -1).flatten(-2)


def cast_back_from_fp4(packed: Any, sf: Any, gran_k: int = 128, use_packed_ue8m0: bool = False) -> Any:
    """FP32 [m, n] of packed FP4 [m, n / 2] and scales [m, ceil(n / gran_k)]: value times scale.

    use_packed_ue8m0: the scales are exponents, four in each int32.
    """
    import torch

    if use_packed_ue8m0:
        sf = (sf.view(torch.uint8).int() << 23).view(torch.float32)
    codes = _codes_of(packed).int()
    values = torch.tensor(FP4_VALUES, device=packed.device)[codes & 7]
    signed = torch.where((codes & 8 != 0) & (values != 0), -values, values)
    return signed * sf.repeat_interleave(gran_k, 1)[:, : codes.shape[1]]


def transpose_packed_fp4(a: Any) -> Any:
    """Packed FP4 [n, m / 2] of packed FP4 [m, n / 2], int8; m is even."""
    import torch

    pairs = _codes_of(a).T.contiguous().unflatten(1, (-1, 2))
    return (pairs[..., 0] | pairs[..., 1] << 4).view(torch.int8)

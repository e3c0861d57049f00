"""The casts in PyTorch operations, written from their definitions."""

import torch

FP4_BOUNDS = torch.tensor([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0])  # between neighbouring magnitudes


def next_power_of_two(scale):
    """scale itself where it is one. Finite, normal scales."""
    fraction, exponent = torch.frexp(scale)
    return torch.ldexp(torch.ones_like(scale), exponent - (fraction == 0.5).int())


def scales_of(blocks, dims, largest, use_ue8m0):
    sf = blocks.abs().float().amax(dims, keepdim=True).clamp(1e-4) / largest
    return next_power_of_two(sf) if use_ue8m0 else sf


def _blocks(x, rows, columns):
    """[m / rows, rows, k / columns, columns], filled up with zeros."""
    m, k = x.shape
    padded = torch.zeros(-(-m // rows) * rows, -(-k // columns) * columns)
    padded[:m, :k] = x.float()
    return padded.view(len(padded) // rows, rows, -1, columns)


def _scaled(x, rows, columns, largest, use_ue8m0):
    blocks = _blocks(x, rows, columns)
    sf = scales_of(blocks, (1, 3), largest, use_ue8m0)
    scaled = (blocks * (1.0 / sf)).view(-1, blocks.shape[2] * columns)[: x.shape[0], : x.shape[1]]
    return scaled, sf[:, 0, :, 0]


def cast_to_fp8(x, rows, columns, use_ue8m0):
    """(q, sf) with a scale for each rows x columns of x [m, k]."""
    scaled, sf = _scaled(x, rows, columns, 448.0, use_ue8m0)
    return scaled.to(torch.float8_e4m3fn), sf


def cast_to_fp4(x, columns, use_ue8m0):
    """(q int8, sf) with a scale for each row and `columns` columns."""
    scaled, sf = _scaled(x, 1, columns, 6.0, use_ue8m0)
    code = torch.bucketize(scaled.abs(), FP4_BOUNDS)
    code = code + ((scaled < 0) & (code != 0)) * 8
    return (code[:, ::2] + code[:, 1::2] * 16).to(torch.uint8).view(torch.int8), sf


def pack_exponents(sf, pad):
    """int32 [m, ceil(k / 4)] of powers of two [m, k]; `pad` fills the last word."""
    exponents = sf.contiguous().view(torch.int32) >> 23 & 0xFF
    filled = torch.full((len(sf), -(-sf.shape[1] // 4) * 4), pad, dtype=torch.int32)
    filled[:, : sf.shape[1]] = exponents
    return filled.to(torch.uint8).reshape(-1).view(torch.int32).view(len(sf), filled.shape[1] // 4)

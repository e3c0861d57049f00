"""Layers whose parameters have the names of Hugging Face's FP8 checkpoints."""

import torch
from torch import nn

from ..arrays.sizes import ceil_div
from .experts import fp8_experts
from .linear import fp8_linear
from .shapes import BF16, BLOCK, FP8, FP32


def _frozen(*shape: int, dtype: torch.dtype, device: torch.device | str | None) -> nn.Parameter:
    return nn.Parameter(torch.empty(shape, dtype=dtype, device=device), requires_grad=False)


def _weight_and_scales(*shape: int, device: torch.device | str | None) -> tuple[nn.Parameter, nn.Parameter]:
    grid = (*shape[:-2], *(ceil_div(size, BLOCK) for size in shape[-2:]))
    return _frozen(*shape, dtype=FP8, device=device), _frozen(*grid, dtype=FP32, device=device)


class FP8Linear(nn.Module):
    """fp8_linear with parameters weight, weight_scale_inv and, if asked for, bias; they are frozen, the bias learns."""

    def __init__(
        self, in_features: int, out_features: int, bias: bool = False, device: torch.device | str | None = None
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight, self.weight_scale_inv = _weight_and_scales(out_features, in_features, device=device)
        self.bias = nn.Parameter(torch.empty(out_features, dtype=BF16, device=device)) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """BF16 [..., in_features] to BF16 [..., out_features]."""
        return fp8_linear(x, self.weight, self.weight_scale_inv, self.bias)


class FP8Experts(nn.Module):
    """fp8_experts with parameters gate_up_proj, down_proj and the scales of both, all frozen."""

    def __init__(
        self,
        num_experts: int,
        hidden_size: int,
        intermediate_size: int,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        self.num_experts = num_experts
        shape = num_experts, 2 * intermediate_size, hidden_size
        self.gate_up_proj, self.gate_up_proj_scale_inv = _weight_and_scales(*shape, device=device)
        shape = num_experts, hidden_size, intermediate_size
        self.down_proj, self.down_proj_scale_inv = _weight_and_scales(*shape, device=device)

    def forward(
        self, hidden_states: torch.Tensor, top_k_index: torch.Tensor, top_k_weights: torch.Tensor
    ) -> torch.Tensor:
        """As fp8_experts."""
        weights = self.gate_up_proj, self.gate_up_proj_scale_inv, self.down_proj, self.down_proj_scale_inv
        return fp8_experts(hidden_states, top_k_index, top_k_weights, *weights)

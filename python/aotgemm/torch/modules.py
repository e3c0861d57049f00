"""Layers whose parameters have the names of Hugging Face's FP8 checkpoints."""

from typing import Literal

import torch
from torch import nn

from ..arrays.sizes import ceil_div
from ..errors import DtypeError
from .experts import fp8_experts
from .fp4_weights import empty_words
from .linear import fp8_linear
from .shapes import BF16, BLOCK, FP8, FP32

Elements = Literal["fp8", "fp4"]
Device = torch.device | str | None


def _empty(*shape: int, elements: Elements, device: Device) -> tuple[torch.Tensor, torch.Tensor]:
    if elements == "fp4":
        return empty_words(*shape, device=device)
    grid = (*shape[:-2], *(ceil_div(size, BLOCK) for size in shape[-2:]))
    return torch.empty(shape, dtype=FP8, device=device), torch.empty(grid, dtype=FP32, device=device)


def _weight_and_scales(*shape: int, elements: Elements, device: Device) -> list[nn.Parameter]:
    if elements not in ("fp8", "fp4"):
        raise DtypeError(f"elements: is {elements!r}, allowed is 'fp8' or 'fp4'")
    return [nn.Parameter(each, requires_grad=False) for each in _empty(*shape, elements=elements, device=device)]


class FP8Linear(nn.Module):
    """fp8_linear with parameters weight, weight_scale_inv and, if asked for, bias; they are frozen, the bias learns.

    elements: "fp4" for words and scales of aotgemm.prepack_fp4_weights instead of FP8 in blocks.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = False,
        device: Device = None,
        *,
        elements: Elements = "fp8",
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight, self.weight_scale_inv = _weight_and_scales(
            out_features, in_features, elements=elements, device=device
        )
        self.bias = nn.Parameter(torch.empty(out_features, dtype=BF16, device=device)) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """BF16 [..., in_features] to BF16 [..., out_features]."""
        return fp8_linear(x, self.weight, self.weight_scale_inv, self.bias)


class FP8Experts(nn.Module):
    """fp8_experts with parameters gate_up_proj, down_proj and the scales of both, all frozen.

    elements: "fp4" for words and scales of aotgemm.prepack_fp4_weights instead of FP8 in blocks.
    """

    def __init__(
        self,
        num_experts: int,
        hidden_size: int,
        intermediate_size: int,
        device: Device = None,
        *,
        elements: Elements = "fp8",
    ) -> None:
        super().__init__()
        self.num_experts = num_experts
        options = {"elements": elements, "device": device}
        shape = num_experts, 2 * intermediate_size, hidden_size
        self.gate_up_proj, self.gate_up_proj_scale_inv = _weight_and_scales(*shape, **options)
        shape = num_experts, hidden_size, intermediate_size
        self.down_proj, self.down_proj_scale_inv = _weight_and_scales(*shape, **options)

    def forward(
        self, hidden_states: torch.Tensor, top_k_index: torch.Tensor, top_k_weights: torch.Tensor
    ) -> torch.Tensor:
        """As fp8_experts."""
        weights = self.gate_up_proj, self.gate_up_proj_scale_inv, self.down_proj, self.down_proj_scale_inv
        return fp8_experts(hidden_states, top_k_index, top_k_weights, *weights)

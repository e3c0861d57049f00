"""A mixture-of-experts layer on block-scaled FP8 weights."""

import torch
import torch.nn.functional as F

from .grouped import fp8_grouped_linear
from .shapes import BF16, FP32, check_memory


def silu_and_multiply(gate_up: torch.Tensor) -> torch.Tensor:
    """BF16 silu(gate) * up in FP32, rounded once, of BF16 [M, 2 I]: gate's columns first."""
    gate, up = gate_up.to(FP32).chunk(2, dim=-1)
    return (F.silu(gate) * up).to(BF16)


def sorted_by_expert(top_k_index: torch.Tensor, experts: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(order, offsets): the slots of all tokens by expert, in the order of tokens, and where each expert's end.

    Slots of experts that are not here, from `experts` on, come last and belong to no group.
    """
    flat = top_k_index.reshape(-1)
    ids, order = torch.sort(flat, stable=True)
    ends = torch.searchsorted(ids, torch.arange(experts, dtype=ids.dtype, device=ids.device), right=True)
    return order, ends.to(torch.int32)


def summed_by_slot(slots: torch.Tensor, top_k_weights: torch.Tensor) -> torch.Tensor:
    """The weighted sum of [T, slots, H] over a token's slots: FP32, in the order of slots, rounded once to BF16."""
    total = torch.zeros(slots.shape[0], slots.shape[2], dtype=FP32, device=slots.device)
    for slot in range(slots.shape[1]):
        total = total + slots[:, slot].to(FP32) * top_k_weights[:, slot].to(FP32).unsqueeze(1)
    return total.to(BF16)


def fp8_experts(
    hidden_states: torch.Tensor,
    top_k_index: torch.Tensor,
    top_k_weights: torch.Tensor,
    gate_up_proj: torch.Tensor,
    gate_up_proj_scale_inv: torch.Tensor | None,
    down_proj: torch.Tensor,
    down_proj_scale_inv: torch.Tensor | None,
) -> torch.Tensor:
    """For each token the sum over its slots of weight * down_e(silu(gate_e(x)) * up_e(x)), e being the slot's expert.

    hidden_states: BF16 [T, H].
    top_k_index: integers [T, slots]; an expert from E on gives zeros.
    top_k_weights: [T, slots], any floating type.
    gate_up_proj: FP8 E4M3 [E, 2 I, H], gate's rows first; down_proj: FP8 E4M3 [E, H, I]; their scales FP32, one per
        128 x 128 block. Or weights in BF16 or FP32 without scales, None, quantised in each call. Or FP4 in words, as in
        fp8_grouped_linear.
    Returns BF16 [T, H].

    Gradients: of hidden_states, of top_k_weights and of weights without scales, as in fp8_grouped_linear. A token's
    result and gradients depend on that token alone, an expert's gradient on its tokens and their order alone. Raises
    what fp8_grouped_linear raises.
    """
    check_memory(hidden_states=hidden_states, top_k_index=top_k_index, top_k_weights=top_k_weights)
    slots = top_k_index.shape[1]
    order, offsets = sorted_by_expert(top_k_index, gate_up_proj.shape[0])
    rows = torch.stack([hidden_states] * slots, dim=1).flatten(0, 1)[order]
    inner = silu_and_multiply(fp8_grouped_linear(rows, gate_up_proj, gate_up_proj_scale_inv, offsets))
    outer = fp8_grouped_linear(inner, down_proj, down_proj_scale_inv, offsets)
    inverse = torch.empty_like(order).scatter_(0, order, torch.arange(order.shape[0], device=order.device))
    return summed_by_slot(outer[inverse].view(-1, slots, outer.shape[1]), top_k_weights)

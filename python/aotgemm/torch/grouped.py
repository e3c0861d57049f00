"""Linear layers of several experts on rows sorted by expert, with gradients."""

from typing import Any

import torch

from ..arrays.sizes import ceil_div
from ..ops.bf16_grouped import m_grouped_bf16_gemm_nn_contiguous
from ..ops.fp8_grouped import m_grouped_fp8_gemm_nt_contiguous
from .casts import by_token, quantize_weight
from .fp4_weights import check_frozen, columns_of, in_fp8, operand
from .grouped_weights import weight_gradient
from .linear import dequantized
from .places import psum_places, room_for
from .registration import register
from .shapes import BF16, BLOCK, FP8, INT32, check_dtype, check_scales, check_sizes


def _spread(rows: torch.Tensor, place: torch.Tensor, room: int) -> torch.Tensor:
    """A matrix with rows at their places; what lies between them is not initialised."""
    out = torch.empty(room, *rows.shape[1:], dtype=rows.dtype, device=rows.device)
    to, source = (out.view(torch.uint8), rows.view(torch.uint8)) if rows.dtype == FP8 else (out, rows)
    to[place] = source  # as bytes: PyTorch indexes no FP8
    return out


def _gathered(d: torch.Tensor, place: torch.Tensor, live: torch.Tensor) -> torch.Tensor:
    return torch.where(live.unsqueeze(1), d[place], torch.zeros((), dtype=d.dtype, device=d.device))


def _product(
    q: torch.Tensor, sf: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor, offsets: torch.Tensor
) -> torch.Tensor:
    room = room_for(q.shape[0], offsets.shape[0])
    place, ends, live = psum_places(offsets, q.shape[0])
    d = torch.empty(room, weight.shape[1], dtype=BF16, device=q.device)
    a = _spread(q, place, room), _spread(sf, place, room)
    m_grouped_fp8_gemm_nt_contiguous(a, operand(weight, scales), d, ends, use_psum_layout=True)
    return _gathered(d, place, live)


def _forward(x: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
    return _product(*by_token(x), weight, scales, offsets)


def _input_gradient(
    gradient: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor, offsets: torch.Tensor
) -> torch.Tensor:
    room = room_for(gradient.shape[0], offsets.shape[0])
    place, ends, live = psum_places(offsets, gradient.shape[0])
    d = torch.empty(room, columns_of(weight), dtype=BF16, device=gradient.device)
    rows = _spread(gradient, place, room)
    m_grouped_bf16_gemm_nn_contiguous(rows, dequantized(weight, scales), d, ends, use_psum_layout=True)
    return _gathered(d, place, live)


def _check_operands(rows: tuple[str, torch.Tensor, str], weight: torch.Tensor, scales: torch.Tensor, ends: Any) -> None:
    """rows: name, matrix and the letters of its dimensions."""
    name, matrix, letters = rows
    check_frozen("weight", weight, scales, 3)
    check_dtype("offsets", ends, INT32)
    check_sizes(**{name: (matrix, letters), "weight": (in_fp8(weight), "enk"), "offsets": (ends, "e")})


def _check(name: str, letters: str) -> Any:
    def check(rows: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor, offsets: torch.Tensor) -> None:
        check_dtype(name, rows, BF16)
        _check_operands((name, rows, letters), weight, scales, offsets)

    return check


def _fake(columns: int) -> Any:
    def fake(rows: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
        return rows.new_empty((rows.shape[0], in_fp8(weight).shape[columns]))

    return fake


def _check_product(
    q: torch.Tensor, sf: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor, offsets: torch.Tensor
) -> None:
    check_dtype("x", q, FP8)
    _check_operands(("x", q, "mk"), weight, scales, offsets)
    check_scales("sfx", sf, (q.shape[0], ceil_div(q.shape[1], BLOCK)))


def _fake_product(
    q: torch.Tensor, sf: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor, offsets: torch.Tensor
) -> torch.Tensor:
    return q.new_empty((q.shape[0], weight.shape[1]), dtype=BF16)


TENSORS = "Tensor weight, Tensor weight_scale_inv, Tensor offsets) -> Tensor"
register(f"fp8_grouped_product(Tensor q, Tensor sf, {TENSORS}", _product, _fake_product, _check_product)
register(f"fp8_grouped_linear(Tensor x, {TENSORS}", _forward, _fake(1), _check("x", "mk"))
register(
    f"fp8_grouped_linear_input_gradient(Tensor gradient, {TENSORS}",
    *(_input_gradient, _fake(2), _check("gradient", "mn")),
)
product = torch.ops.aotgemm.fp8_grouped_product.default
forward = torch.ops.aotgemm.fp8_grouped_linear.default
input_gradient = torch.ops.aotgemm.fp8_grouped_linear_input_gradient.default


class _Frozen(torch.autograd.Function):
    """FP8 weights that do not train."""

    @staticmethod
    def forward(ctx, x, weight, scales, offsets):
        ctx.save_for_backward(weight, scales, offsets)
        return forward(x, weight, scales, offsets)

    @staticmethod
    def backward(ctx, gradient):
        return input_gradient(gradient.contiguous(), *ctx.saved_tensors), None, None, None


class _Trained(torch.autograd.Function):
    """Weights of a wider type, quantised for each call."""

    @staticmethod
    def forward(ctx, x, weight, offsets):
        q, scales = quantize_weight(weight)
        ctx.save_for_backward(x, q, scales, offsets)
        ctx.dtype = weight.dtype
        return forward(x, q, scales, offsets)

    @staticmethod
    def backward(ctx, gradient):
        x, q, scales, offsets = ctx.saved_tensors
        gradient = gradient.contiguous()
        of_x = input_gradient(gradient, q, scales, offsets) if ctx.needs_input_grad[0] else None
        of_weight = weight_gradient(gradient, x, offsets).to(ctx.dtype) if ctx.needs_input_grad[1] else None
        return of_x, of_weight, None


def fp8_grouped_linear(
    x: torch.Tensor | tuple[torch.Tensor, torch.Tensor],
    weight: torch.Tensor,
    weight_scale_inv: torch.Tensor | None,
    offsets: torch.Tensor,
) -> torch.Tensor:
    """x[i] @ weight[e]^T for each row i, e being its expert, through aotgemm.m_grouped_fp8_gemm_nt_contiguous.

    x: BF16 [M, K], the rows of expert 0 first, then those of 1, and so on, without gaps; quantised by row and 128
        columns. Or what aotgemm.per_token_cast_to_fp8 made of that, without a gradient.
    weight: FP8 E4M3 [E, N, K] with weight_scale_inv FP32 [E, ceil(N / 128), ceil(K / 128)]; or, with None, BF16 or FP32
        [E, N, K], quantised by block in each call; or, on Hopper and the CPU, FP4: words and scales of
        aotgemm.prepack_fp4_weights, int32 [E, N, K / 8] and [E, N, K / 128].
    offsets: int32 [E] on x's device, where the rows of each expert end.
    Returns BF16 [M, N]; rows behind the last end are zeros.

    Gradients: of x, as in fp8_linear; of a weight without weight_scale_inv, by aotgemm.k_grouped_fp8_gemm_nt_contiguous
    on both factors quantised by 128 tokens, which reads the ends on the host and so waits for the device; nothing else
    does. A row's result and gradient do not depend on the other rows, an expert's gradient not on the other experts'.
    Raises what these calls raise.
    """
    if isinstance(x, tuple):
        pair = (weight, weight_scale_inv) if weight_scale_inv is not None else quantize_weight(weight)
        return (product if torch.compiler.is_compiling() else _product)(*x, *pair, offsets)
    if weight_scale_inv is None:
        learns = torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad)
        return _Trained.apply(x, weight, offsets) if learns else forward(x, *quantize_weight(weight), offsets)
    if torch.is_grad_enabled() and x.requires_grad:
        return _Frozen.apply(x, weight, weight_scale_inv, offsets)
    if torch.compiler.is_compiling():
        return forward(x, weight, weight_scale_inv, offsets)
    return _forward(x, weight, weight_scale_inv, offsets)

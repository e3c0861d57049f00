"""A linear layer on block-scaled FP8 weights, with gradients."""

import torch

from ..arrays.sizes import align
from ..errors import ShapeError
from ..ops.bf16_gemm import bf16_gemm_nn
from ..ops.fp8_gemm import fp8_gemm_nt
from .casts import by_token, quantize_weight, times_scales
from .fp4_weights import check_frozen, columns_of, decoded, in_fp8, is_words, operand
from .registration import register
from .shapes import BF16, BLOCK, FP32, as_rows, check_dtype, check_memory, check_ndim, check_rows, check_sizes

K_STEP = 16  # columns of FP8 operands come in multiples of it


def dequantized(weight: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    """BF16 [..., N, K]: each element times its block's scale in FP32, rounded once."""
    if is_words(weight):
        q, of_row = decoded(weight, scales)
        return (q.to(FP32).unflatten(-1, (-1, BLOCK)) * of_row.unsqueeze(-1)).flatten(-2).to(BF16)
    return times_scales(weight, scales).to(BF16)


def _forward(x: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    rows = as_rows(x)
    d = torch.empty(rows.shape[0], weight.shape[0], dtype=BF16, device=x.device)
    fp8_gemm_nt(by_token(rows), operand(weight, scales), d)
    return d.view(*x.shape[:-1], weight.shape[0])


def _check_columns(name: str, rows: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor, dim: int) -> None:
    """Rows of BF16 with as many columns as the weight's dimension has elements."""
    check_dtype(name, rows, BF16)
    check_rows(name, rows)
    check_frozen("weight", weight, scales, 2)
    columns = in_fp8(weight).shape[dim]
    if rows.shape[-1] != columns:
        raise ShapeError(f"{name}: {'NK'[dim]} is {rows.shape[-1]}, must be {columns}")


def _check_forward(x: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor) -> None:
    _check_columns("x", x, weight, scales, 1)


def _fake_forward(x: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    return x.new_empty((*x.shape[:-1], weight.shape[0]))


def _input_gradient(gradient: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    rows = as_rows(gradient).contiguous()
    columns = columns_of(weight)
    d = torch.empty(rows.shape[0], columns, dtype=BF16, device=gradient.device)
    bf16_gemm_nn(rows, dequantized(weight, scales), d)
    return d.view(*gradient.shape[:-1], columns)


def _check_input_gradient(gradient: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor) -> None:
    _check_columns("gradient", gradient, weight, scales, 0)


def _fake_input_gradient(gradient: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    return gradient.new_empty((*gradient.shape[:-1], columns_of(weight)))


def _by_column(rows: torch.Tensor, padded: int) -> tuple[torch.Tensor, torch.Tensor]:
    """FP8 [columns, tokens] with one scale per column and 128 tokens; tokens that are not there are zeros."""
    columns = rows.new_zeros(rows.shape[1], padded)
    columns[:, : rows.shape[0]] = rows.T
    return by_token(columns)


def _weight_gradient(gradient: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    gradient, x = as_rows(gradient), as_rows(x)
    padded = align(x.shape[0], K_STEP)
    d = torch.empty(gradient.shape[1], x.shape[1], dtype=FP32, device=x.device)
    fp8_gemm_nt(_by_column(gradient, padded), _by_column(x, padded), d, recipe=(1, 1, BLOCK))
    return d


def _check_weight_gradient(gradient: torch.Tensor, x: torch.Tensor) -> None:
    for name, each in (("gradient", gradient), ("x", x)):
        check_dtype(name, each, BF16)
        check_rows(name, each)
    if gradient.shape[:-1] != x.shape[:-1]:
        raise ShapeError(f"x: has {list(x.shape[:-1])} tokens, must have {list(gradient.shape[:-1])} as gradient")


def _fake_weight_gradient(gradient: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return gradient.new_empty((gradient.shape[-1], x.shape[-1]), dtype=FP32)


register(
    "fp8_linear(Tensor x, Tensor weight, Tensor weight_scale_inv) -> Tensor",
    *(_forward, _fake_forward, _check_forward),
)
register(
    "fp8_linear_input_gradient(Tensor gradient, Tensor weight, Tensor weight_scale_inv) -> Tensor",
    *(_input_gradient, _fake_input_gradient, _check_input_gradient),
)
register(
    "fp8_linear_weight_gradient(Tensor gradient, Tensor x) -> Tensor",
    *(_weight_gradient, _fake_weight_gradient, _check_weight_gradient),
)
forward = torch.ops.aotgemm.fp8_linear.default
input_gradient = torch.ops.aotgemm.fp8_linear_input_gradient.default
weight_gradient = torch.ops.aotgemm.fp8_linear_weight_gradient.default


class _Frozen(torch.autograd.Function):
    """FP8 weights that do not train."""

    @staticmethod
    def forward(ctx, x, weight, scales):
        ctx.save_for_backward(weight, scales)
        return forward(x, weight, scales)

    @staticmethod
    def backward(ctx, gradient):
        return input_gradient(gradient, *ctx.saved_tensors), None, None


class _Trained(torch.autograd.Function):
    """Weights of a wider type, quantised for each call."""

    @staticmethod
    def forward(ctx, x, weight):
        q, scales = quantize_weight(weight)
        ctx.save_for_backward(x, q, scales)
        ctx.dtype = weight.dtype
        return forward(x, q, scales)

    @staticmethod
    def backward(ctx, gradient):
        x, q, scales = ctx.saved_tensors
        of_x = input_gradient(gradient, q, scales) if ctx.needs_input_grad[0] else None
        of_weight = weight_gradient(gradient, x).to(ctx.dtype) if ctx.needs_input_grad[1] else None
        return of_x, of_weight


def _product(x: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor | None) -> torch.Tensor:
    learns = torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad)
    if scales is None:
        return _Trained.apply(x, weight) if learns else forward(x, *quantize_weight(weight))
    if learns:
        return _Frozen.apply(x, weight, scales)
    if torch.compiler.is_compiling() or type(x) is not torch.Tensor:  # a DTensor, say: the dispatcher knows what to do
        return forward(x, weight, scales)
    return _forward(x, weight, scales)


def fp8_linear(
    x: torch.Tensor,
    weight: torch.Tensor,
    weight_scale_inv: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """x @ weight^T + bias through aotgemm.fp8_gemm_nt: x quantised by row and 128 columns.

    x: BF16 [..., K].
    weight: FP8 E4M3 [N, K] with weight_scale_inv FP32 [ceil(N / 128), ceil(K / 128)], by which its blocks are
        multiplied; or, without weight_scale_inv, BF16 or FP32 [N, K], quantised by block in each call; or, on Hopper
        and the CPU, FP4: words and scales of aotgemm.prepack_fp4_weights, int32 [N, K / 8] and [N, K / 128].
    bias: None or BF16 [N], added in BF16.
    Returns BF16 [..., N]. N is a multiple of 8, K of 16.

    Gradients: of x, by aotgemm.bf16_gemm_nn on the dequantised weight; of the bias; of a weight without
    weight_scale_inv, by aotgemm.fp8_gemm_nt with recipe (1, 1, 128) on both factors quantised by 128 tokens. A row's
    result and gradient do not depend on the other rows. FP8 and FP4 weights are frozen.
    Raises what aotgemm.fp8_gemm_nt raises.
    """
    check_ndim("weight", weight, 2)
    check_rows("x", x)
    if bias is None:
        return _product(x, weight, weight_scale_inv)
    check_dtype("bias", bias, BF16)
    check_sizes(weight=(weight, "nk"), bias=(bias, "n"))
    check_memory(bias=bias)
    return _product(x, weight, weight_scale_inv) + bias

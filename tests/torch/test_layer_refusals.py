"""Operators of layers refuse operands that do not fit, in the same words when a graph is made and when it runs."""

import aotgemm
import aotgemm.torch
import pytest
import torch
from layer_weights import bf16, blocks, stacked
from operator_operands import operator_operands
from torch._subclasses.fake_tensor import FakeTensorMode

M, N, K, E = 8, 144, 272, 3
X, G, ENDS = bf16(1, M, K), bf16(2, M, N), torch.tensor([2, 2, 8], dtype=torch.int32)
PAIR, EXPERTS = blocks(3, N, K), stacked(4, E, N, K)
CAST = aotgemm.per_token_cast_to_fp8(X, False)
SHAPE, DTYPE = aotgemm.ShapeError, aotgemm.DtypeError

REFUSED = [
    ("fp8_linear", (X[0, 0], *PAIR), SHAPE, "x: has 0 dimensions, allowed is at least 1"),
    ("fp8_linear", (X[:, :128], *PAIR), SHAPE, "x: K is 128, must be 272"),
    ("fp8_linear", (X.float(), *PAIR), DTYPE, "x: dtype is float32, allowed is bfloat16"),
    ("fp8_linear_input_gradient", (G[:, :128], *PAIR), SHAPE, "gradient: N is 128, must be 144"),
    ("fp8_linear_input_gradient", (G, PAIR[0], PAIR[1][:1]), SHAPE, r"weight_scale_inv: shape is \[1, 3\]"),
    ("fp8_linear_weight_gradient", (G[:1], X), SHAPE, r"x: has \[8\] tokens, must have \[1\] as gradient"),
    ("fp8_linear_weight_gradient", (G, X.to(torch.uint8)), DTYPE, "x: dtype is uint8, allowed is bfloat16"),
    ("fp8_quantize_weight", (X[0],), SHAPE, "weight: has 1 dimensions, allowed is at least 2"),
    ("fp8_grouped_linear", (X, *EXPERTS, ENDS[:2]), SHAPE, "offsets: E is 2, must be 3"),
    ("fp8_grouped_linear", (X, *EXPERTS, ENDS.long()), DTYPE, "offsets: dtype is int64, allowed is int32"),
    ("fp8_grouped_product", (CAST[0], CAST[1][:1], *EXPERTS, ENDS), SHAPE, r"sfx: shape is \[1, 3\], must be \[8, 3\]"),
    ("fp8_grouped_linear_input_gradient", (X, *EXPERTS, ENDS), SHAPE, "weight: N is 144, must be 272"),
    ("fp8_grouped_linear_weight_gradient", (G[:1], X, ENDS), SHAPE, "x: M is 8, must be 1"),
    ("fp8_grouped_linear_weight_gradient", (G.float(), X, ENDS), DTYPE, "gradient: dtype is float32"),
    ("fp8_grouped_linear_weight_gradient", (G, X, ENDS.long()), DTYPE, "offsets: dtype is int64, allowed is int32"),
]


@pytest.mark.parametrize(
    "name, args, error, message", REFUSED, ids=[f"{i}-{each[0]}" for i, each in enumerate(REFUSED)]
)
def test_operands_that_do_not_fit(name, args, error, message):
    operator = getattr(torch.ops.aotgemm, name).default
    with pytest.raises(error, match=f"^{message}") as real:
        operator(*args)
    with FakeTensorMode() as mode, pytest.raises(error) as traced:
        operator(*map(mode.from_tensor, args))
    assert str(traced.value) == str(real.value)


OPERANDS = {
    "fp8_linear": 3,
    "fp8_linear_input_gradient": 3,
    "fp8_linear_weight_gradient": 2,
    "fp8_quantize_weight": 1,
    "fp8_grouped_linear": 4,
    "fp8_grouped_product": 5,
    "fp8_grouped_linear_weight_gradient": 3,
}


@pytest.mark.parametrize("name, place", [(name, place) for name, count in OPERANDS.items() for place in range(count)])
def test_freed_tensors_are_refused(name, place):
    given = operator_operands(name)
    assert len(given) == OPERANDS[name]
    given[place].untyped_storage().resize_(0)
    with pytest.raises(aotgemm.LayoutError):
        getattr(torch.ops.aotgemm, name)(*given)


@pytest.mark.parametrize("recipe", [(0, 128), (1, 0), (-1, 128)], ids=str)
def test_a_scale_for_nothing_is_refused(recipe):
    with pytest.raises(SHAPE, match="^recipe: is .*, allowed are numbers from 1 on$"):
        aotgemm.transform_sf_into_required_layout(torch.rand(7, 3), 7, 300, recipe)


def test_scales_of_an_unknown_architecture_are_refused():
    with pytest.raises(aotgemm.KernelMissingError, match="^arch: is 'sm_80', allowed is sm_90a or sm_100a$"):
        aotgemm.transform_sf_into_required_layout(torch.rand(7, 3), 7, 300, (1, 128), arch="sm_80")


def test_no_columns_are_no_error():
    nothing = bf16(1, 4, 0)
    assert torch.ops.aotgemm.fp8_linear_weight_gradient(nothing, bf16(1, 4, 16)).shape == (0, 16)
    q, scales = torch.ops.aotgemm.fp8_quantize_weight(nothing)
    assert (q.shape, scales.shape) == ((4, 0), (1, 0))


@pytest.mark.parametrize("gran_k", [-1, 0, 64])
@pytest.mark.parametrize("name", ["per_token_cast_to_fp8", "per_block_cast_to_fp8", "per_channel_cast_to_fp8"])
def test_casts_refuse_a_granularity_when_a_graph_is_made(name, gran_k):
    with FakeTensorMode() as mode, pytest.raises(SHAPE, match=f"^gran_k: is {gran_k}, allowed is 32 or 128$"):
        getattr(torch.ops.aotgemm, name)(mode.from_tensor(X), False, gran_k)


def test_a_layer_refuses_a_number():
    with pytest.raises(SHAPE, match="^x: has 0 dimensions, allowed is at least 1$"):
        aotgemm.torch.fp8_linear(torch.tensor(1.0).bfloat16(), *PAIR)

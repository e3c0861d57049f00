"""Casts and conversions as operators, whatever they are asked for: bits and strides of the functions, in graphs too."""

import aotgemm
import aotgemm.torch
import numpy as np
import pytest
import torch
from aotgemm.torch.operators import RETURNING
from layer_weights import bf16
from torch._subclasses.fake_tensor import FakeTensorMode
from torch_tensors import bits

TESTS = ("test_autograd_registration", "test_faketensor", "test_aot_dispatch_dynamic")
INT32 = torch.int32


def powers(*shape):
    return torch.exp2(torch.randint(-9, 9, shape, generator=torch.Generator().manual_seed(3)).float())


def packed_fp4(m=6, k=160):
    return aotgemm.per_token_cast_to_fp4(bf16(4, m, k), True, 32)


def aligned(*shape):
    return aotgemm.get_mn_major_tma_aligned_tensor(torch.rand(shape))


def words(*shape):
    return aotgemm.get_mn_major_tma_aligned_packed_ue8m0_tensor(powers(*shape))


ALL_ROWS = torch.zeros(128, dtype=INT32)  # contiguous groups, every row of group 0
FORMS = [
    *(("per_token_cast_to_fp8", (bf16(1, *shape), False), {}) for shape in ((5, 144), (300, 128))),
    ("per_token_cast_to_fp8", (bf16(1, 5, 144), True, 32, True), {}),
    ("per_token_cast_to_fp8", (bf16(1, 5, 144), True), {"mn_major_sf": True}),
    ("per_token_cast_to_fp8", (bf16(1, 5, 1000), True), {"mn_major_sf": True, "use_packed_ue8m0": True}),
    ("per_token_cast_to_fp8", (bf16(1, 128, 144), False), {"grouped_layout": ALL_ROWS}),
    ("per_token_cast_to_fp8", (bf16(1, 2, 5, 144), False), {"masked_m": torch.tensor([5, 5], dtype=INT32)}),
    ("per_token_cast_to_fp4", (bf16(1, 5, 144), True, 32), {}),
    ("per_token_cast_to_fp4", (bf16(1, 5, 144), True, 32, True), {"mn_major_sf": True}),
    ("silu_mul_cast_to_fp8", (bf16(1, 5, 272), True), {"limit": 1.5}),
    ("silu_mul_cast_to_fp8", (bf16(1, 5, 272), False, 32), {"mn_major_sf": True}),
    ("per_block_cast_to_fp8", (bf16(1, 300, 144).float(), False), {}),
    ("per_block_cast_to_fp8", (bf16(1, 300, 144), True, 32), {}),
    ("per_channel_cast_to_fp8", (bf16(1, 256, 144), False), {}),
    ("per_channel_cast_to_fp8", (bf16(1, 64, 144), True, 32), {}),
    ("per_custom_dims_cast_to_fp8", (bf16(1, 3, 5, 40), (0, 2), False), {}),
    ("per_custom_dims_cast_to_fp8", (bf16(1, 3, 1, 40), (1,), True), {}),
    ("get_mn_major_tma_aligned_tensor", (torch.rand(7, 3),), {}),
    ("get_mn_major_tma_aligned_packed_ue8m0_tensor", (powers(7, 5),), {}),
    ("get_mn_major_tma_aligned_packed_ue8m0_tensor", (powers(2, 7, 5),), {}),
    (
        "get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor",
        (powers(5, 8), torch.tensor([256, 0, 384], dtype=INT32), [256, 0, 384], 128, 128),
        {},
    ),
    ("transform_sf_into_required_layout", (torch.rand(7, 3), 7, 300, (1, 128)), {}),
    ("transform_sf_into_required_layout", (aligned(7, 3), 7, 300, (1, 128, 128), None, True), {}),
    ("transform_sf_into_required_layout", (torch.rand(2, 3, 4).mT, 500, 300, (1, 128, 128), 2, False), {}),
    ("transform_sf_into_required_layout", (powers(3, 7, 5), 7, 160, (1, 32), 3), {"arch": "sm_100a"}),
    ("transform_sf_into_required_layout", (powers(2, 5), 200, 600, (1, 128, 128), None, False), {"arch": "sm_100a"}),
    ("transform_sf_into_required_layout", (words(8, 5), 8, 160, (1, 32)), {"arch": "sm_100a"}),
    (
        *("transform_sf_into_required_layout", (powers(256, 5), 256, 640, (1, 128), None, None, False)),
        {"psum_layout": torch.tensor([100, 256], dtype=INT32), "arch": "sm_100a"},
    ),
    ("pack_ue8m0_to_int", (powers(7, 8),), {}),
    ("unpack_ue8m0_from_int", (aotgemm.pack_ue8m0_to_int(powers(7, 8)),), {}),
    ("cast_back_from_fp4", (*packed_fp4(), 32), {}),
    ("transpose_packed_fp4", (packed_fp4()[0],), {}),
    ("requantize_fp4_to_fp8", packed_fp4(), {}),
    ("requantize_fp4_to_fp8", packed_fp4(), {"rows_per_scale": 1, "allow_inexact": True}),
]
EACH = pytest.mark.parametrize("name, args, options", FORMS, ids=[f"{i}-{form[0]}" for i, form in enumerate(FORMS)])


def check_equal(found, wanted):
    found, wanted = (each if isinstance(each, tuple | list) else (each,) for each in (found, wanted))
    for one, other in zip(found, wanted, strict=True):
        assert (one.dtype, one.shape, one.stride()) == (other.dtype, other.shape, other.stride())
        np.testing.assert_array_equal(bits(one), bits(other))


def test_every_call_that_returns_tensors_is_here():
    assert {name for name, _, _ in FORMS} == set(RETURNING)


@EACH
def test_the_operator_returns_what_the_function_returns(name, args, options):
    check_equal(getattr(torch.ops.aotgemm, name)(*args, **options), getattr(aotgemm, name)(*args, **options))


@EACH
def test_pytorchs_checks(name, args, options):
    operator = getattr(torch.ops.aotgemm, name).default
    done = torch.library.opcheck(operator, args, options, test_utils=TESTS)
    assert set(done.values()) == {"SUCCESS"} and len(done) == len(TESTS)


@EACH
def test_code_that_calls_the_function_is_one_graph(name, args, options):
    torch._dynamo.reset()
    function = getattr(aotgemm, name)
    compiled = torch.compile(lambda *given: function(*given, **options), fullgraph=True, backend="aot_eager")
    check_equal(compiled(*args), function(*args, **options))


def test_scales_that_stay_as_they_are_come_back_in_memory_of_their_own():
    """The operator may not return its input, which may be a broadcast one."""
    operator = torch.ops.aotgemm.transform_sf_into_required_layout
    for sf, mn, recipe in ((torch.ones(1, 1).expand(4, 3), 500, (128, 128)), (aligned(7, 3), 7, (1, 128))):
        out = operator(sf, mn, 300, recipe)
        assert torch.equal(out, sf) and out.data_ptr() != sf.data_ptr()
    assert out.stride() == sf.stride() == (1, 8)
    out = operator(words(7, 5), 7, 160, (1, 32), arch="sm_100a")
    assert torch.equal(out, words(7, 5)) and out.stride() == (1, 8)


WRONG = [((5, 3), 7, [1, 128], aotgemm.ShapeError), ((7, 5), 7, [1, 64], aotgemm.ShapeError)]


@pytest.mark.parametrize("shape, mn, recipe, error", WRONG, ids=["rows", "recipe"])
def test_scales_are_refused_when_a_graph_is_made_as_in_the_call(shape, mn, recipe, error):
    with pytest.raises(error) as direct:
        aotgemm.transform_sf_into_required_layout(torch.rand(shape), mn, 300, recipe)
    with FakeTensorMode() as mode, pytest.raises(error) as traced:
        torch.ops.aotgemm.transform_sf_into_required_layout(mode.from_tensor(torch.rand(shape)), mn, 300, recipe)
    assert str(direct.value) == str(traced.value)


def test_all_names_of_a_call_are_in_the_package():
    """An export that is not strict runs the code as it is, by whatever name it calls."""
    for name in ("fp8_fp4_gemm_nt", "m_grouped_fp8_fp4_gemm_nt_masked", "fp8_mqa_logits", "fp8_paged_mqa_logits"):
        assert getattr(aotgemm.torch, name).__wrapped__ is getattr(aotgemm, name)


def test_a_graph_on_blackwell_takes_fp4():
    aotgemm.set_cpu_arch("sm_100a")
    try:
        a, b = (aotgemm.per_token_cast_to_fp4(bf16(seed, rows, 256), True, 32) for seed, rows in ((1, 9), (2, 16)))

        def call(a, sfa, b, sfb):
            d = torch.empty(9, 16, dtype=torch.bfloat16)
            aotgemm.fp8_fp4_gemm_nt((a, sfa), (b, sfb), d, recipe_a=(1, 32), recipe_b=(1, 32))
            return d

        check_equal(torch.compile(call, fullgraph=True, backend="aot_eager")(*a, *b), call(*a, *b))
    finally:
        aotgemm.set_cpu_arch("sm_90a")

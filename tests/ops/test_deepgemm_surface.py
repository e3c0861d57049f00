"""Names and settings of DeepGEMM: a program that does `import aotgemm as deep_gemm` finds them."""

import inspect

import aotgemm
import aotgemm as deep_gemm
import numpy as np
import pytest
import torch
from aotgemm import _core
from grouped_problems import POISON, make_batch, make_grouped
from problems import BF16, make_problem
from torch_tensors import bits, to_torch

ALIASES = {
    "m_grouped_fp8_fp4_gemm_nt_contiguous": "m_grouped_fp8_gemm_nt_contiguous",
    "m_grouped_fp8_fp4_gemm_nn_contiguous": "m_grouped_fp8_gemm_nn_contiguous",
    "m_grouped_fp8_fp4_gemm_nt_masked": "m_grouped_fp8_gemm_nt_masked",
    "fp8_m_grouped_gemm_nt_masked": "m_grouped_fp8_gemm_nt_masked",
}
OPTIONS = ["recipe", "recipe_a", "recipe_b", "compiled_dims", "disable_ue8m0_cast"]
PADDING = ["use_psum_layout", "ensure_zero_padding"]
PARAMETERS = {
    "fp8_gemm_nt": ["a", "b", "d", "c", *OPTIONS],
    "fp8_gemm_nn": ["a", "b", "d", "c", *OPTIONS],
    "fp8_gemm_tn": ["a", "b", "d", "c", *OPTIONS],
    "fp8_gemm_tt": ["a", "b", "d", "c", *OPTIONS],
    "m_grouped_fp8_gemm_nt_contiguous": [
        *["a", "b", "d", "grouped_layout", *OPTIONS, *PADDING, "expected_m_for_psum_layout"]
    ],
    "m_grouped_fp8_gemm_nn_contiguous": ["a", "b", "d", "grouped_layout", *OPTIONS, *PADDING],
    "m_grouped_bf16_gemm_nt_contiguous": [
        *["a", "b", "d", "grouped_layout", "compiled_dims", *PADDING, "expected_m_for_psum_layout"]
    ],
    "m_grouped_bf16_gemm_nn_contiguous": ["a", "b", "d", "grouped_layout", "compiled_dims", *PADDING],
    "m_grouped_fp8_gemm_nt_masked": ["a", "b", "d", "masked_m", "expected_m", *OPTIONS, "ensure_zero_padding"],
    "einsum": ["expr", "a", "b", "d", "c", "use_cublaslt"],
    "fp8_einsum": ["expr", "a", "b", "d", "c", "recipe"],
    "k_grouped_fp8_gemm_nt_contiguous": ["a", "b", "d", "ks", "ks_tensor", "c", "recipe", "compiled_dims"],
    "fp8_gemm_nt_skip_head_mid": ["a", "b", "d", "head_splits", "recipe", "compiled_dims", "disable_ue8m0_cast"],
    "cublaslt_gemm_nt": ["a", "b", "d", "c"],
    "transform_sf_into_required_layout": [
        *["sf", "mn", "k", "recipe", "num_groups", "is_sfa", "disable_ue8m0_cast", "psum_layout", "arch"]
    ],
}
WITHOUT_EFFECT = ["set_tc_util", "set_ignore_compile_dims", "set_block_size_multiple_of"]


@pytest.mark.parametrize("alias", ALIASES)
def test_aliases_are_the_same_functions(alias):
    assert getattr(deep_gemm, alias) is getattr(deep_gemm, ALIASES[alias])


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_have_deepgemms_names_and_order(name):
    assert list(inspect.signature(getattr(deep_gemm, name)).parameters) == PARAMETERS[name]


@pytest.mark.parametrize("name", WITHOUT_EFFECT)
def test_what_has_no_effect_says_so(name):
    assert "without effect" in inspect.getdoc(getattr(deep_gemm, name))


def test_utilities_are_reached_through_the_package():
    layout, math = deep_gemm.utils.layout, deep_gemm.utils.math
    for name in layout.__all__:
        assert getattr(layout, name) is getattr(deep_gemm, name)
    for name in math.__all__:
        assert getattr(math, name) is getattr(deep_gemm, name)


def test_the_alignment_of_groups():
    assert deep_gemm.get_mk_alignment_for_contiguous_layout() == 128
    assert deep_gemm.set_mk_alignment_for_contiguous_layout(128) is None
    theoretical = deep_gemm.get_theoretical_mk_alignment_for_contiguous_layout
    assert theoretical(512, 8) == theoretical(64) == theoretical(expected_m=512, num_groups=8) == 128
    for alignment in (-1, 0, 257):
        with pytest.raises(aotgemm.ShapeError, match=f"^alignment: is {alignment}, allowed is 1 to 256"):
            deep_gemm.set_mk_alignment_for_contiguous_layout(alignment)
    assert deep_gemm.get_mk_alignment_for_contiguous_layout() == 128


@pytest.mark.parametrize(
    "name, first, given, kept",
    [
        ("tc_util", 100, 80, 80),
        ("ignore_compile_dims", False, True, True),
        ("block_size_multiple_of", (1, 1), 32, (32, 32)),
        ("block_size_multiple_of", (1, 1), [64, 32], (64, 32)),
    ],
)
def test_settings_without_effect_are_kept(name, first, given, kept):
    get, set_ = getattr(deep_gemm, f"get_{name}"), getattr(deep_gemm, f"set_{name}")
    assert get() == first
    set_(given)
    try:
        assert get() == kept
    finally:
        set_(first)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: deep_gemm.set_tc_util(101), "^percent: is 101, allowed is 0 to 100"),
        (lambda: deep_gemm.set_compile_mode(2), "^mode: is 2, allowed is 0 or 1"),
        (lambda: deep_gemm.set_block_size_multiple_of(0), "^value: is 0, allowed is a positive number"),
        (lambda: deep_gemm.set_block_size_multiple_of((1, 2, 3)), r"^value: is \(1, 2, 3\), allowed is"),
    ],
)
def test_settings_refuse_what_makes_no_sense(call, message):
    with pytest.raises(aotgemm.ShapeError, match=message):
        call()


@pytest.fixture
def compile_mode():
    deep_gemm.set_compile_mode(1)
    yield
    deep_gemm.set_compile_mode(0)


def test_compile_mode_is_kept():
    assert deep_gemm.get_compile_mode() == 0
    deep_gemm.set_compile_mode(1)
    assert deep_gemm.get_compile_mode() == 1
    deep_gemm.set_compile_mode(0)
    assert deep_gemm.get_compile_mode() == 0


def test_in_compile_mode_nothing_is_written(compile_mode):
    grouped, batch, dense = make_grouped((3, 5), 24, 48), make_batch((3, 5), 5, 24, 48), make_problem(5, 24, 48)
    assert (grouped.run() == POISON).all() and (grouped.run(True) == POISON).all() and (batch.run() == POISON).all()
    assert (dense.run() == dense.empty_output().view(np.uint16)).all()
    out, scales = np.full((5, 128), 7, dense.a.dtype), np.full((5, 1), 7, np.float32)
    _core.cast("per_token_fp8", np.ones((5, 128), np.float32), out, scales)
    assert (out == 7).all() and (scales == 7).all()


def test_in_compile_mode_calls_are_checked(compile_mode):
    problem = make_grouped((3, 5), 24, 48)
    with pytest.raises(aotgemm.ShapeError, match="^grouped_layout: group 0 ends at row 500"):
        aotgemm.m_grouped_fp8_gemm_nt_contiguous(
            (problem.a, problem.sfa),
            (problem.b, problem.sfb),
            problem.empty_output(),
            np.array([500, 512], np.int32),
            use_psum_layout=True,
        )


@pytest.mark.parametrize("shape, groups", [((2, 3), None), ((1, 2, 3), 1), ((4, 2, 3), 4)])
@pytest.mark.parametrize("recipe", [(1, 128, 128), [128, 128]], ids=str)
def test_scales_of_weights_come_back_as_the_same_object(shape, groups, recipe):
    sf = np.ones(shape, np.float32)
    same = deep_gemm.transform_sf_into_required_layout(
        sf=sf, mn=200, k=300, recipe=recipe, num_groups=groups, is_sfa=False, disable_ue8m0_cast=False
    )
    assert same is sf


@pytest.mark.parametrize("options", [{"recipe": (1, 128, 128), "is_sfa": True}, {"recipe": (1, 128)}], ids=str)
def test_scales_of_activations_become_mn_major(options):
    sf = np.random.default_rng(0).random((2, 7, 3), np.float32)
    out = deep_gemm.transform_sf_into_required_layout(sf, 7, 300, num_groups=2, **options)
    assert [step // 4 for step in out.strides] == [24, 1, 8]
    np.testing.assert_array_equal(out, sf)


@pytest.mark.parametrize(
    "sf, options, kind, message",
    [
        (np.ones((3, 3), np.float32), {}, aotgemm.ShapeError, r"^sf: shape is \[3, 3\], must be \[2, 3\]"),
        (np.ones((2, 3), np.float32), {"num_groups": 1}, aotgemm.ShapeError, "^sf: has 2 dimensions, allowed is 3"),
        (np.ones((2, 3), BF16), {}, aotgemm.DtypeError, "^sf: dtype is bfloat16, allowed is float32 or int32"),
        (
            np.ones((200, 10), np.float32),
            {"recipe": (1, 32)},
            aotgemm.ShapeError,
            r"^recipe: \(1, 32\) with float32 scales",
        ),
        (
            np.ones((200, 1), np.int32),
            {"recipe": (1, 128)},
            aotgemm.ShapeError,
            r"^recipe: \(1, 128\) with int32 scales",
        ),
        (
            np.ones((2, 3), np.float32),
            {"is_sfa": None},
            aotgemm.ShapeError,
            r"^recipe: is \(1, 128, 128\) with is_sfa = None",
        ),
    ],
)
def test_scales_that_fit_no_tensor(sf, options, kind, message):
    with pytest.raises(kind, match=message):
        deep_gemm.transform_sf_into_required_layout(
            **({"sf": sf, "mn": 200, "k": 300, "recipe": (1, 128, 128), "is_sfa": False} | options)
        )


CUBLASLT = {
    "nt": deep_gemm.cublaslt_gemm_nt,
    "nn": deep_gemm.cublaslt_gemm_nn,
    "tn": deep_gemm.cublaslt_gemm_tn,
    "tt": deep_gemm.cublaslt_gemm_tt,
}


CUBLASLT_DTYPES = [  # of A and B, and of C and D
    (torch.bfloat16, torch.bfloat16),
    (torch.bfloat16, torch.float32),
    (torch.float8_e4m3fn, torch.bfloat16),
    (torch.float8_e4m3fn, torch.float32),
]


@pytest.mark.parametrize("name", CUBLASLT)
@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("dtype, out_dtype", CUBLASLT_DTYPES, ids=str)
def test_cublaslt_is_pytorchs_product(name, accumulate, dtype, out_dtype):
    generator = torch.Generator().manual_seed(0)
    a, b, c = (torch.randint(-4, 5, shape, generator=generator).float() for shape in ((5, 7), (7, 6), (5, 6)))
    exact = a @ b + c if accumulate else a @ b  # small integers: exact in any order and in every dtype
    d, a, b, c = torch.empty(5, 6, dtype=out_dtype), a.to(dtype), b.to(dtype), c.to(out_dtype)
    given_a = a.T.contiguous() if name[0] == "t" else a
    given_b = b.T.contiguous() if name[1] == "t" else b
    CUBLASLT[name](given_a, given_b, d, c if accumulate else None)
    assert torch.equal(d.float(), exact)


@pytest.mark.parametrize("dtype, out_dtype", CUBLASLT_DTYPES, ids=str)
def test_cublaslt_accumulates_in_place(dtype, out_dtype):
    a, b, d = torch.ones(5, 7).to(dtype), torch.ones(6, 7).to(dtype), torch.full((5, 6), 3, dtype=out_dtype)
    deep_gemm.cublaslt_gemm_nt(a, b, d, d)
    assert (d == 10).all()


def test_grouped_calls_take_pytorch_tensors():
    problem = make_grouped((3, 130), 72, 144)
    a, sfa, b, sfb = (to_torch(array) for array in (problem.a, problem.sfa, problem.b, problem.sfb))
    for use_psum_layout in (False, True):
        d = to_torch(problem.empty_output())
        index = torch.from_numpy(problem.ends if use_psum_layout else problem.index)
        aotgemm.m_grouped_fp8_gemm_nt_contiguous((a, sfa), (b, sfb), d, index, use_psum_layout=use_psum_layout)
        np.testing.assert_array_equal(bits(d), problem.expected())


def test_masked_calls_take_pytorch_tensors():
    problem = make_batch((3, 7), 7, 72, 144)
    a, sfa, b, sfb = (to_torch(array) for array in (problem.a, problem.sfa, problem.b, problem.sfb))
    d = to_torch(problem.empty_output())
    aotgemm.m_grouped_fp8_gemm_nt_masked((a, sfa), (b, sfb), d, masked_m=torch.from_numpy(problem.counts), expected_m=4)
    np.testing.assert_array_equal(bits(d), problem.expected())


def test_transposed_weights_take_pytorch_tensors():
    problem = make_grouped((3, 130), 72, 144)
    a, sfa, b, sfb = (to_torch(array) for array in (problem.a, problem.sfa, problem.b, problem.sfb))
    d, index = to_torch(problem.empty_output()), torch.from_numpy(problem.index)
    aotgemm.m_grouped_fp8_gemm_nn_contiguous((a, sfa), (b.mT, sfb.mT), d, index)
    np.testing.assert_array_equal(bits(d), problem.expected())
    with pytest.raises(aotgemm.LayoutError, match=r"b.mT.contiguous\(\).mT makes such a copy"):
        aotgemm.m_grouped_fp8_gemm_nn_contiguous((a, sfa), (b.mT.contiguous(), sfb.mT), d, index)

"""The calls of SGLang 0.5.23, module sglang.srt.layers.deep_gemm_wrapper and its users, each in its form there."""

import os
import sys

import numpy as np
import pytest
import torch
from engine_problems import dense, grouped, masked
from torch_tensors import bits


def aligned_like_the_wrapper(deep_gemm, sf):
    """What comes back in the same memory has the same shape and strides."""
    from deep_gemm.utils.layout import get_mn_major_tma_aligned_tensor

    out = get_mn_major_tma_aligned_tensor(sf)
    if out.data_ptr() == sf.data_ptr():
        assert out.shape == sf.shape and out.stride() == sf.stride()
        return sf
    return out


@pytest.mark.parametrize("shape, strides", [((7, 3), (1, 8)), ((2, 7, 3), (24, 1, 8))])
def test_scales_become_aligned_once(deep_gemm, shape, strides):
    sf = torch.rand(shape)
    out = aligned_like_the_wrapper(deep_gemm, sf)
    assert out.stride() == strides and torch.equal(out, sf)
    assert aligned_like_the_wrapper(deep_gemm, out) is out


@pytest.mark.parametrize("options", [{}, {"recipe": (1, 128, 128)}], ids=str)
def test_dense(deep_gemm, options):
    (q, qs), b, out, expected = dense(33)
    deep_gemm.fp8_gemm_nt((q, aligned_like_the_wrapper(deep_gemm, qs)), b, out, **options)
    np.testing.assert_array_equal(bits(out), expected)


def test_smaller_blocks_are_refused_before_anything_runs(deep_gemm):
    a, b, out, _ = dense(33)
    before = out.clone()
    with pytest.raises(ValueError, match=r"^recipe: is \(1, 32, 32\), allowed is"):
        deep_gemm.fp8_gemm_nt(a, b, out, recipe=(1, 32, 32))
    assert torch.equal(out, before)


def test_contiguous(deep_gemm):
    (a, sfa), b, out, index, problem = grouped((3, 130))
    sfa = aligned_like_the_wrapper(deep_gemm, sfa)
    deep_gemm.m_grouped_fp8_gemm_nt_contiguous((a, sfa), b, out, index["per_row"])
    for rows in problem.rows:
        np.testing.assert_array_equal(bits(out)[rows], problem.expected()[rows])


@pytest.mark.parametrize("counts", [(3, 0, 5), (0, 0, 0)], ids=str)
@pytest.mark.parametrize("by_keyword", [False, True])
def test_masked(deep_gemm, counts, by_keyword):
    (a, sfa), b, out, mask, problem = masked(counts, 8)
    pair = (a, aligned_like_the_wrapper(deep_gemm, sfa))
    if by_keyword:
        deep_gemm.fp8_m_grouped_gemm_nt_masked(pair, b, out, masked_m=mask, expected_m=4)
    else:
        deep_gemm.fp8_m_grouped_gemm_nt_masked(pair, b, out, mask, 4)
    np.testing.assert_array_equal(bits(out), problem.expected())


def test_bf16_of_a_draft_layer(deep_gemm):
    generator = torch.Generator().manual_seed(1)
    a, b = (torch.randint(-3, 4, s, generator=generator).bfloat16() for s in ((2, 8, 64), (2, 24, 64)))
    d = torch.zeros(2, 8, 24, dtype=torch.bfloat16)
    deep_gemm.m_grouped_bf16_gemm_nt_masked(a, b, d, torch.tensor([8, 3], dtype=torch.int32), 4)
    exact = a.float() @ b.float().mT  # small integers: exact in any order
    exact[1, 3:] = 0
    assert torch.equal(d.float(), exact)
    flat, index = torch.zeros(256, 24, dtype=torch.bfloat16), torch.arange(2, dtype=torch.int32).repeat_interleave(128)
    rows = a.repeat_interleave(16, 1).view(256, 64)
    deep_gemm.m_grouped_bf16_gemm_nt_contiguous(rows, b, flat, index)
    assert torch.equal(flat.view(2, 128, 24).float(), rows.view(2, 128, 64).float() @ b.float().mT)


def test_router_and_batch_invariant_products(deep_gemm):
    generator = torch.Generator().manual_seed(2)
    x, y = (torch.randint(-3, 4, s, generator=generator).bfloat16() for s in ((5, 64), (24, 64)))
    out = torch.empty(5, 24)
    deep_gemm.bf16_gemm_nt(x, y, out)
    assert torch.equal(out, x.float() @ y.float().T)
    before = deep_gemm.get_deterministic_algorithms()
    deep_gemm.use_deterministic_algorithms(True)
    other = torch.empty(5, 24, dtype=torch.bfloat16)
    deep_gemm.bf16_gemm_nn(x, y.T.contiguous(), other)
    deep_gemm.use_deterministic_algorithms(before)
    assert before is True and torch.equal(other.float(), out)


def test_warm_up_launches_nothing(deep_gemm):
    """The sweep over every M runs in compile mode 1, where there is one."""
    a, b, out, _ = dense(33)
    before, mode = out.clone(), deep_gemm.get_compile_mode()
    deep_gemm.set_compile_mode(1)
    deep_gemm.fp8_gemm_nt(a, b, out, recipe=(1, 128, 128))
    deep_gemm.set_compile_mode(mode)
    assert torch.equal(out, before)
    deep_gemm.fp8_gemm_nt(a, b, out, recipe=(1, 128, 128))
    assert not torch.equal(out, before)


def test_alignment_is_asked_for_in_both_forms(deep_gemm):
    theoretical = deep_gemm.get_theoretical_mk_alignment_for_contiguous_layout
    assert theoretical(64) == theoretical(expected_m=512, num_groups=8) == 128


def test_what_is_imported_by_name():
    """The modules and names that SGLang imports without a guard or with getattr."""
    from aotgemm.compat.deepgemm_names import NAMES_OF_MODULE

    assert {"get_mn_major_tma_aligned_packed_ue8m0_tensor"} <= set(NAMES_OF_MODULE["deep_gemm.utils.layout"])
    assert {"align", "get_tma_aligned_size"} <= set(NAMES_OF_MODULE["deep_gemm.utils"])
    assert {"per_block_cast_to_fp8", "tf32_hc_prenorm_gemm"} <= set(NAMES_OF_MODULE["deep_gemm"])


def test_the_plugin_sets_what_is_not_set(deep_gemm, monkeypatch):
    from aotgemm_deepgemm.sglang import VARIABLES, register

    monkeypatch.setattr(os, "environ", {"SGLANG_JIT_DEEPGEMM_PRECOMPILE": "1"})
    register()
    assert os.environ == VARIABLES | {"SGLANG_JIT_DEEPGEMM_PRECOMPILE": "1"}


def test_the_plugin_does_nothing_without_kernels(deep_gemm, monkeypatch):
    from aotgemm_deepgemm.sglang import register

    monkeypatch.setitem(sys.modules, "deep_gemm", None)
    monkeypatch.setattr(os, "environ", {})
    register()
    assert os.environ == {}

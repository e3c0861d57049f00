"""The calls of vLLM 0.28 to 0.33, module vllm.utils.deep_gemm and its users, each in its form there."""

import os

import numpy as np
import pytest
import torch
from engine_problems import K, N, column_major, dense, grouped, masked
from torch_tensors import bits


@pytest.mark.parametrize("m", [0, 7, 33])
@pytest.mark.parametrize("disable", [False, True])
def test_dense(deep_gemm, m, disable):
    (q, qs), (w, ws), out, expected = dense(m)
    weight = torch.nn.Parameter(w.view(torch.uint8), requires_grad=False).view(torch.float8_e4m3fn)
    aligned = deep_gemm.get_mn_major_tma_aligned_tensor(qs)
    with torch.inference_mode():
        deep_gemm.fp8_gemm_nt((q, aligned), (weight, ws), out, disable_ue8m0_cast=disable)
    np.testing.assert_array_equal(bits(out), expected)


def test_dense_with_scales_whose_rows_are_not_padded(deep_gemm):
    (q, qs), b, out, expected = dense(7)
    deep_gemm.fp8_gemm_nt((q, column_major(qs)), b, out, disable_ue8m0_cast=True)
    np.testing.assert_array_equal(bits(out), expected)


def test_contiguous_by_ends_inside_the_alignment_scope(deep_gemm):
    a, b, out, index, problem = grouped((3, 0, 130))
    before = deep_gemm.get_mk_alignment_for_contiguous_layout()
    wanted = deep_gemm.get_theoretical_mk_alignment_for_contiguous_layout(133, 3)
    assert [before, before] == [128, 128] and wanted <= 128
    deep_gemm.set_mk_alignment_for_contiguous_layout(128)
    deep_gemm.m_grouped_fp8_gemm_nt_contiguous(a, b, out, index["ends"], disable_ue8m0_cast=False, use_psum_layout=True)
    deep_gemm.set_mk_alignment_for_contiguous_layout(before)
    for rows in problem.rows:
        np.testing.assert_array_equal(bits(out)[rows], problem.expected()[rows])


def test_contiguous_by_row(deep_gemm):
    (a, sfa), b, out, index, problem = grouped((3, 130))
    a = (a, column_major(sfa))
    deep_gemm.m_grouped_fp8_gemm_nt_contiguous(a, b, out, index["per_row"], disable_ue8m0_cast=True)
    for rows in problem.rows:
        np.testing.assert_array_equal(bits(out)[rows], problem.expected()[rows])


@pytest.mark.parametrize("name", ["m_grouped_fp8_gemm_nt_masked", "fp8_m_grouped_gemm_nt_masked"])
def test_masked(deep_gemm, name):
    (a, sfa), b, out, counts, problem = masked((3, 0, 5), 8)
    getattr(deep_gemm, name)((a, column_major(sfa)), b, out, counts, 16, disable_ue8m0_cast=False)
    np.testing.assert_array_equal(bits(out), problem.expected())


def test_weights_after_loading(deep_gemm):
    _, (_, ws), _, _ = dense(1)
    same = deep_gemm.transform_sf_into_required_layout(
        sf=ws.unsqueeze(0), mn=N, k=K, recipe=(1, 128, 128), num_groups=1, is_sfa=False, disable_ue8m0_cast=False
    )
    assert same.data_ptr() == ws.data_ptr() and same.shape == (1, *ws.shape)


def test_einsum_of_a_transposed_view(deep_gemm):
    (a, sfa), (b, sfb), _, _, problem = masked((5, 5), 5)
    x, xs = a.transpose(0, 1), sfa.transpose(0, 1)  # [B, H, R], with H outermost in memory
    z = torch.empty(5, 2, N, dtype=torch.bfloat16)
    deep_gemm.fp8_einsum("bhr,hdr->bhd", (x, xs), (b, sfb), z, recipe=(1, 128, 128))
    np.testing.assert_array_equal(bits(z.transpose(0, 1)), problem.expected())


def test_microbatches_share_the_sms(deep_gemm):
    all_of_them = deep_gemm.get_num_sms()
    deep_gemm.set_num_sms(all_of_them - 20)
    assert deep_gemm.get_num_sms() == all_of_them - 20
    deep_gemm.set_num_sms(0)
    deep_gemm.set_pdl(True)
    assert deep_gemm.get_pdl()
    deep_gemm.set_pdl(False)


SET = {"VLLM_USE_DEEP_GEMM": "1", "VLLM_DEEP_GEMM_WARMUP": "skip"}


def test_the_plugin_sets_what_is_not_set(deep_gemm, monkeypatch):
    from aotgemm_deepgemm.vllm import register

    monkeypatch.setattr(os, "environ", {"VLLM_DEEP_GEMM_WARMUP": "relax"})
    register()
    register()
    assert os.environ == SET | {"VLLM_DEEP_GEMM_WARMUP": "relax"}
    monkeypatch.setattr(os, "environ", {})
    register()
    assert os.environ == SET

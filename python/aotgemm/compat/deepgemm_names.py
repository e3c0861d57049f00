"""The names that users of DeepGEMM look for, by module: the one list of them.

A name is served where aotgemm has it: a call that aotgemm gains appears by itself, and `hasattr` tells an engine what
there is. Calls that only sm_100a has in DeepGEMM (FP4, sparse logits, Mega kernels) are not on the list.
"""

SETTINGS = (
    "get_block_size_multiple_of",
    "get_compile_mode",
    "get_deterministic_algorithms",
    "get_ignore_compile_dims",
    "get_num_sms",
    "get_pdl",
    "get_tc_util",
    "set_block_size_multiple_of",
    "set_compile_mode",
    "set_ignore_compile_dims",
    "set_num_sms",
    "set_pdl",
    "set_tc_util",
    "use_deterministic_algorithms",
)
CALLS = (
    "bf16_gemm_nn",
    "bf16_gemm_nt",
    "bf16_gemm_tn",
    "bf16_gemm_tt",
    "bf16_m_grouped_gemm_nt_masked",
    "cublaslt_gemm_nn",
    "cublaslt_gemm_nt",
    "cublaslt_gemm_tn",
    "cublaslt_gemm_tt",
    "einsum",
    "fp8_einsum",
    "fp8_fp4_gemm_nn",
    "fp8_fp4_gemm_nt",
    "fp8_fp4_gemm_tn",
    "fp8_fp4_gemm_tt",
    "fp8_fp4_mqa_logits",
    "fp8_fp4_paged_mqa_logits",
    "fp8_gemm_nn",
    "fp8_gemm_nt",
    "fp8_gemm_nt_skip_head_mid",
    "fp8_gemm_tn",
    "fp8_gemm_tt",
    "fp8_m_grouped_gemm_nt_masked",
    "fp8_mqa_logits",
    "fp8_paged_mqa_logits",
    "get_paged_mqa_logits_metadata",
    "k_grouped_bf16_gemm_tn_contiguous",
    "k_grouped_fp8_gemm_nt_contiguous",
    "k_grouped_fp8_gemm_tn_contiguous",
    "m_grouped_bf16_gemm_nn_contiguous",
    "m_grouped_bf16_gemm_nt_contiguous",
    "m_grouped_bf16_gemm_nt_masked",
    "m_grouped_fp8_fp4_gemm_nn_contiguous",
    "m_grouped_fp8_fp4_gemm_nt_contiguous",
    "m_grouped_fp8_fp4_gemm_nt_masked",
    "m_grouped_fp8_gemm_nn_contiguous",
    "m_grouped_fp8_gemm_nt_contiguous",
    "m_grouped_fp8_gemm_nt_masked",
    "tf32_hc_prenorm_gemm",
    "transform_sf_into_required_layout",
)
CALLS_OF_VERSION_1 = (
    "gemm_fp8_fp8_bf16_nt",
    "get_col_major_tma_aligned_tensor",
    "k_grouped_wgrad_gemm_fp8_fp8_fp32_nt",
    "m_grouped_gemm_fp8_fp8_bf16_nt_contiguous",
    "m_grouped_gemm_fp8_fp8_bf16_nt_masked",
    "wgrad_gemm_fp8_fp8_fp32_nt",
)
LAYOUT = (
    "get_k_alignment_for_contiguous_layout",
    "get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor",
    "get_m_alignment_for_contiguous_layout",
    "get_mk_alignment_for_contiguous_layout",
    "get_mn_major_tma_aligned_packed_ue8m0_tensor",
    "get_mn_major_tma_aligned_tensor",
    "get_theoretical_mk_alignment_for_contiguous_layout",
    "get_tma_aligned_size",
    "set_mk_alignment_for_contiguous_layout",
)
MATH = (
    "align",
    "cast_back_from_fp4",
    "ceil_div",
    "ceil_to_ue8m0",
    "pack_ue8m0_to_int",
    "per_block_cast_to_fp8",
    "per_channel_cast_to_fp8",
    "per_custom_dims_cast_to_fp8",
    "per_token_cast_to_fp4",
    "per_token_cast_to_fp8",
    "transpose_packed_fp4",
    "unpack_ue8m0_from_int",
)
DISTRIBUTED = ("dist_print", "init_dist", "uneven_all_gather")
BENCH = ("bench", "bench_kineto")
NUMERIC = ("assert_bitwise_equal", "calc_diff", "count_bytes")
TESTING_UTILS = ("get_arch_major", "ignore_env", "test_filter")

UTILS = (*LAYOUT, *MATH, "init_dist", "uneven_all_gather")
TESTING = (*BENCH, *NUMERIC, *TESTING_UTILS)

NAMES_OF_MODULE = {
    "deep_gemm": (*SETTINGS, *CALLS, *CALLS_OF_VERSION_1, *UTILS, *BENCH, "calc_diff", "__version__"),
    "deep_gemm.utils": UTILS,
    "deep_gemm.utils.layout": LAYOUT,
    "deep_gemm.utils.math": MATH,
    "deep_gemm.utils.dist": DISTRIBUTED,
    "deep_gemm.testing": TESTING,
    "deep_gemm.testing.bench": BENCH,
    "deep_gemm.testing.numeric": NUMERIC,
    "deep_gemm.testing.utils": TESTING_UTILS,
}

# Names by which a call went in other versions, or goes in forks: the key where aotgemm has none of its own.
ALIASES = {
    "bf16_m_grouped_gemm_nt_masked": "m_grouped_bf16_gemm_nt_masked",
    "gemm_fp8_fp8_bf16_nt": "fp8_gemm_nt",
    "get_col_major_tma_aligned_tensor": "get_mn_major_tma_aligned_tensor",
    "get_k_alignment_for_contiguous_layout": "get_mk_alignment_for_contiguous_layout",
    "get_m_alignment_for_contiguous_layout": "get_mk_alignment_for_contiguous_layout",
    "m_grouped_gemm_fp8_fp8_bf16_nt_contiguous": "m_grouped_fp8_gemm_nt_contiguous",
    "m_grouped_gemm_fp8_fp8_bf16_nt_masked": "m_grouped_fp8_gemm_nt_masked",
}

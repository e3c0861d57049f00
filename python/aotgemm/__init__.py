"""aotgemm: FP8, FP4 and BF16 GEMMs and what lies between them, from kernels compiled ahead of time.

Importing it loads libaotgemm and nothing else: no framework, no CUDA context, no process, no file.
"""

from . import utils
from ._core import DeviceArray, version
from .arrays.device_array import from_numpy, to_numpy
from .arrays.sizes import align, ceil_div, get_tma_aligned_size
from .choice import explain
from .compat.cublaslt import cublaslt_gemm_nn, cublaslt_gemm_nt, cublaslt_gemm_tn, cublaslt_gemm_tt
from .compat.deepgemm_modules import install_as_deep_gemm
from .compat.deepgemm_settings import (
    get_block_size_multiple_of,
    get_compile_mode,
    get_deterministic_algorithms,
    get_ignore_compile_dims,
    get_mk_alignment_for_contiguous_layout,
    get_tc_util,
    get_theoretical_mk_alignment_for_contiguous_layout,
    set_block_size_multiple_of,
    set_compile_mode,
    set_ignore_compile_dims,
    set_mk_alignment_for_contiguous_layout,
    set_tc_util,
    use_deterministic_algorithms,
)
from .errors import (
    CudaError,
    DeviceError,
    DtypeError,
    Error,
    InexactError,
    KernelMissingError,
    LayoutError,
    PlanError,
    PlanWarning,
    ShapeError,
)
from .observe import set_nvtx, set_verbose, stats
from .ops.bf16_gemm import bf16_gemm_nn, bf16_gemm_nt, bf16_gemm_tn, bf16_gemm_tt
from .ops.bf16_grouped import (
    k_grouped_bf16_gemm_tn_contiguous,
    m_grouped_bf16_gemm_nn_contiguous,
    m_grouped_bf16_gemm_nt_contiguous,
    m_grouped_bf16_gemm_nt_masked,
)
from .ops.cast import (
    per_block_cast_to_fp8,
    per_channel_cast_to_fp8,
    per_custom_dims_cast_to_fp8,
    per_token_cast_to_fp4,
    per_token_cast_to_fp8,
    silu_mul_cast_to_fp8,
)
from .ops.einsum import einsum
from .ops.fp4 import cast_back_from_fp4, requantize_fp4_to_fp8, transpose_packed_fp4
from .ops.fp4_words import Fp4Weights, prepack_fp4_weights
from .ops.fp8_einsum import fp8_einsum
from .ops.fp8_gemm import fp8_fp4_gemm_nt, fp8_gemm_nt
from .ops.fp8_grouped import (
    fp8_m_grouped_gemm_nt_masked,
    m_grouped_fp8_fp4_gemm_nn_contiguous,
    m_grouped_fp8_fp4_gemm_nt_contiguous,
    m_grouped_fp8_fp4_gemm_nt_masked,
    m_grouped_fp8_gemm_nn_contiguous,
    m_grouped_fp8_gemm_nt_contiguous,
    m_grouped_fp8_gemm_nt_masked,
)
from .ops.fp8_heads import fp8_gemm_nt_skip_head_mid
from .ops.fp8_k_grouped import k_grouped_fp8_gemm_nt_contiguous, k_grouped_fp8_gemm_tn_contiguous
from .ops.fp8_transposed import (
    fp8_fp4_gemm_nn,
    fp8_fp4_gemm_tn,
    fp8_fp4_gemm_tt,
    fp8_gemm_nn,
    fp8_gemm_tn,
    fp8_gemm_tt,
)
from .ops.hc_prenorm import tf32_hc_prenorm_gemm
from .ops.layout import get_mn_major_tma_aligned_tensor, transform_sf_into_required_layout
from .ops.mqa_logits import fp8_fp4_mqa_logits, fp8_mqa_logits
from .ops.packed_layout import (
    get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor,
    get_mn_major_tma_aligned_packed_ue8m0_tensor,
    pack_ue8m0_to_int,
    unpack_ue8m0_from_int,
)
from .ops.paged_mqa_logits import fp8_fp4_paged_mqa_logits, fp8_paged_mqa_logits, get_paged_mqa_logits_metadata
from .plan.enforcement import Recording, load_plan, record, recorded_calls, unload_plan
from .runtime import get_cpu_arch, get_num_sms, get_pdl, preload, set_cpu_arch, set_num_sms, set_pdl

__version__: str = version()

__all__ = [
    "CudaError",
    "DeviceArray",
    "DeviceError",
    "DtypeError",
    "Error",
    "Fp4Weights",
    "InexactError",
    "KernelMissingError",
    "LayoutError",
    "PlanError",
    "PlanWarning",
    "Recording",
    "ShapeError",
    "align",
    "bf16_gemm_nn",
    "bf16_gemm_nt",
    "bf16_gemm_tn",
    "bf16_gemm_tt",
    "cast_back_from_fp4",
    "ceil_div",
    "cublaslt_gemm_nn",
    "cublaslt_gemm_nt",
    "cublaslt_gemm_tn",
    "cublaslt_gemm_tt",
    "einsum",
    "explain",
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
    "from_numpy",
    "get_block_size_multiple_of",
    "get_compile_mode",
    "get_cpu_arch",
    "get_deterministic_algorithms",
    "get_ignore_compile_dims",
    "get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor",
    "get_mk_alignment_for_contiguous_layout",
    "get_mn_major_tma_aligned_packed_ue8m0_tensor",
    "get_mn_major_tma_aligned_tensor",
    "get_num_sms",
    "get_paged_mqa_logits_metadata",
    "get_pdl",
    "get_tc_util",
    "get_theoretical_mk_alignment_for_contiguous_layout",
    "get_tma_aligned_size",
    "install_as_deep_gemm",
    "k_grouped_bf16_gemm_tn_contiguous",
    "k_grouped_fp8_gemm_nt_contiguous",
    "k_grouped_fp8_gemm_tn_contiguous",
    "load_plan",
    "m_grouped_bf16_gemm_nn_contiguous",
    "m_grouped_bf16_gemm_nt_contiguous",
    "m_grouped_bf16_gemm_nt_masked",
    "m_grouped_fp8_fp4_gemm_nn_contiguous",
    "m_grouped_fp8_fp4_gemm_nt_contiguous",
    "m_grouped_fp8_fp4_gemm_nt_masked",
    "m_grouped_fp8_gemm_nn_contiguous",
    "m_grouped_fp8_gemm_nt_contiguous",
    "m_grouped_fp8_gemm_nt_masked",
    "pack_ue8m0_to_int",
    "per_block_cast_to_fp8",
    "per_channel_cast_to_fp8",
    "per_custom_dims_cast_to_fp8",
    "per_token_cast_to_fp4",
    "per_token_cast_to_fp8",
    "preload",
    "prepack_fp4_weights",
    "record",
    "recorded_calls",
    "requantize_fp4_to_fp8",
    "set_block_size_multiple_of",
    "set_compile_mode",
    "set_cpu_arch",
    "set_ignore_compile_dims",
    "set_mk_alignment_for_contiguous_layout",
    "set_num_sms",
    "set_nvtx",
    "set_pdl",
    "set_tc_util",
    "set_verbose",
    "silu_mul_cast_to_fp8",
    "stats",
    "tf32_hc_prenorm_gemm",
    "to_numpy",
    "transform_sf_into_required_layout",
    "transpose_packed_fp4",
    "unload_plan",
    "unpack_ue8m0_from_int",
    "use_deterministic_algorithms",
    "utils",
]

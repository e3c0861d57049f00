"""The GEMMs over groups of K with DeepGEMM 2.6's parameters: sizes on the host may be absent, ends may be given."""

from collections.abc import Sequence
from typing import Any

from ..ops import bf16_grouped, fp8_k_grouped
from ..ops._k_groups import spans_of


def k_grouped_fp8_gemm_nt_contiguous(
    a: tuple[Any, Any],
    b: tuple[Any, Any],
    d: Any,
    ks_cpu: Sequence[int] | None,
    grouped_layout: Any,
    c: Any = None,
    recipe: tuple[int, int, int] = (1, 1, 128),
    compiled_dims: str = "mn",
    use_psum_layout: bool = False,
) -> None:
    """aotgemm.k_grouped_fp8_gemm_nt_contiguous, whose ks and ks_tensor are called ks_cpu and grouped_layout here.

    With use_psum_layout grouped_layout holds where each group's K ends, int32 [G]: a group starts where the one before
    ends, rounded up to get_mk_alignment_for_contiguous_layout(). a, b and their scales hold whole spans of that
    alignment, and both operands hold zeros from a group's end to the end of its span. ks_cpu: these spans; without it
    they are read from the device, which waits for it and cannot be captured in a CUDA graph.
    Raises what that call raises, and ShapeError for no ks_cpu without use_psum_layout.
    """
    spans = spans_of("ks_cpu", ks_cpu, grouped_layout, use_psum_layout)
    fp8_k_grouped.k_grouped_fp8_gemm_nt_contiguous(a, b, d, spans.ks, spans.ks_tensor, c, recipe, compiled_dims)


def k_grouped_fp8_gemm_tn_contiguous(
    a: tuple[Any, Any],
    b: tuple[Any, Any],
    d: Any,
    ks_cpu: Sequence[int] | None,
    grouped_layout: Any,
    c: Any = None,
    recipe: tuple[int, int, int] = (1, 1, 128),
    compiled_dims: str = "mn",
    use_psum_layout: bool = False,
) -> None:
    """aotgemm.k_grouped_fp8_gemm_tn_contiguous with the parameters of k_grouped_fp8_gemm_nt_contiguous above."""
    fp8_k_grouped.k_grouped_fp8_gemm_tn_contiguous(
        *(a, b, d, ks_cpu, grouped_layout, c, recipe, compiled_dims, use_psum_layout)
    )


def k_grouped_bf16_gemm_tn_contiguous(
    a: Any,
    b: Any,
    d: Any,
    ks_cpu: Sequence[int] | None,
    grouped_layout: Any,
    c: Any = None,
    compiled_dims: str = "mn",
    use_psum_layout: bool = False,
) -> None:
    """aotgemm.k_grouped_bf16_gemm_tn_contiguous with the parameters of k_grouped_fp8_gemm_nt_contiguous above."""
    bf16_grouped.k_grouped_bf16_gemm_tn_contiguous(
        *(a, b, d, ks_cpu, grouped_layout, c, compiled_dims, use_psum_layout)
    )

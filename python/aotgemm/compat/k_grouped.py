"""The GEMMs over groups of K with DeepGEMM 2.6's parameters: sizes on the host may be absent, ends may be given."""

from collections.abc import Sequence
from typing import Any

from ..arrays.sizes import align
from ..errors import ShapeError
from ..ops.bf16_grouped import k_grouped_bf16_gemm_tn_contiguous as bf16_gemm
from ..ops.fp8_k_grouped import k_grouped_fp8_gemm_nt_contiguous as fp8_gemm
from ..ops.fp8_k_grouped import k_grouped_fp8_gemm_tn_contiguous as fp8_gemm_tn
from .deepgemm_settings import get_mk_alignment_for_contiguous_layout


def _spans_on_host(ends: Sequence[int], alignment: int) -> list[int]:
    """What each group takes: from the end of the group before, rounded up, to its own end, rounded up."""
    aligned = [align(end, alignment) for end in ends]
    return [end - start for start, end in zip([0, *aligned], aligned, strict=False)]


def _spans_on_device(ends: Any, alignment: int) -> Any:
    """The same, by the arithmetic of the tensor's own framework: nothing waits for the device."""
    aligned = (ends + (alignment - 1)) // alignment * alignment
    starts = aligned * 0
    starts[1:] = aligned[:-1]
    return aligned - starts


def _sizes(ks_cpu: Sequence[int] | None, grouped_layout: Any, use_psum_layout: bool) -> tuple[Sequence[int], Any]:
    """K of each group, on the host and as a tensor."""
    if not use_psum_layout:
        if ks_cpu is None or len(ks_cpu) == 0:
            raise ShapeError(f"ks_cpu: is {ks_cpu}, allowed is K of each group, or none with use_psum_layout")
        return ks_cpu, grouped_layout
    alignment = get_mk_alignment_for_contiguous_layout()
    spans = _spans_on_device(grouped_layout, alignment)
    if ks_cpu is None or len(ks_cpu) == 0:
        return _spans_on_host(grouped_layout.tolist(), alignment), spans
    return ks_cpu, spans


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
    fp8_gemm(a, b, d, *_sizes(ks_cpu, grouped_layout, use_psum_layout), c, recipe, compiled_dims)


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
    fp8_gemm_tn(a, b, d, *_sizes(ks_cpu, grouped_layout, use_psum_layout), c, recipe, compiled_dims)


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
    bf16_gemm(a, b, d, *_sizes(ks_cpu, grouped_layout, use_psum_layout), c, compiled_dims)

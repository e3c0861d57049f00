"""One call for every GEMM, over the functions of _core."""

from collections.abc import Callable, Sequence
from typing import Any

from .. import _core
from ..arrays.frameworks import contiguous_stride, empty_strided
from ..ops.layout import get_mn_major_tma_aligned_tensor

UNWRITTEN = 0xFF  # bytes of a workspace before a run: NaN, so that a part left out shows in every sum


def gemm(
    family: str,
    grouping: str,
    layout: str,
    a: Any,
    sfa: Any,
    b: Any,
    sfb: Any,
    c: Any,
    d: Any,
    index: Any = None,
    ks: Sequence[int] | None = None,
    expected_m: int = 0,
    head_splits: tuple[int, int, int] | None = None,
    kernel: int = -1,
    threads: int = 0,
    stream: int | None = None,
) -> None:
    """Any GEMM of the library; None where the call has no such operand. Scales may have any layout.

    index: grouped_layout, masked_m or ks_tensor. kernel: -1 is the library's choice.
    """
    how = {"kernel": kernel, "threads": threads, "stream": stream}
    if family == "bf16_gemm":
        _bf16(grouping, layout, (a, b, c, d), index, ks, expected_m, how)
        return
    function, rest = _fp8(family, grouping, c, d, index, ks, expected_m, head_splits)
    if not function(a, sfa, b, sfb, *rest, **how):
        sfa = get_mn_major_tma_aligned_tensor(sfa)
        sfb = get_mn_major_tma_aligned_tensor(sfb) if family == "fp8_gemm_1d1d" else sfb
        function(a, sfa, b, sfb, *rest, **how)


def _fp8(
    family: str, grouping: str, c: Any, d: Any, index: Any, ks: Any, expected_m: int, head_splits: Any
) -> tuple[Callable[..., bool], tuple[Any, ...]]:
    """The function, and its arguments after the scales of B."""
    if grouping == "k_grouped":
        return _core.k_grouped_fp8_gemm_nt_contiguous, (c, d, ks, index)
    if family == "fp8_gemm_1d1d":
        return _core.fp8_gemm_nt_1d1d, (c, d)
    if head_splits is not None:
        return _core.fp8_gemm_nt_skip_head_mid, (d, *head_splits)
    if grouping == "dense":
        return _core.fp8_gemm_nt, (d,)
    if grouping == "batched":
        return _core.fp8_bmm_nt, (d,)
    if grouping == "masked":
        return _core.m_grouped_fp8_gemm_nt_masked, (d, index, expected_m)
    return _core.m_grouped_fp8_gemm_nt_contiguous, (d, index, grouping == "psum", expected_m)


def _bf16(
    grouping: str, layout: str, operands: tuple[Any, ...], index: Any, ks: Any, expected_m: int, how: dict[str, Any]
) -> None:
    a, b, c, d = operands
    if grouping == "batch_reduced":
        _bf16_batch_reduced(a, b, c, d, how)
    elif grouping == "k_grouped":
        _core.k_grouped_bf16_gemm_tn_contiguous(a, b, c, d, ks, index, **how)
    elif grouping == "dense":
        _core.bf16_gemm(layout, a, b, c, d, **how)
    elif grouping == "batched":
        _core.bf16_bmm(layout, a, b, d, **how)
    elif grouping == "masked":
        _core.m_grouped_bf16_gemm_nt_masked(a, b, d, index, expected_m, **how)
    else:
        _core.m_grouped_bf16_gemm_contiguous(layout, a, b, d, index, grouping == "psum", expected_m, **how)


def _bf16_batch_reduced(a: Any, b: Any, c: Any, d: Any, how: dict[str, Any]) -> None:
    ranges = _core.bf16_gemm_nt_batch_reduced(a, b, c, d, **how)
    if ranges:
        shape = (ranges, *d.shape)
        workspace = empty_strided("d", d, shape, contiguous_stride(shape), "float32")
        if isinstance(workspace, _core.DeviceArray) and how["stream"] is None:  # else the fill might come too late
            workspace.fill_bytes(UNWRITTEN)
        _core.bf16_gemm_nt_batch_reduced(a, b, c, d, workspace, **how)

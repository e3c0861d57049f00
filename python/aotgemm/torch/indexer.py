"""The indexer's logits as operators, where this build has them: results whose rows lie as far apart as the call puts
them."""

from typing import Any

import torch

import aotgemm

from ..arrays.sizes import align
from ..ops.mqa_logits import SPARE_KEYS, check_form, logits_dtype_name, logits_stride
from .registration import register
from .shapes import FP8, FP32, check_dtype, check_number, check_sizes


def empty_logits(like: torch.Tensor, rows: Any, columns: Any, room: Any, dtype: torch.dtype | None) -> torch.Tensor:
    """Logits without values, a row's elements starting at a multiple of 1,024 bytes."""
    name = logits_dtype_name(dtype)
    return like.new_empty_strided((rows, columns), (logits_stride(room, name), 1), dtype=getattr(torch, name))


def elements(q_scales: torch.Tensor | None) -> torch.dtype:
    """Of q and of the keys: FP4, two in a byte, where q has scales."""
    return FP8 if q_scales is None else torch.int8


def _run(
    q: torch.Tensor,
    k: torch.Tensor,
    scales: torch.Tensor,
    weights: torch.Tensor,
    start: torch.Tensor,
    end: torch.Tensor,
    clean_logits: bool = True,
    max_seqlen_k: int = 0,
    logits_dtype: torch.dtype | None = None,
    *,
    q_scales: torch.Tensor | None = None,
) -> torch.Tensor:
    return aotgemm.fp8_fp4_mqa_logits(
        (q, q_scales), (k, scales), weights, start, end, clean_logits, max_seqlen_k, logits_dtype=logits_dtype
    )


def _fake(
    q: torch.Tensor,
    k: torch.Tensor,
    scales: torch.Tensor,
    weights: torch.Tensor,
    start: torch.Tensor,
    end: torch.Tensor,
    clean_logits: bool = True,
    max_seqlen_k: int = 0,
    logits_dtype: torch.dtype | None = None,
    *,
    q_scales: torch.Tensor | None = None,
) -> torch.Tensor:
    check_dtype("q", q, elements(q_scales))
    check_dtype("kv", k, elements(q_scales))
    check_dtype("weights", weights, FP32)
    check_sizes(q=(q, "mhd"), kv=(k, "nd"), scales=(scales, "n"), weights=(weights, "mh"), start=(start, "m"))
    check_number("max_seqlen_k", max_seqlen_k, least=0)
    check_form(clean_logits, max_seqlen_k)
    room = align(max_seqlen_k, SPARE_KEYS) if max_seqlen_k else k.shape[0] + SPARE_KEYS
    return empty_logits(q, q.shape[0], max_seqlen_k or k.shape[0], room, logits_dtype)


register(
    "fp8_fp4_mqa_logits(Tensor q, Tensor k, Tensor scales, Tensor weights, Tensor start, Tensor end, "
    "bool clean_logits=True, SymInt max_seqlen_k=0, ScalarType? logits_dtype=None, *, Tensor? q_scales=None) -> Tensor",
    _run,
    _fake,
)
operator = torch.ops.aotgemm.fp8_fp4_mqa_logits.default


def traced(
    q: Any,
    kv: tuple[torch.Tensor, torch.Tensor],
    weights: torch.Tensor,
    cu_seq_len_k_start: torch.Tensor | None = None,
    cu_seq_len_k_end: torch.Tensor | None = None,
    clean_logits: bool | int = True,
    max_seqlen_k: int = 0,
    logits_dtype: torch.dtype | None = None,
    *,
    ks: torch.Tensor | None = None,
    ke: torch.Tensor | None = None,
    schedule_meta: None = None,
) -> torch.Tensor:
    """What a graph holds in the place of aotgemm.fp8_fp4_mqa_logits, whose parameters these are."""
    query, q_scales = q if isinstance(q, tuple) else (q, None)
    start = ks if cu_seq_len_k_start is None else cu_seq_len_k_start
    end = ke if cu_seq_len_k_end is None else cu_seq_len_k_end
    clean, width = (clean_logits, max_seqlen_k) if isinstance(clean_logits, bool) else (False, clean_logits)
    return operator(query, kv[0], kv[1], weights, start, end, clean, width, logits_dtype, q_scales=q_scales)

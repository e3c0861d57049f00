"""The indexer's logits from a paged cache, and their schedule, as operators, where this build has them."""

from typing import Any

import torch

import aotgemm

from ..arrays.sizes import align
from ..ops.mqa_logits import SPARE_KEYS
from ..ops.paged_mqa_logits import schedule_shape
from .indexer import elements, empty_logits
from .registration import register
from .shapes import FP32, check_dtype, check_ndim, check_number


def _run(
    q: torch.Tensor,
    kv_cache: torch.Tensor,
    weights: torch.Tensor,
    context_lens: torch.Tensor,
    block_table: torch.Tensor,
    schedule_meta: torch.Tensor,
    max_context_len: int,
    logits_dtype: torch.dtype | None = None,
    *,
    q_scales: torch.Tensor | None = None,
) -> torch.Tensor:
    operands = (q, q_scales), kv_cache, weights, context_lens, block_table, schedule_meta
    return aotgemm.fp8_fp4_paged_mqa_logits(*operands, max_context_len, logits_dtype=logits_dtype)


def _fake(
    q: torch.Tensor,
    kv_cache: torch.Tensor,
    weights: torch.Tensor,
    context_lens: torch.Tensor,
    block_table: torch.Tensor,
    schedule_meta: torch.Tensor,
    max_context_len: int,
    logits_dtype: torch.dtype | None = None,
    *,
    q_scales: torch.Tensor | None = None,
) -> torch.Tensor:
    check_dtype("q", q, elements(q_scales))
    check_dtype("weights", weights, FP32)
    check_ndim("q", q, 4)
    check_ndim("kv_cache", kv_cache, 4)
    check_number("max_context_len", max_context_len)
    room = align(max_context_len, SPARE_KEYS)
    return empty_logits(q, q.shape[0] * q.shape[1], max_context_len, room, logits_dtype)


def _fake_schedule(context_lens: torch.Tensor, block_kv: int, num_sms: int) -> torch.Tensor:
    check_dtype("context_lens", context_lens, torch.int32)
    check_ndim("context_lens", context_lens, 2)
    return context_lens.new_empty(schedule_shape(block_kv, num_sms))


register(
    "fp8_fp4_paged_mqa_logits(Tensor q, Tensor kv_cache, Tensor weights, Tensor context_lens, Tensor block_table, "
    "Tensor schedule_meta, SymInt max_context_len, ScalarType? logits_dtype=None, *, Tensor? q_scales=None) -> Tensor",
    _run,
    _fake,
)
register(
    "get_paged_mqa_logits_metadata(Tensor context_lens, int block_kv, int num_sms) -> Tensor",
    lambda *given: aotgemm.get_paged_mqa_logits_metadata(*given),
    _fake_schedule,
)
logits = torch.ops.aotgemm.fp8_fp4_paged_mqa_logits.default
schedule = torch.ops.aotgemm.get_paged_mqa_logits_metadata.default


def traced_logits(
    q: Any,
    kv_cache: torch.Tensor,
    weights: torch.Tensor,
    context_lens: torch.Tensor,
    block_table: torch.Tensor,
    schedule_meta: torch.Tensor,
    max_context_len: int,
    clean_logits: bool = False,
    logits_dtype: torch.dtype | None = None,
    indices: None = None,
) -> torch.Tensor:
    """In the place of aotgemm.fp8_fp4_paged_mqa_logits, whose parameters these are."""
    if clean_logits or indices is not None:
        raise aotgemm.LayoutError("clean_logits, indices: allowed are False and None")
    query, q_scales = q if isinstance(q, tuple) else (q, None)
    operands = query, kv_cache, weights, context_lens, block_table, schedule_meta
    return logits(*operands, max_context_len, logits_dtype, q_scales=q_scales)


def traced_schedule(context_lens: torch.Tensor, block_kv: int, num_sms: int, indices: None = None) -> torch.Tensor:
    """In the place of aotgemm.get_paged_mqa_logits_metadata."""
    if indices is not None:
        raise aotgemm.DtypeError("indices: allowed is None")
    return schedule(context_lens, block_kv, num_sms)

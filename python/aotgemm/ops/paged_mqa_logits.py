"""Logits of an indexer's keys for rows of several sequences, whose keys lie in blocks of a cache."""

from typing import Any

from .. import _core
from ..arrays.frameworks import shape_of
from ..arrays.sizes import align
from ..errors import DtypeError, LayoutError, ShapeError
from ..scalars import MOST_EXTENT, count, flag, integer
from ..typing import T, Tensor
from ._arguments import describe
from .mqa_logits import SPARE_KEYS, logits_dtype_name, logits_stride, query_and_scales


def _check_no_indices(indices: Any) -> None:
    if indices is not None:
        raise DtypeError(f"indices: is {describe(indices)}, allowed is None (the kernels do not pair sequences)")


def schedule_shape(block_kv: int, num_sms: int) -> list[int]:
    """Of a schedule. Raises ShapeError, or DtypeError for what is no number."""
    if integer("block_kv", block_kv) not in (32, 64):
        raise ShapeError(f"block_kv: is {block_kv}, allowed is 32 or 64")
    return [count("num_sms", num_sms, most=MOST_EXTENT - 1) + 1, 2]


def get_paged_mqa_logits_metadata(context_lens: T, block_kv: int, num_sms: int, indices: None = None) -> T:
    """The schedule of a paged call: int32 [num_sms + 1, 2], {sequence, split of 256 keys} where each slot begins.

    context_lens: int32 [B, R], contiguous; the last column has the number of each sequence's keys.
    block_kv: 32 or 64, the keys of a block; the schedule is the same. num_sms: how many slots, best one for each SM.
    indices: accepted if None.
    Slots have equal parts, the last ones one split more: aotgemm_paged_mqa_logits_metadata in aotgemm.h. Runs on the
    current stream and can be captured in a CUDA graph.
    Raises ShapeError, DtypeError, LayoutError, DeviceError or CudaError.
    """
    _check_no_indices(indices)
    entries, words = schedule_shape(block_kv, num_sms)
    shape_of("context_lens", context_lens, (2,))
    schedule = _core.new_matrix("context_lens", context_lens, entries, words, words, "int32")
    _core.paged_mqa_logits_metadata(context_lens, block_kv, schedule)
    return schedule


def fp8_fp4_paged_mqa_logits(
    q: T | tuple[T, Tensor | None],
    kv_cache: Tensor,
    weights: Tensor,
    context_lens: Tensor,
    block_table: Tensor,
    schedule_meta: Tensor,
    max_context_len: int,
    clean_logits: bool = False,
    logits_dtype: Any = None,
    indices: None = None,
) -> T:
    """Logits of each sequence's keys for all of its rows: as fp8_fp4_mqa_logits, with keys in blocks of a cache.

    q: FP8 E4M3 [B, R, H, D], contiguous, or (that, None); H is 16, 32 or 64, on sm_100a also 8, D is 32, 64
        or 128, R any number.
        On sm_100a also (packed, scales) in FP4: int8 [B, R, H, D/2] and int32 [B, R, H], as there.
    kv_cache: uint8 [blocks, block_kv, 1, D + 4], block_kv 32 or 64. A block holds the FP8 values of all its keys, then
        their FP32 scales; in FP4 [..., D/2 + 4], packed values, then int32 scales. Blocks are contiguous and a multiple
        of 16 bytes apart, without which the TMA cannot read them; blocks without padding between them are.
    weights: FP32 [B * R, H], weights.stride(1) == 1.
    context_lens: int32 [B, R], contiguous; the last column has the number of a sequence's keys, for all its rows.
    block_table: int32 [B, max_blocks], block_table.stride(1) == 1. Entries past a sequence's keys are not used; keys of
        a block that there is not are zeros.
    schedule_meta: int32 [slots + 1, 2] of get_paged_mqa_logits_metadata, or made elsewhere in the same format; what it
        says of other sequences or of keys past the end is left out.
    max_context_len: columns of the logits; keys past the last column are left out.
    clean_logits, indices: accepted if False and None.
    logits_dtype: float32 (also for None) or bfloat16, of any framework.
    Returns logits [B * R, max_context_len], a view of rows that start at multiples of 1,024 bytes. Columns past a
    sequence's keys hold whatever was in memory; masking keys of the future among R rows is the caller's.

    The arithmetic is that of fp8_fp4_mqa_logits. Runs on the current stream and can be captured in a CUDA graph.
    Raises ShapeError, DtypeError, LayoutError, DeviceError or CudaError.
    """
    _check_no_indices(indices)
    if flag("clean_logits", clean_logits):
        raise LayoutError("clean_logits: is True, allowed is False with context_lens of two dimensions")
    (q, q_scales), dtype = query_and_scales(q), logits_dtype_name(logits_dtype)
    width, shape = count("max_context_len", max_context_len), shape_of("q", q, (4,))
    stride = logits_stride(align(width, SPARE_KEYS), dtype)
    logits = _core.new_matrix("q", q, shape[0] * shape[1], width, stride, dtype)
    _core.paged_mqa_logits(q, kv_cache, weights, context_lens, block_table, schedule_meta, logits, q_sf=q_scales)
    return logits


def fp8_paged_mqa_logits(
    q: T,
    kv_cache: Tensor,
    weights: Tensor,
    context_lens: Tensor,
    block_table: Tensor,
    schedule_meta: Tensor,
    max_context_len: int,
    clean_logits: bool = False,
    indices: None = None,
) -> T:
    """fp8_fp4_paged_mqa_logits with logits in FP32 and q a tensor."""
    operands = q, kv_cache, weights, context_lens, block_table, schedule_meta
    return fp8_fp4_paged_mqa_logits(*operands, max_context_len, clean_logits, indices=indices)

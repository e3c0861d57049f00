"""Logits of an indexer's keys (DeepSeek's lightning indexer), for rows of queries in one matrix."""

from typing import Any

from .. import _core
from ..arrays.frameworks import shape_of
from ..arrays.sizes import align
from ..errors import DtypeError, LayoutError
from ..scalars import count, integer, shown
from ..typing import ScaledTensor, T, Tensor
from ._arguments import describe, unpack

ROW_BYTES = 1024  # logits of a row start at multiples of it
SPARE_KEYS = 256  # room behind the last key, for what is written in whole steps
OUT_BYTES = {"float32": 4, "bfloat16": 2}


def logits_dtype_name(given: Any) -> str:
    """ "float32" or "bfloat16", from the dtype of any framework or None for float32. Raises DtypeError."""
    name = "float32" if given is None else shown(getattr(given, "__name__", given)).removeprefix("torch.")
    if name not in OUT_BYTES:
        raise DtypeError(f"logits_dtype: is {name}, allowed is float32 or bfloat16")
    return name


def logits_stride(columns: int, dtype: str) -> int:
    """Elements from a row of logits to the next one."""
    return align(columns * OUT_BYTES[dtype], ROW_BYTES) // OUT_BYTES[dtype]


def query_and_scales(q: Any) -> tuple[Any, Any]:
    """The tensor of q and its scales, which mean FP4; None for those of FP8, whether q is a pair or not."""
    return unpack("q", q) if isinstance(q, (tuple, list)) else (q, None)


def _one_of(name: str, value: Any, alias: str, other: Any) -> Any:
    """The argument under either of its names."""
    if (value is None) == (other is None):
        given = "neither" if value is None else "both"
        raise DtypeError(f"{name}: {given} of {name} and {alias} is given, exactly one must be")
    return other if value is None else value


def check_form(clean_logits: bool, width: Any) -> None:
    """Raises LayoutError for compressed logits, `width` columns of them, that are to be clean."""
    if clean_logits and width > 0:
        raise LayoutError(f"clean_logits: is True, allowed is False with max_seqlen_k = {width}")


def _form(clean_logits: Any, max_seqlen_k: Any) -> tuple[bool, int]:
    """(clean_logits, max_seqlen_k) as DeepGEMM 2.6 orders them; an int in the first one's place is the second."""
    if not isinstance(clean_logits, bool):
        if max_seqlen_k is not None and not (isinstance(max_seqlen_k, int) and max_seqlen_k == 0):
            raise DtypeError(f"schedule_meta: is {describe(max_seqlen_k)}, allowed is None")
        clean_logits, max_seqlen_k = False, integer("clean_logits", clean_logits)
    width = count("max_seqlen_k", max_seqlen_k, least=0)
    check_form(clean_logits, width)
    return clean_logits, width


def fp8_fp4_mqa_logits(
    q: T | tuple[T, Tensor | None],
    kv: ScaledTensor,
    weights: Tensor,
    cu_seq_len_k_start: Tensor | None = None,
    cu_seq_len_k_end: Tensor | None = None,
    clean_logits: bool | int = True,
    max_seqlen_k: int = 0,
    logits_dtype: Any = None,
    *,
    ks: Tensor | None = None,
    ke: Tensor | None = None,
    schedule_meta: None = None,
) -> T:
    """Logits of each row's own keys: (sum over heads h of max(q[i, h] . k[j], 0) * weights[i, h]) * scales[j].

    q: FP8 E4M3 [M, H, D], contiguous, or (that, None); H is 16, 32 or 64, on sm_100a also 8, D is 32, 64 or
        128.
        On sm_100a also (packed, scales) in FP4: int8 [M, H, D/2], two E2M1 codes to a byte, and int32 [M, H] with four
        UE8M0, one for 32 elements; D is 64 or 128.
    kv: (k, scales): FP8 E4M3 [N, D], rows a multiple of 16 bytes apart, and FP32 [N], contiguous; in FP4 int8 [N, D/2]
        and int32 [N].
    weights: FP32 [M, H], weights.stride(1) == 1.
    cu_seq_len_k_start, cu_seq_len_k_end (or ks, ke): int32 [M], contiguous. Keys of row i: start[i] <= j < end[i],
        cut to 0 <= j < N; end <= start is no key.
    clean_logits: columns of no key become -infinity, in the same launch; otherwise they hold whatever was in memory.
        An int here is max_seqlen_k, without clean_logits (the order of DeepGEMM 2.8).
    max_seqlen_k: 0, or the number of columns of compressed logits, in which key j lies in column j - start[i] and keys
        past the last column are left out; not with clean_logits.
    logits_dtype: float32 (also for None) or bfloat16, of any framework.
    Returns logits [M, N] or [M, max_seqlen_k], a view of rows that start at multiples of 1,024 bytes.

    Arithmetic: aotgemm_fp8_mqa_logits and aotgemm_fp8_fp4_mqa_logits in aotgemm.h: for each architecture one order for
    every size and SM count, on Hopper that of DeepGEMM 2.6.1. In FP4 the scales are in the dot product, and nothing
    is multiplied afterwards. A NaN of any operand makes the logits that it enters NaN. schedule_meta: accepted if None.
    Raises ShapeError, DtypeError, LayoutError, DeviceError or CudaError.
    """
    if schedule_meta is not None:
        raise DtypeError(f"schedule_meta: is {describe(schedule_meta)}, allowed is None")
    (q, q_scales), (k, scales) = query_and_scales(q), unpack("kv", kv)
    start = _one_of("cu_seq_len_k_start", cu_seq_len_k_start, "ks", ks)
    end = _one_of("cu_seq_len_k_end", cu_seq_len_k_end, "ke", ke)
    clean_logits, width = _form(clean_logits, max_seqlen_k)
    dtype = logits_dtype_name(logits_dtype)
    rows, keys = shape_of("q", q, (3,))[0], shape_of("kv", k, (2,))[0]
    columns = align(width, SPARE_KEYS) if width else keys + SPARE_KEYS
    logits = _core.new_matrix("q", q, rows, width or keys, logits_stride(columns, dtype), dtype)
    _core.mqa_logits(q, k, scales, weights, start, end, logits, width > 0, clean_logits, q_sf=q_scales)
    return logits


def fp8_mqa_logits(
    q: T,
    kv: ScaledTensor,
    weights: Tensor,
    cu_seq_len_k_start: Tensor | None = None,
    cu_seq_len_k_end: Tensor | None = None,
    clean_logits: bool | int = True,
    max_seqlen_k: int = 0,
    *,
    ks: Tensor | None = None,
    ke: Tensor | None = None,
) -> T:
    """fp8_fp4_mqa_logits with logits in FP32 and q a tensor."""
    return fp8_fp4_mqa_logits(
        q, kv, weights, cu_seq_len_k_start, cu_seq_len_k_end, clean_logits, max_seqlen_k, ks=ks, ke=ke
    )

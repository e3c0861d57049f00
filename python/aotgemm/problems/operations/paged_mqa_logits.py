"""Logits of an indexer's keys in blocks of a cache: fp8_paged_mqa_logits, in FP32, fp8_fp4_paged_mqa_logits, here in
BF16 and with operands in FP4, and their schedule, get_paged_mqa_logits_metadata."""

import sys
from dataclasses import dataclass
from functools import partial
from itertools import cycle, product
from typing import Any

import ml_dtypes
import numpy as np

from ... import _core
from ...arrays.frameworks import framework_of
from ...arrays.sizes import align, ceil_div
from ...ops.mqa_logits import OUT_BYTES
from ...reference.paged_mqa_logits import gathered_keys, schedule_of
from ..backends import ARCHS
from ..memory import numpy_dtype
from ..operation import Inputs, Measured, Operation, OperationCall, Output, at_every_level
from ..sizes import log_uniform
from ..values import Values
from .mqa_logits import EIGHT_HEADS, FP4, SM100_ARCHS, UE8M0_NAN, draw_fp4, logits_of, of_variants

FP8, FP8_NAN, SCALE_BYTES = ml_dtypes.float8_e4m3fn, 0x7F, 4
HEADS, HEAD_DIMS, BLOCKS = (16, 32, 64), (32, 64, 128), (64, 32)
SMS = 132
MOST_SEQUENCES, FEWEST_KEYS, MOST_KEYS, MOST_IN_CACHE = 256, 1024, 65536, 1 << 22  # of what is measured


@dataclass(frozen=True)
class PagedSize:
    """Sequences of up to `keys` keys, each with some rows of q; slots of the schedule. full: all have `keys` keys."""

    sequences: int
    rows: int
    keys: int
    heads: int
    head_dim: int
    block: int = 64
    slots: int = SMS
    full: bool = False
    is_fp4: bool = False

    def __str__(self) -> str:
        shape = [self.sequences, self.rows, self.heads, self.head_dim]
        return f"{shape} x {self.keys} keys{' in FP4' * self.is_fp4} in blocks of {self.block}, {self.slots} slots"

    @property
    def blocks(self) -> int:
        """Of one sequence."""
        return ceil_div(self.keys, self.block)


def _sizes(shapes: tuple[tuple[int, int, int, int], ...]) -> list[PagedSize]:
    block = cycle(BLOCKS)
    return [
        PagedSize(sequences, rows, keys, heads, head_dim, next(block), slots)
        for (sequences, rows, keys, slots), heads, head_dim in product(shapes, HEADS, HEAD_DIMS)
    ]


# With one, two and five rows, and heads that fit, every kernel has a size.
SMALL = _sizes(((2, 1, 300, 3), (2, 5, 70, 2)))
QUICK = [*SMALL, *_sizes(((7, 2, 1500, 33),))]
FULL = [*QUICK, *_sizes(((40, 1, 4000, SMS), (3, 3, 9000, SMS)))]
LEVELS = {"full": FULL, "quick": QUICK, "small": SMALL, "host": SMALL}

Quantised = tuple[np.ndarray, np.ndarray]  # codes [..., bytes of a head] and scales [...]


def _draw_fp8(size: PagedSize, rng: np.random.Generator) -> tuple[Quantised, Quantised]:
    q = rng.standard_normal((size.sequences, size.rows, size.heads, size.head_dim), np.float32).astype(FP8)
    keys = size.sequences * size.blocks, size.block
    k = rng.standard_normal((*keys, size.head_dim), np.float32).astype(FP8)
    return (q, None), (k, rng.standard_normal(keys, np.float32))


def _draw_fp4(size: PagedSize, rng: np.random.Generator) -> tuple[Quantised, Quantised]:
    heads, keys = (size.sequences, size.rows, size.heads), (size.sequences * size.blocks, size.block)
    return draw_fp4(rng, heads, size.head_dim), draw_fp4(rng, keys, size.head_dim)


def _cache_of(codes: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """The codes of all keys of a block, then their scales."""
    blocks, block, row_bytes = codes.shape
    cache = np.empty((blocks, block * (row_bytes + SCALE_BYTES)), np.uint8)
    cache[:, : block * row_bytes] = codes.reshape(blocks, -1).view(np.uint8)
    cache[:, block * row_bytes :] = scales.view(np.uint8)
    return cache.reshape(blocks, block, 1, -1).view(codes.dtype)


def _draw(size: PagedSize, rng: np.random.Generator, values: Values) -> Inputs:
    """Random codes; edge values have a NaN in q, and lengths that are negative or beyond the table."""
    (q, q_scales), (codes, scales) = (_draw_fp4 if size.is_fp4 else _draw_fp8)(size, rng)
    blocks = len(codes)
    lengths = np.full((size.sequences, size.rows), -1, np.int32)
    lengths[:, -1] = size.keys if size.full else rng.integers(0, size.keys + 1, size.sequences)
    lengths[-1, -1] = size.keys
    if values == "edge":
        q.view(np.uint8)[0, 0, 0, 0] = FP8_NAN
        if size.is_fp4:
            q_scales.view(np.uint8)[0, 0, 0] = UE8M0_NAN
        lengths[0, -1] = rng.choice((-3, size.keys + 1000))
    return {
        "q": q,
        "q_scales": q_scales,
        "cache": _cache_of(codes, scales),
        "weights": rng.standard_normal((size.sequences * size.rows, size.heads), np.float32),
        "lengths": lengths,
        "table": rng.permutation(blocks).astype(np.int32).reshape(size.sequences, size.blocks),
        "schedule": schedule_of(lengths[:, -1], size.slots),
    }


def _live(size: PagedSize, inputs: Inputs) -> np.ndarray:
    """Which logits are computed."""
    return np.arange(size.keys) < inputs["lengths"][:, -1].repeat(size.rows)[:, None]


def _outputs(dtype: str, size: PagedSize, inputs: Inputs) -> dict[str, Output]:
    stride = align(size.keys, 16 // OUT_BYTES[dtype])
    return {"logits": Output(dtype, (size.sequences * size.rows, size.keys), (stride, 1), _live(size, inputs))}


def _operands(call: OperationCall) -> tuple[Any, ...]:
    return tuple(call[name] for name in ("q", "cache", "weights", "lengths", "table", "schedule"))


def _run(call: OperationCall, stream: int | None = None, threads: int = 0) -> None:
    _core.paged_mqa_logits(*_operands(call), call["logits"], threads, stream, call["q_scales"])


def _bytes_of(cache: Any) -> Any:
    """As other libraries take it: in PyTorch bytes."""
    return cache.view(sys.modules["torch"].uint8) if framework_of(cache) == "torch" else cache


def _public_fp32(call: OperationCall, library: Any) -> Any:
    q, cache, *others = _operands(call)
    return library.fp8_paged_mqa_logits(q, _bytes_of(cache), *others, call.size.keys, False)


def _public_bf16(call: OperationCall, library: Any) -> Any:
    q, cache, *others = _operands(call)
    dtype = sys.modules["torch"].bfloat16 if framework_of(q) == "torch" else ml_dtypes.bfloat16
    return library.fp8_fp4_paged_mqa_logits((q, None), _bytes_of(cache), *others, call.size.keys, False, dtype)


def _public_fp4(call: OperationCall, library: Any) -> Any:
    q, *others = _operands(call)
    return library.fp8_fp4_paged_mqa_logits((q, call["q_scales"]), *others, call.size.keys, False)


def _defined(dtype: str, size: PagedSize, inputs: Inputs) -> dict[str, np.ndarray]:
    logits = np.zeros((size.sequences * size.rows, size.keys), np.float32)
    for sequence in range(size.sequences):
        keys, scales = gathered_keys(inputs["cache"], inputs["table"][sequence])
        own = slice(sequence * size.rows, (sequence + 1) * size.rows)
        q_scales = inputs["q_scales"][sequence] if size.is_fp4 else None
        operands = inputs["q"][sequence], q_scales, keys, scales, inputs["weights"][own]
        logits[own] = logits_of(*operands)[:, : size.keys]
    return {"logits": logits.astype(numpy_dtype(dtype))}


def _measured_size(rng: np.random.Generator) -> PagedSize:
    """The indexer of DeepSeek-V3.2 in decoding, with and without a drafted token."""
    keys = log_uniform(rng, FEWEST_KEYS, MOST_KEYS)
    sequences = log_uniform(rng, 1, min(MOST_SEQUENCES, MOST_IN_CACHE // keys))
    return PagedSize(sequences, int(rng.choice((1, 2))), keys, 64, 128, full=True)


def _bytes(dtype: str, size: PagedSize) -> int:
    rows, keys = size.sequences * size.rows, size.sequences * size.keys
    read = rows * size.heads * (size.head_dim + SCALE_BYTES) + keys * (size.head_dim + SCALE_BYTES)
    return read + keys * size.rows * OUT_BYTES[dtype]


def _flops(size: PagedSize) -> int:
    return 2 * size.sequences * size.rows * size.keys * size.heads * size.head_dim


MEASURED = {dtype: Measured(_measured_size, partial(_bytes, dtype), _flops, "fp8") for dtype in OUT_BYTES}


def _operation(name: str, dtype: str, public: Any, variant: str = "") -> Operation:
    return Operation(
        name=name,
        families=("paged_mqa_logits",),
        sizes=of_variants(LEVELS)[variant],
        draw=_draw,
        outputs=lambda size, inputs: _outputs(dtype, size, inputs),
        run=_run,
        public=public,
        defined=lambda size, inputs: _defined(dtype, size, inputs),
        strided=("table", "weights", "logits"),
        measured=None if variant else MEASURED[dtype],
        variant=variant,
        archs=SM100_ARCHS if variant else ARCHS,
    )


def _run_schedule(call: OperationCall, stream: int | None = None, threads: int = 0) -> None:
    """On one thread of the CPU, whatever their number."""
    _core.paged_mqa_logits_metadata(call["lengths"], call.size.block, call["schedule"], stream)


SCHEDULES = [PagedSize(*shape, 64, 128, slots=slots) for shape, slots in product(((1, 1, 9), (700, 2, 5000)), (1, SMS))]

OPERATIONS = (
    _operation("fp8_paged_mqa_logits", "float32", _public_fp32),
    _operation("fp8_fp4_paged_mqa_logits", "bfloat16", _public_bf16, EIGHT_HEADS),
    _operation("fp8_fp4_paged_mqa_logits", "bfloat16", _public_bf16),
    _operation("fp8_fp4_paged_mqa_logits", "float32", _public_fp4, FP4),
    Operation(
        name="get_paged_mqa_logits_metadata",
        families=("paged_mqa_schedule",),
        sizes=at_every_level(SCHEDULES),
        draw=lambda size, rng, values: {
            "lengths": rng.integers(-3, size.keys, (size.sequences, size.rows)).astype(np.int32)
        },
        outputs=lambda size, inputs: {"schedule": Output("int32", (size.slots + 1, 2))},
        run=_run_schedule,
        public=lambda call, library: library.get_paged_mqa_logits_metadata(
            call["lengths"], call.size.block, call.size.slots
        ),
        defined=lambda size, inputs: {"schedule": schedule_of(inputs["lengths"][:, -1], size.slots)},
    ),
)

"""Logits of an indexer's keys: fp8_mqa_logits, in FP32, and fp8_fp4_mqa_logits, here in BF16."""

import sys
from dataclasses import dataclass, replace
from itertools import cycle, product
from typing import Any, Literal

import ml_dtypes
import numpy as np

from ... import _core
from ...arrays.frameworks import framework_of
from ...arrays.sizes import align
from ...ops.mqa_logits import OUT_BYTES
from ...reference.mqa_logits import mqa_logits
from ..memory import numpy_dtype
from ..operation import Inputs, Measured, Operation, OperationCall, Output, Rows
from ..sizes import log_uniform
from ..values import Values

FP8, FP8_NAN, SCALE_BYTES = ml_dtypes.float8_e4m3fn, 0x7F, 4
HEADS, HEAD_DIMS = (16, 32, 64), (32, 64, 128)
FORMS = ("full", "compressed", "clean")
MOST_ROWS, FEWEST_KEYS, MOST_KEYS = 4096, 4096, 65536  # of what is measured
Ranges = Literal["random", "causal", "chunked"]


@dataclass(frozen=True)
class MqaSize:
    """q [rows, heads, head_dim], keys, and which keys a row has.

    ranges: "random" ones, empty ones and such beyond the keys among them; "causal": all up to the row's own position,
    the rows being the last ones; "chunked": causal in a window of half of the keys.
    """

    rows: int
    keys: int
    heads: int
    head_dim: int
    form: str = "full"
    ranges: Ranges = "random"

    def __str__(self) -> str:
        return f"[{self.rows}, {self.heads}, {self.head_dim}] x {self.keys} keys, {self.ranges}, {self.form}"

    @property
    def width(self) -> int:
        """Columns of logits; compressed ones leave out a few keys."""
        return self.keys if self.form != "compressed" else max(self.keys * 3 // 4, 1)

    def stated_ranges(self) -> tuple[np.ndarray, np.ndarray]:
        """Starts and ends of ranges that are not random."""
        end = np.maximum(self.keys - self.rows + np.arange(self.rows) + 1, 0)
        window = self.keys if self.ranges == "causal" else max(self.keys // 2, 1)
        return np.maximum(end - window, 0).astype(np.int32), end.astype(np.int32)


def _sizes(shapes: tuple[tuple[int, int], ...]) -> list[MqaSize]:
    forms = cycle(FORMS)
    kernels = product(shapes, HEADS, HEAD_DIMS)
    return [MqaSize(*shape, heads, head_dim, next(forms)) for shape, heads, head_dim in kernels]


SMALL = _sizes(((5, 150),))
QUICK = [*SMALL, *_sizes(((131, 1001),))]
FULL = [*QUICK, *_sizes(((1, 1), (700, 5000)))]


def _draw(size: MqaSize, rng: np.random.Generator, values: Values) -> Inputs:
    """Random codes, or normal numbers; edge values have a NaN in each operand."""
    q = rng.standard_normal((size.rows, size.heads, size.head_dim), np.float32).astype(FP8)
    k = rng.standard_normal((size.keys, size.head_dim), np.float32).astype(FP8)
    scales, weights = (rng.standard_normal(shape, np.float32) for shape in (size.keys, (size.rows, size.heads)))
    if values != "normal":
        for operand in (q, k):
            codes = rng.integers(0, 256, operand.shape, np.uint8)
            operand.view(np.uint8)[...] = np.where(codes & FP8_NAN == FP8_NAN, 0, codes)
    if values == "edge":
        q.view(np.uint8)[-1, 0, 0] = k.view(np.uint8)[0, -1] = FP8_NAN
        scales[-1] = weights[0, -1] = np.nan
    if size.ranges == "random":
        start, end = rng.integers(-3, size.keys + 3, size.rows), rng.integers(-3, size.keys + 30, size.rows)
        start, end = start.astype(np.int32), end.astype(np.int32)
    else:
        start, end = size.stated_ranges()
    return {"q": q, "k": k, "scales": scales, "weights": weights, "start": start, "end": end}


def _columns(size: MqaSize, inputs: Inputs) -> np.ndarray:
    """Of each row and column the key there, -1 for none."""
    start, end = inputs["start"][:, None].astype(np.int64), inputs["end"][:, None]
    keys = np.arange(size.width) + (start if size.form == "compressed" else 0)
    return np.where((keys >= np.maximum(start, 0)) & (keys < np.minimum(end, size.keys)), keys, -1)


def _outputs(dtype: str, size: MqaSize, inputs: Inputs) -> dict[str, Output]:
    part = None if size.form == "clean" else _columns(size, inputs) >= 0
    stride = align(size.width, 16 // OUT_BYTES[dtype])
    return {"logits": Output(dtype, (size.rows, size.width), (stride, 1), part)}


def _run(call: OperationCall, stream: int | None = None, threads: int = 0) -> None:
    operands = (call[name] for name in ("q", "k", "scales", "weights", "start", "end", "logits"))
    _core.mqa_logits(*operands, call.size.form == "compressed", call.size.form == "clean", threads, stream)


def _operands(call: OperationCall) -> tuple[Any, ...]:
    return (call["k"], call["scales"]), call["weights"], call["start"], call["end"]


def _form(size: MqaSize) -> tuple[bool, int]:
    """clean_logits and max_seqlen_k."""
    return size.form == "clean", size.width if size.form == "compressed" else 0


def _public_fp32(call: OperationCall, library: Any) -> Any:
    return library.fp8_mqa_logits(call["q"], *_operands(call), *_form(call.size))


def _public_bf16(call: OperationCall, library: Any) -> Any:
    q = call["q"]
    dtype = sys.modules["torch"].bfloat16 if framework_of(q) == "torch" else ml_dtypes.bfloat16
    return library.fp8_fp4_mqa_logits((q, None), *_operands(call), *_form(call.size), dtype)


def _defined(dtype: str, size: MqaSize, inputs: Inputs) -> dict[str, np.ndarray]:
    keys = _columns(size, inputs)
    logits = mqa_logits(*(inputs[name] for name in ("q", "k", "scales", "weights")))
    logits = np.where(keys >= 0, np.take_along_axis(logits, np.maximum(keys, 0), 1), -np.inf)
    return {"logits": logits.astype(numpy_dtype(dtype))}


def _chosen(size: MqaSize, inputs: Inputs, rows: np.ndarray) -> tuple[MqaSize, Inputs]:
    by_row = {name: np.ascontiguousarray(inputs[name][rows]) for name in ("q", "weights", "start", "end")}
    return replace(size, rows=len(rows)), inputs | by_row


def _measured_size(rng: np.random.Generator) -> MqaSize:
    """The indexer of DeepSeek-V3.2 and GLM-5, and one of half the heads."""
    keys = log_uniform(rng, FEWEST_KEYS, MOST_KEYS)
    heads, ranges = int(rng.choice((32, 64, 64))), str(rng.choice(("causal", "chunked")))
    return MqaSize(log_uniform(rng, 1, MOST_ROWS), keys, heads, 128, "full", ranges)


def _live(size: MqaSize) -> int:
    """Logits that a call of stated ranges computes."""
    start, end = size.stated_ranges()
    return int((end.astype(np.int64) - start).sum())


def _bytes(dtype: str, size: MqaSize) -> int:
    query = size.rows * size.heads * (size.head_dim + SCALE_BYTES)
    return query + size.keys * (size.head_dim + SCALE_BYTES) + _live(size) * OUT_BYTES[dtype]


def _flops(size: MqaSize) -> int:
    return 2 * _live(size) * size.heads * size.head_dim


def _operation(name: str, dtype: str, public: Any) -> Operation:
    return Operation(
        name=name,
        families=("mqa_logits",),
        sizes={"full": FULL, "quick": QUICK, "small": SMALL, "host": SMALL},
        draw=_draw,
        outputs=lambda size, inputs: _outputs(dtype, size, inputs),
        run=_run,
        public=public,
        defined=lambda size, inputs: _defined(dtype, size, inputs),
        strided=("k", "weights", "logits"),
        rows=Rows(count=lambda size: size.rows, chosen=_chosen, axis={"logits": 0}),
        measured=Measured(_measured_size, lambda size: _bytes(dtype, size), _flops, "fp8"),
    )


OPERATIONS = (
    _operation("fp8_mqa_logits", "float32", _public_fp32),
    _operation("fp8_fp4_mqa_logits", "bfloat16", _public_bf16),
)

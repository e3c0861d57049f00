"""Logits of an indexer's keys: fp8_mqa_logits, in FP32, and fp8_fp4_mqa_logits, here in BF16, and of FP4 operands."""

import sys
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, product
from typing import Any, Literal

import ml_dtypes
import numpy as np

from ... import _core
from ...arrays.frameworks import framework_of
from ...arrays.sizes import align
from ...ops.mqa_logits import OUT_BYTES
from ...reference import mqa_logits, mqa_logits_sm100
from ..backends import ARCHS, speaking_for_one_of
from ..memory import numpy_dtype
from ..operation import Inputs, Measured, Operation, OperationCall, Output, Rows
from ..sizes import log_uniform
from ..values import Values

FP8, FP8_NAN, UE8M0_NAN, SCALE_BYTES = ml_dtypes.float8_e4m3fn, 0x7F, 0xFF, 4
HEADS, HEAD_DIMS, FP4_HEAD_DIMS = (16, 32, 64), (32, 64, 128), (64, 128)
FP4 = "FP4"  # the variant of operations
EIGHT_HEADS = "8 heads"  # another, of FP8
SM100_ARCHS = ("sm_100a",)  # of both
FINITE_EXPONENTS = 119, 136  # of the scales that are drawn, biased
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
    is_fp4: bool = False

    def __str__(self) -> str:
        shape = f"[{self.rows}, {self.heads}, {self.head_dim}] x {self.keys} keys"
        return f"{shape}{' in FP4' * self.is_fp4}, {self.ranges}, {self.form}"

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
LEVELS = {"full": FULL, "quick": QUICK, "small": SMALL, "host": SMALL}


def in_fp4(levels: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The sizes that there are in FP4."""
    return {
        level: [replace(size, is_fp4=True) for size in sizes if size.head_dim in FP4_HEAD_DIMS]
        for level, sizes in levels.items()
    }


def in_eight_heads(levels: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Those of 16 heads, of 8, which sm_100a alone has."""
    return {
        level: [replace(size, heads=8) for size in sizes if size.heads == min(HEADS)] for level, sizes in levels.items()
    }


def of_variants(levels: dict[str, list[Any]]) -> dict[str, dict[str, list[Any]]]:
    """The sizes of each variant of operations."""
    eight = in_eight_heads(levels)
    on_sm100 = {level: [*sizes, *eight[level]] for level, sizes in levels.items()}
    return {"": levels, FP4: in_fp4(on_sm100), EIGHT_HEADS: eight}


def draw_fp4(rng: np.random.Generator, rows: tuple[int, ...], head_dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Packed codes of rows of any dimensions, and their words of scales."""
    scales = rng.integers(*FINITE_EXPONENTS, (*rows, 4), np.uint8).view(np.int32).reshape(rows)
    return rng.integers(-128, 128, (*rows, head_dim // 2), np.int8), scales


def _draw_fp4(size: MqaSize, rng: np.random.Generator, values: Values) -> Inputs:
    """Random codes; edge values have a NaN among the scales of both operands, and among the weights."""
    (q, q_scales), (k, scales) = (
        draw_fp4(rng, rows, size.head_dim) for rows in ((size.rows, size.heads), (size.keys,))
    )
    weights = rng.standard_normal((size.rows, size.heads), np.float32)
    if values == "edge":
        q_scales.view(np.uint8)[-1, 0] = scales.view(np.uint8)[0] = UE8M0_NAN
        weights[0, -1] = np.nan
    return {"q": q, "k": k, "scales": scales, "weights": weights, "q_scales": q_scales}


def _draw_fp8(size: MqaSize, rng: np.random.Generator, values: Values) -> Inputs:
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
    return {"q": q, "k": k, "scales": scales, "weights": weights, "q_scales": None}


def _draw(size: MqaSize, rng: np.random.Generator, values: Values) -> Inputs:
    operands = (_draw_fp4 if size.is_fp4 else _draw_fp8)(size, rng, values)
    if size.ranges == "random":
        start, end = rng.integers(-3, size.keys + 3, size.rows), rng.integers(-3, size.keys + 30, size.rows)
        start, end = start.astype(np.int32), end.astype(np.int32)
    else:
        start, end = size.stated_ranges()
    return operands | {"start": start, "end": end}


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
    _core.mqa_logits(
        *operands, call.size.form == "compressed", call.size.form == "clean", threads, stream, call["q_scales"]
    )


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


def _public_fp4(call: OperationCall, library: Any) -> Any:
    q = call["q"], call["q_scales"]
    return library.fp8_fp4_mqa_logits(q, *_operands(call), *_form(call.size))


def logits_of(
    q: np.ndarray, q_scales: np.ndarray | None, k: np.ndarray, scales: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """All logits in FP32, by the arithmetic of the CPU backend's architecture; scales of q mean FP4."""
    if q_scales is not None:
        return mqa_logits_sm100.fp4_mqa_logits(q, q_scales, k, scales, weights)
    with speaking_for_one_of(archs_of(q.shape[-2])):
        module = mqa_logits if _core.get_cpu_arch() == "sm_90a" else mqa_logits_sm100
    return module.mqa_logits(q, k, scales, weights)


def _defined(dtype: str, size: MqaSize, inputs: Inputs) -> dict[str, np.ndarray]:
    keys = _columns(size, inputs)
    logits = logits_of(*(inputs[name] for name in ("q", "q_scales", "k", "scales", "weights")))
    logits = np.where(keys >= 0, np.take_along_axis(logits, np.maximum(keys, 0), 1), -np.inf)
    return {"logits": logits.astype(numpy_dtype(dtype))}


def _chosen(size: MqaSize, inputs: Inputs, rows: np.ndarray) -> tuple[MqaSize, Inputs]:
    of_rows = ("q", "weights", "start", "end") + ("q_scales",) * size.is_fp4
    by_row = {name: np.ascontiguousarray(inputs[name][rows]) for name in of_rows}
    return replace(size, rows=len(rows)), inputs | by_row


def _measured_size(rng: np.random.Generator) -> MqaSize:
    """The indexer of DeepSeek-V3.2 and GLM-5, and one of half the heads."""
    keys = log_uniform(rng, FEWEST_KEYS, MOST_KEYS)
    heads, ranges = int(rng.choice((32, 64, 64))), str(rng.choice(("causal", "chunked")))
    return MqaSize(log_uniform(rng, 1, MOST_ROWS), keys, heads, 128, "full", ranges)


def archs_of(heads: int) -> tuple[str, ...]:
    """The architectures that have so many heads in FP8."""
    return ARCHS if heads in HEADS else SM100_ARCHS


def _live(size: MqaSize) -> int:
    """Logits that a call of stated ranges computes."""
    start, end = size.stated_ranges()
    return int((end.astype(np.int64) - start).sum())


def _bytes(dtype: str, size: MqaSize) -> int:
    query = size.rows * size.heads * (size.head_dim + SCALE_BYTES)
    return query + size.keys * (size.head_dim + SCALE_BYTES) + _live(size) * OUT_BYTES[dtype]


def _flops(size: MqaSize) -> int:
    return 2 * _live(size) * size.heads * size.head_dim


MEASURED = {dtype: Measured(_measured_size, partial(_bytes, dtype), _flops, "fp8") for dtype in OUT_BYTES}


def _operation(name: str, dtype: str, public: Any, variant: str = "") -> Operation:
    return Operation(
        name=name,
        families=("mqa_logits",),
        sizes=of_variants(LEVELS)[variant],
        draw=_draw,
        outputs=lambda size, inputs: _outputs(dtype, size, inputs),
        run=_run,
        public=public,
        defined=lambda size, inputs: _defined(dtype, size, inputs),
        strided=("k", "weights", "logits"),
        rows=Rows(count=lambda size: size.rows, chosen=_chosen, axis={"logits": 0}),
        measured=None if variant else MEASURED[dtype],
        variant=variant,
        archs=SM100_ARCHS if variant else ARCHS,
    )


OPERATIONS = (
    _operation("fp8_mqa_logits", "float32", _public_fp32),
    _operation("fp8_fp4_mqa_logits", "bfloat16", _public_bf16),
    _operation("fp8_fp4_mqa_logits", "bfloat16", _public_bf16, EIGHT_HEADS),
    _operation("fp8_fp4_mqa_logits", "float32", _public_fp4, FP4),
)

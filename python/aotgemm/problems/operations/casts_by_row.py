"""Casts with a scale for each row: per_token_cast_to_fp8, per_token_cast_to_fp4 and silu_mul_cast_to_fp8."""

from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from ... import _core
from ...arrays.sizes import align, ceil_div, get_tma_aligned_size
from ...bench.shapes import dense_shapes
from ...compat.deepgemm_settings import get_mk_alignment_for_contiguous_layout
from ...reference import casts
from ..memory import POISON_BYTE, numpy_dtype
from ..operation import CONTIGUOUS_RUNS, Inputs, Measured, Operation, OperationCall, Output, at_every_level
from ..sizes import log_uniform
from ..values import Values

ZEROS, SCALE_BYTES, MOST_TOKENS = 128, 4, 16384
ONE = 127  # UE8M0 of the scales that fill a word up
FAR_GATES = (-86.5, -87.5, -88.0, -88.5, -200.0, 200.0)  # e^-gate comes near the ends of FP32 and to infinity
LARGE_UP = 3e38


@dataclass(frozen=True)
class RowCastSize:
    """X is [m, k] (silu_mul: [m, 2 * k]), or [groups, m, k] if masked. counts: rows that count, of each group."""

    m: int
    k: int
    dtype: str = "bfloat16"
    gran_k: int = 128
    use_ue8m0: bool = False
    is_packed: bool = False
    mn_major: bool = False
    limit: float = 0.0
    grouping: str = "dense"
    counts: tuple[int, ...] = ()

    def __str__(self) -> str:
        words = [f"{self.dtype} [{self.m}, {self.k}] gran_k={self.gran_k}"]
        words += [name for name in ("use_ue8m0", "is_packed", "mn_major") if getattr(self, name)]
        words += [f"limit={self.limit:g}"] * (self.limit > 0)
        return " ".join(words + [f"{self.grouping} {list(self.counts)}"] * (self.grouping != "dense"))

    @property
    def lead(self) -> tuple[int, ...]:
        """Sizes in front of the columns."""
        return (len(self.counts), self.m) if self.grouping == "masked" else (self.m,)


def size_of_groups(grouping: str, counts: tuple[int, ...], **fields: Any) -> RowCastSize:
    """With as many rows as such groups take."""
    alignment = get_mk_alignment_for_contiguous_layout()
    m = max(counts) + 3 if grouping == "masked" else sum(align(count, alignment) for count in counts)
    return RowCastSize(m=m, grouping=grouping, counts=counts, **fields)


GROUPINGS = ("contiguous", "psum", "masked")
FORMS = [(False, False), (False, True), (True, False), (True, True)]  # packed, MN-major
SIZES = [
    *(
        size_of_groups(grouping, (5, 0, 130), k=264, use_ue8m0=True, is_packed=packed)
        for grouping, packed in product(GROUPINGS, (False, True))
    ),
    *(
        RowCastSize(7, 160, gran_k=gran, use_ue8m0=True, is_packed=one, mn_major=two)
        for gran, (one, two) in product((32, 128), FORMS)
    ),
    *(RowCastSize(130, 1000, dtype=dtype, gran_k=gran) for dtype, gran in product(("float32", "bfloat16"), (32, 128))),
    *(
        RowCastSize(m, k, use_ue8m0=use_ue8m0)
        for (m, k), use_ue8m0 in product(((1, 128), (129, 512), (300, 640)), (False, True))
    ),
]


def _values(kind: str, size: RowCastSize, rng: np.random.Generator, values: Values) -> np.ndarray:
    """Normal numbers of many magnitudes, a block of zeros, gates far from zero; edge values have NaN and infinity."""
    columns = size.k * 2 if kind == "silu_mul_fp8" else size.k
    largest = 3 if kind == "silu_mul_fp8" else 20
    x = rng.standard_normal((*size.lead, columns), np.float32)
    x *= np.exp2(rng.integers(-20, largest, (*size.lead, 1))).astype(np.float32)
    x[..., : size.m // 2, :ZEROS] = 0
    if kind == "silu_mul_fp8":
        x[..., -1, 1 : 1 + len(FAR_GATES)], x[..., -1, size.k + 3] = FAR_GATES, LARGE_UP
    if values == "edge":
        x[..., -1, -1], x[..., -2:-1, 0] = np.nan, -np.inf
    return x.astype(numpy_dtype(size.dtype))


def _live(size: RowCastSize) -> np.ndarray:
    """Which rows count."""
    live = np.full(size.lead, size.grouping == "dense")
    alignment, start = get_mk_alignment_for_contiguous_layout(), 0
    for group, count in enumerate(size.counts):
        (live[group] if size.grouping == "masked" else live[start:])[:count] = True
        start = align(start + count, alignment)
    return live


def _index(size: RowCastSize) -> np.ndarray | None:
    if size.grouping in ("dense", "masked"):
        return np.array(size.counts, np.int32) if size.counts else None
    alignment, start, ends = get_mk_alignment_for_contiguous_layout(), 0, []
    index = np.full(size.m, -1, np.int32)
    for group, count in enumerate(size.counts):
        index[start : start + count] = group
        ends.append(start + count)
        start = align(start + count, alignment)
    return index if size.grouping == "contiguous" else np.array(ends, np.int32)


def _draw(kind: str, size: RowCastSize, rng: np.random.Generator, values: Values) -> Inputs:
    """Rows that do not count hold NaN."""
    x = _values(kind, size, rng, values)
    x[~_live(size)] = np.nan
    return {"x": x, "index": _index(size)}


def _outputs(kind: str, size: RowCastSize, inputs: Inputs) -> dict[str, Output]:
    live, scales = _live(size), ceil_div(size.k, size.gran_k)
    words = ceil_div(scales, casts.SCALES_PER_WORD) if size.is_packed else scales
    column = get_tma_aligned_size(size.m, SCALE_BYTES)
    stride = (column * words, 1, column)[-len(size.lead) - 1 :] if size.mn_major else None
    codes = ("int8", size.k // 2) if kind == "per_token_fp4" else ("float8_e4m3fn", size.k)
    part = None if live.all() else live
    return {
        "q": Output(codes[0], (*size.lead, codes[1]), part=part),
        "sf": Output("int32" if size.is_packed else "float32", (*size.lead, words), stride, part),
    }


def _pad_exponent(size: RowCastSize) -> int:
    return 0 if size.mn_major else ONE


def _run(kind: str, call: OperationCall, stream: int | None = None, threads: int = 0) -> None:
    """The binding takes no number of threads: all are used."""
    size, operands = call.size, (call["x"], call["q"], call["sf"])
    numbers = (size.gran_k, size.use_ue8m0, _pad_exponent(size), size.limit)
    _core.cast(kind, *operands, size.grouping, call["index"], *numbers, stream)


def _public(name: str, call: OperationCall, library: Any) -> tuple[Any, Any]:
    size, index = call.size, call["index"]
    options = {"mn_major_sf": size.mn_major} | ({"limit": size.limit} if size.limit > 0 else {})
    if size.grouping != "dense":
        options["masked_m" if size.grouping == "masked" else "grouped_layout"] = index
        options["use_psum_layout"] = size.grouping == "psum"
    return getattr(library, name)(call["x"], size.use_ue8m0, size.gran_k, size.is_packed, **options)


def _cast(kind: str, size: RowCastSize, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if kind == "per_token_fp4":
        return casts.cast_to_fp4(x, size.gran_k, size.use_ue8m0)
    x = casts.silu_mul(x, size.limit) if kind == "silu_mul_fp8" else x
    return casts.cast_to_fp8(x, (1, size.gran_k), size.use_ue8m0)


def _defined(kind: str, size: RowCastSize, inputs: Inputs) -> dict[str, np.ndarray]:
    live, outputs = _live(size), _outputs(kind, size, inputs)
    q, sf = _cast(kind, size, inputs["x"][live])
    made = {"q": q, "sf": casts.pack_scales(sf, _pad_exponent(size)) if size.is_packed else sf}
    out = {}
    for name, output in outputs.items():
        dtype = numpy_dtype(output.dtype)
        out[name] = np.full((*output.shape, dtype.itemsize), POISON_BYTE, np.uint8).view(dtype)[..., 0]
        out[name][live] = made[name]
    return out


def _measured_size(rng: np.random.Generator) -> RowCastSize:
    """Activations of a layer of a public model."""
    depths = sorted({k for _, k in dense_shapes()})
    return RowCastSize(log_uniform(rng, 1, MOST_TOKENS), int(rng.choice(depths)))


def _bytes(kind: str, size: RowCastSize) -> int:
    read = size.m * size.k * numpy_dtype(size.dtype).itemsize * (2 if kind == "silu_mul_fp8" else 1)
    written = size.m * size.k // (2 if kind == "per_token_fp4" else 1)
    return read + written + size.m * ceil_div(size.k, size.gran_k) * SCALE_BYTES


def _operation(name: str, kind: str, family: str, sizes: list[RowCastSize]) -> Operation:
    return Operation(
        name=name,
        families=(family,),
        sizes=at_every_level(sizes),
        draw=partial(_draw, kind),
        outputs=partial(_outputs, kind),
        run=partial(_run, kind),
        public=partial(_public, name),
        defined=partial(_defined, kind),
        strided=("x",),
        runs=CONTIGUOUS_RUNS,
        measured=Measured(_measured_size, partial(_bytes, kind)),
    )


SILU_SIZES = [RowCastSize(200, 264, limit=1.5), *(size for size in SIZES if size.dtype == "bfloat16")]

OPERATIONS = (
    _operation("per_token_cast_to_fp8", "per_token_fp8", "cast_fp8", SIZES),
    _operation("per_token_cast_to_fp4", "per_token_fp4", "cast_fp4", SIZES),
    _operation("silu_mul_cast_to_fp8", "silu_mul_fp8", "silu_mul_cast_fp8", SILU_SIZES),
)

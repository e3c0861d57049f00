"""The casts to FP8: per_token_cast_to_fp8 and per_block_cast_to_fp8."""

from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import ml_dtypes
import numpy as np

from ... import _core
from ...arrays.sizes import ceil_div
from ...bench.shapes import dense_shapes
from ...reference import casts
from ..memory import numpy_dtype
from ..operation import Inputs, Measured, Operation, OperationCall, Output, Run
from ..sizes import log_uniform
from ..values import Values

BLOCK, SCALE_BYTES, MOST_TOKENS = casts.BLOCK, 4, 16384
DTYPES = (np.float32, ml_dtypes.bfloat16)
SHAPES = ((1, 128), (7, 144), (129, 512), (300, 1000))


@dataclass(frozen=True)
class CastSize:
    """X is [m, k] of a dtype; use_ue8m0: scales are powers of two."""

    m: int
    k: int
    dtype: str
    use_ue8m0: bool

    def __str__(self) -> str:
        return f"{self.dtype} [{self.m}, {self.k}] use_ue8m0={self.use_ue8m0}"


CHOICES = product(SHAPES, DTYPES, (False, True))
SIZES = [CastSize(*shape, np.dtype(dtype).name, use_ue8m0) for shape, dtype, use_ue8m0 in CHOICES]


def _draw(size: CastSize, rng: np.random.Generator, values: Values) -> Inputs:
    """Normal numbers of many magnitudes, with a block of zeros; edge values have NaN and infinity."""
    magnitudes = np.exp2(rng.integers(-20, 20, (size.m, 1))).astype(np.float32)
    x = rng.standard_normal((size.m, size.k), np.float32) * magnitudes
    x[: size.m // 2, :BLOCK] = 0
    if values == "edge":
        x[-1, -1], x[-2:-1, 0] = np.nan, -np.inf
    return {"x": x.astype(numpy_dtype(size.dtype))}


def _outputs(rows_per_scale: int, size: CastSize, inputs: Inputs) -> dict[str, Output]:
    scales = ceil_div(size.m, rows_per_scale), ceil_div(size.k, BLOCK)
    return {"q": Output("float8_e4m3fn", (size.m, size.k)), "sf": Output("float32", scales)}


def _run(name: str, call: OperationCall, stream: int | None = None, threads: int = 0) -> None:
    """The binding takes no number of threads: all are used."""
    getattr(_core, name)(call["x"], call["q"], call["sf"], call.size.use_ue8m0, stream)


def _public(name: str, call: OperationCall, library: Any) -> tuple[Any, Any]:
    return getattr(library, name)(call["x"], call.size.use_ue8m0)


def _defined(rows_per_scale: int, size: CastSize, inputs: Inputs) -> dict[str, np.ndarray]:
    return dict(zip(("q", "sf"), casts.cast_to_fp8(inputs["x"], rows_per_scale, size.use_ue8m0), strict=True))


def _measured_size(rng: np.random.Generator) -> CastSize:
    """Activations of a layer of a public model."""
    depths = sorted({k for _, k in dense_shapes()})
    return CastSize(log_uniform(rng, 1, MOST_TOKENS), int(rng.choice(depths)), "bfloat16", False)


def _bytes(rows_per_scale: int, size: CastSize) -> int:
    read = size.m * size.k * numpy_dtype(size.dtype).itemsize
    return read + size.m * size.k + ceil_div(size.m, rows_per_scale) * ceil_div(size.k, BLOCK) * SCALE_BYTES


def _cast(name: str, rows_per_scale: int) -> Operation:
    return Operation(
        name=name,
        families=("cast_fp8",),
        sizes=dict.fromkeys(("full", "quick", "small", "host"), SIZES),
        draw=_draw,
        outputs=partial(_outputs, rows_per_scale),
        run=partial(_run, name),
        public=partial(_public, name),
        defined=partial(_defined, rows_per_scale),
        strided=("x",),
        runs=(Run(public=True),),
        measured=Measured(_measured_size, partial(_bytes, rows_per_scale)),
    )


OPERATIONS = (_cast("per_token_cast_to_fp8", 1), _cast("per_block_cast_to_fp8", BLOCK))

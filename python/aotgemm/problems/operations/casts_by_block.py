"""Casts to FP8 with a scale for several rows: per_block_cast_to_fp8 and per_channel_cast_to_fp8."""

from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from ... import _core
from ...arrays.sizes import ceil_div
from ...bench.shapes import dense_shapes
from ...reference import casts
from ..memory import numpy_dtype
from ..operation import Inputs, Measured, Operation, OperationCall, Output, Run, at_every_level
from ..values import Values

ZEROS, SCALE_BYTES = 128, 4
DTYPES, GRANULARITIES = ("float32", "bfloat16"), (32, 128)


@dataclass(frozen=True)
class BlockCastSize:
    """X is [m, k] of a dtype."""

    m: int
    k: int
    dtype: str
    gran_k: int
    use_ue8m0: bool

    def __str__(self) -> str:
        return f"{self.dtype} [{self.m}, {self.k}] gran_k={self.gran_k} use_ue8m0={self.use_ue8m0}"


def _sizes(shapes: tuple[tuple[int, int], ...]) -> list[BlockCastSize]:
    return [BlockCastSize(*shape, *rest) for shape, *rest in product(shapes, DTYPES, GRANULARITIES, (False, True))]


def _block(kind: str, size: BlockCastSize) -> tuple[int, int]:
    return size.gran_k, 1 if kind == "per_channel_fp8" else size.gran_k


def _draw(size: BlockCastSize, rng: np.random.Generator, values: Values) -> Inputs:
    """Normal numbers of many magnitudes, with a block of zeros; edge values have NaN and infinity."""
    magnitudes = np.exp2(rng.integers(-20, 20, (size.m, 1))).astype(np.float32)
    x = rng.standard_normal((size.m, size.k), np.float32) * magnitudes
    x[: size.m // 2, :ZEROS] = 0
    if values == "edge":
        x[-1, -1], x[-2:-1, 0] = np.nan, -np.inf
    return {"x": x.astype(numpy_dtype(size.dtype))}


def _scales(kind: str, size: BlockCastSize) -> tuple[int, int]:
    rows, columns = _block(kind, size)
    return ceil_div(size.m, rows), ceil_div(size.k, columns)


def _outputs(kind: str, size: BlockCastSize, inputs: Inputs) -> dict[str, Output]:
    return {"q": Output("float8_e4m3fn", (size.m, size.k)), "sf": Output("float32", _scales(kind, size))}


def _run(kind: str, call: OperationCall, stream: int | None = None, threads: int = 0) -> None:
    """The binding takes no number of threads: all are used."""
    size, operands = call.size, (call["x"], call["q"], call["sf"])
    _core.cast(kind, *operands, gran_k=size.gran_k, use_ue8m0=size.use_ue8m0, stream=stream)


def _public(name: str, call: OperationCall, library: Any) -> tuple[Any, Any]:
    return getattr(library, name)(call["x"], call.size.use_ue8m0, call.size.gran_k)


def _defined(kind: str, size: BlockCastSize, inputs: Inputs) -> dict[str, np.ndarray]:
    made = casts.cast_to_fp8(inputs["x"], _block(kind, size), size.use_ue8m0)
    return dict(zip(("q", "sf"), made, strict=True))


def _measured_size(rng: np.random.Generator) -> BlockCastSize:
    """Weights of a layer of a public model."""
    shapes = sorted(dense_shapes())
    return BlockCastSize(*shapes[rng.integers(len(shapes))], "bfloat16", 128, False)


def _bytes(kind: str, size: BlockCastSize) -> int:
    rows, columns = _scales(kind, size)
    return size.m * size.k * (numpy_dtype(size.dtype).itemsize + 1) + rows * columns * SCALE_BYTES


def _operation(name: str, kind: str, shapes: tuple[tuple[int, int], ...]) -> Operation:
    return Operation(
        name=name,
        families=("cast_fp8",),
        sizes=at_every_level(_sizes(shapes)),
        draw=_draw,
        outputs=partial(_outputs, kind),
        run=partial(_run, kind),
        public=partial(_public, name),
        defined=partial(_defined, kind),
        strided=("x",),
        runs=(Run(public=True),),
        measured=Measured(_measured_size, partial(_bytes, kind)),
    )


OPERATIONS = (
    _operation("per_block_cast_to_fp8", "per_block_fp8", ((1, 128), (7, 144), (129, 512), (300, 1000))),
    _operation("per_channel_cast_to_fp8", "per_channel_fp8", ((128, 128), (256, 1000))),
)

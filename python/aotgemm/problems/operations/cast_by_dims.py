"""Casts to FP8 with a scale for each index of some dimensions: per_custom_dims_cast_to_fp8."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ... import _core
from ...arrays.frameworks import reshaped
from ...reference import casts
from ..memory import numpy_dtype
from ..operation import CONTIGUOUS_RUNS, Inputs, Measured, Operation, OperationCall, Output, at_every_level
from ..sizes import log_uniform
from ..values import Values

KEYS, HEAD_DIM, SCALE_BYTES = 1 << 18, 128, 4  # of what is measured: the keys of an indexer


@dataclass(frozen=True)
class DimsCastSize:
    """X of such a shape and dtype; dims: those with a scale for each index."""

    shape: tuple[int, ...]
    dims: tuple[int, ...]
    dtype: str = "bfloat16"
    use_ue8m0: bool = False

    def __str__(self) -> str:
        return f"{self.dtype} {list(self.shape)} dims={list(self.dims)} use_ue8m0={self.use_ue8m0}"

    @property
    def scales(self) -> tuple[int, ...]:
        """Of x's rank."""
        return tuple(size if dim in self.dims else 1 for dim, size in enumerate(self.shape))


SIZES = [
    DimsCastSize((70, 128), (0,)),
    DimsCastSize((9, 34), (1,), "float32", True),
    DimsCastSize((3, 5, 40), (0, 2), "float32"),
    DimsCastSize((2, 3, 4, 65), (0, 1, 2), use_ue8m0=True),
    DimsCastSize((300,), (), "float32"),
    DimsCastSize((4, 1, 6), (0, 1, 2)),
]


def _draw(size: DimsCastSize, rng: np.random.Generator, values: Values) -> Inputs:
    """Normal numbers of many magnitudes; edge values have NaN and infinity."""
    x = rng.standard_normal(size.shape, np.float32)
    x *= np.exp2(rng.integers(-20, 20, (size.shape[0],) + (1,) * (len(size.shape) - 1))).astype(np.float32)
    if values == "edge":
        x.reshape(-1)[[0, -1]] = np.nan, -np.inf
    return {"x": x.astype(numpy_dtype(size.dtype))}


def _outputs(size: DimsCastSize, inputs: Inputs) -> dict[str, Output]:
    return {"q": Output("float8_e4m3fn", size.shape), "sf": Output("float32", size.scales)}


def _run(call: OperationCall, stream: int | None = None, threads: int = 0) -> None:
    _core.cast_dims(call["x"], call["q"], call["sf"], call.size.use_ue8m0, stream, threads)


def _public(call: OperationCall, library: Any) -> tuple[Any, Any]:
    """The scales with all of x's dimensions again."""
    q, sf = library.per_custom_dims_cast_to_fp8(call["x"], call.size.dims, call.size.use_ue8m0)
    return q, reshaped(sf, call.size.scales)


def _defined(size: DimsCastSize, inputs: Inputs) -> dict[str, np.ndarray]:
    q, sf = casts.cast_dims_to_fp8(inputs["x"], size.dims, size.use_ue8m0)
    return {"q": q, "sf": sf}


def _measured_size(rng: np.random.Generator) -> DimsCastSize:
    return DimsCastSize((log_uniform(rng, 1, KEYS), HEAD_DIM), (0,))


def _bytes(size: DimsCastSize) -> int:
    return prod(size.shape) * (numpy_dtype(size.dtype).itemsize + 1) + prod(size.scales) * SCALE_BYTES


OPERATIONS = (
    Operation(
        name="per_custom_dims_cast_to_fp8",
        families=("cast_fp8_dims",),
        sizes=at_every_level(SIZES),
        draw=_draw,
        outputs=_outputs,
        run=_run,
        public=_public,
        defined=_defined,
        strided=("x", "q"),
        runs=CONTIGUOUS_RUNS,
        measured=Measured(_measured_size, _bytes),
    ),
)

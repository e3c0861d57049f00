"""The layout of scales that the TMA reads: get_mn_major_tma_aligned_tensor."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ... import _core
from ...arrays.sizes import ceil_div, get_tma_aligned_size
from ...bench.shapes import dense_shapes
from ..operation import Inputs, Measured, Operation, OperationCall, Output, Run, at_every_level
from ..sizes import log_uniform
from ..values import Values
from ..views import SCALE_BLOCK

MOST_TOKENS, SCALE_BYTES = 16384, 4


@dataclass(frozen=True)
class ScaleSize:
    """Scales [mn, k], or [groups, mn, k]."""

    shape: tuple[int, ...]

    def __str__(self) -> str:
        return str(list(self.shape))


SIZES = [ScaleSize(shape) for shape in ((1, 1), (1, 56), (5, 3), (129, 56), (1000, 7), (3, 130, 7))]


def _draw(size: ScaleSize, rng: np.random.Generator, values: Values) -> Inputs:
    return {"sf": rng.standard_normal(size.shape, np.float32)}


def _outputs(size: ScaleSize, inputs: Inputs) -> dict[str, Output]:
    mn, k = size.shape[-2:]
    column = get_tma_aligned_size(mn, inputs["sf"].itemsize)
    return {"out": Output("float32", size.shape, (column * k, 1, column)[-len(size.shape) :])}


def _run(call: OperationCall, stream: int | None = None, threads: int = 0) -> None:
    """A copy on one thread of the CPU, whatever their number."""
    _core.sf_to_mn_major(call["sf"], call["out"], stream)


def _public(call: OperationCall, library: Any) -> Any:
    return library.get_mn_major_tma_aligned_tensor(call["sf"])


def _measured_size(rng: np.random.Generator) -> ScaleSize:
    """Of the activations of a layer of a public model."""
    depths = sorted({k for _, k in dense_shapes()})
    return ScaleSize((log_uniform(rng, 1, MOST_TOKENS), ceil_div(int(rng.choice(depths)), SCALE_BLOCK)))


OPERATIONS = (
    Operation(
        name="get_mn_major_tma_aligned_tensor",
        families=("transpose_sf",),
        sizes=at_every_level(SIZES),
        draw=_draw,
        outputs=_outputs,
        run=_run,
        public=_public,
        defined=lambda size, inputs: {"out": inputs["sf"]},
        strided=("sf",),
        runs=(Run(public=True),),
        measured=Measured(_measured_size, lambda size: 2 * SCALE_BYTES * prod(size.shape)),
    ),
)

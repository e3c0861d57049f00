"""The layout of scales that the TMA reads: get_mn_major_tma_aligned_tensor."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import _core
from ...arrays.sizes import get_tma_aligned_size
from ..operation import Inputs, Operation, OperationCall, Output, Run
from ..values import Values


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


OPERATIONS = (
    Operation(
        name="get_mn_major_tma_aligned_tensor",
        families=("transpose_sf",),
        sizes=dict.fromkeys(("full", "quick", "small", "host"), SIZES),
        draw=_draw,
        outputs=_outputs,
        run=_run,
        public=_public,
        defined=lambda size, inputs: {"out": inputs["sf"]},
        strided=("sf",),
        runs=(Run(public=True),),
    ),
)

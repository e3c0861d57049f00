"""Packed scales: get_mn_major_tma_aligned_packed_ue8m0_tensor, and its form for groups along K."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ... import _core
from ...arrays.sizes import ceil_div, get_tma_aligned_size
from ...bench.shapes import dense_shapes
from ...compat.deepgemm_settings import get_mk_alignment_for_contiguous_layout
from ...reference import casts
from ..operation import CONTIGUOUS_RUNS, Inputs, Measured, Operation, OperationCall, Output, at_every_level
from ..sizes import log_uniform
from ..values import Values

MOST_TOKENS, SCALE_BYTES = 16384, 4
NAN = 0xFF


@dataclass(frozen=True)
class PackSize:
    """Scales [mn, k], or [groups, mn, k]; with ends, rows beyond a group's end lie in a gap."""

    shape: tuple[int, ...]
    ends: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{list(self.shape)}" + f" psum {list(self.ends)}" * bool(self.ends)


@dataclass(frozen=True)
class KGroupedPackSize:
    """Scales of groups of K, [sum of ceil(k / gran_k), mn]."""

    mn: int
    ks: tuple[int, ...]
    gran_k: int
    use_psum: bool = False
    alignment: int = 128

    def __str__(self) -> str:
        return f"[{self.mn}, {list(self.ks)}] gran_k={self.gran_k}" + " psum" * self.use_psum


SIZES = [
    PackSize((300, 9), ends=(70, 131, 256, 290)),
    *(PackSize(shape) for shape in ((1, 1), (5, 3), (129, 56), (3, 130, 7), (1000, 8))),
]
K_SIZES = [
    KGroupedPackSize(8, (256, 0, 1000, 128), 128, use_psum=True),
    KGroupedPackSize(36, (96, 128, 0, 1000), 32),
    KGroupedPackSize(132, (512,), 128),
]


def _scales(shape: tuple[int, ...], rng: np.random.Generator, values: Values) -> np.ndarray:
    """Powers of two; edge values are not all."""
    sf = np.exp2(rng.integers(-60, 60, shape)).astype(np.float32)
    if values == "edge":
        sf.reshape(-1)[[0, -1]] = 3, -1
    return sf


def _draw(size: PackSize, rng: np.random.Generator, values: Values) -> Inputs:
    """Scales in gaps are NaN."""
    sf = _scales(size.shape, rng, values)
    sf[~_live(size)] = np.nan
    return {"sf": sf, "index": np.array(size.ends, np.int32) if size.ends else None}


def _live(size: PackSize) -> np.ndarray:
    live, start = np.full(size.shape[:-1], not size.ends), 0
    for end in size.ends:
        live[start:end] = True
        start = -(-end // get_mk_alignment_for_contiguous_layout()) * get_mk_alignment_for_contiguous_layout()
    return live


def _outputs(size: PackSize, inputs: Inputs) -> dict[str, Output]:
    *groups, mn, k = size.shape
    words, column = ceil_div(k, casts.SCALES_PER_WORD), get_tma_aligned_size(mn, SCALE_BYTES)
    return {"out": Output("int32", (*groups, mn, words), (column * words, 1, column)[-len(size.shape) :])}


def _run(call: OperationCall, stream: int | None = None, threads: int = 0) -> None:
    """On one thread of the CPU, whatever their number."""
    _core.pack_ue8m0(call["sf"], call["out"], call["index"], 1, stream)


def _public(call: OperationCall, library: Any) -> Any:
    return library.get_mn_major_tma_aligned_packed_ue8m0_tensor(call["sf"], call["index"])


def _defined(size: PackSize, inputs: Inputs) -> dict[str, np.ndarray]:
    k = size.shape[-1]
    packed = casts.pack_scales(inputs["sf"].reshape(-1, k), 0).reshape(*size.shape[:-1], -1)
    return {"out": np.where(_live(size)[..., None], packed, 0)}


def _measured_size(rng: np.random.Generator) -> PackSize:
    """Of the activations of a layer of a public model."""
    depths = sorted({k for _, k in dense_shapes()})
    return PackSize((log_uniform(rng, 1, MOST_TOKENS), ceil_div(int(rng.choice(depths)), 128)))


def _rows(size: KGroupedPackSize) -> list[int]:
    return [ceil_div(k, size.gran_k) for k in size.ks]


def _draw_k(size: KGroupedPackSize, rng: np.random.Generator, values: Values) -> Inputs:
    index, start = list(size.ks), 0
    for group, k in enumerate(size.ks if size.use_psum else ()):
        index[group] = start + k
        start = ceil_div(start + k, size.alignment) * size.alignment
    return {"sf": _scales((sum(_rows(size)), size.mn), rng, values), "index": np.array(index, np.int32)}


def _outputs_k(size: KGroupedPackSize, inputs: Inputs) -> dict[str, Output]:
    return {"out": Output("int32", (sum(ceil_div(rows, casts.SCALES_PER_WORD) for rows in _rows(size)), size.mn))}


def _run_k(call: OperationCall, stream: int | None = None, threads: int = 0) -> None:
    size, operands = call.size, (call["sf"], call["out"], call["index"])
    _core.pack_ue8m0_k_grouped(*operands, size.gran_k, size.alignment, size.use_psum, stream)


def _public_k(call: OperationCall, library: Any) -> Any:
    size, function = call.size, library.get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor
    return function(call["sf"], call["index"], list(size.ks), size.gran_k, size.alignment, size.use_psum)


def _defined_k(size: KGroupedPackSize, inputs: Inputs) -> dict[str, np.ndarray]:
    parts = np.split(inputs["sf"], np.cumsum(_rows(size))[:-1])
    return {"out": np.concatenate([casts.pack_scales(np.ascontiguousarray(part.T), 0).T for part in parts])}


OPERATIONS = (
    Operation(
        name="get_mn_major_tma_aligned_packed_ue8m0_tensor",
        families=("pack_ue8m0",),
        sizes=at_every_level(SIZES),
        draw=_draw,
        outputs=_outputs,
        run=_run,
        public=_public,
        defined=_defined,
        strided=("sf",),
        runs=CONTIGUOUS_RUNS,
        measured=Measured(_measured_size, lambda size: prod(size.shape) * (SCALE_BYTES + 1)),
    ),
    Operation(
        name="get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor",
        families=("pack_ue8m0",),
        sizes=at_every_level(K_SIZES),
        draw=_draw_k,
        outputs=_outputs_k,
        run=_run_k,
        public=_public_k,
        defined=_defined_k,
        strided=("sf",),
        runs=CONTIGUOUS_RUNS,
    ),
)

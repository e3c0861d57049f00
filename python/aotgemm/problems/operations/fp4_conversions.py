"""Conversions of packed FP4: cast_back_from_fp4, transpose_packed_fp4 and requantize_fp4_to_fp8."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from ... import _core
from ...arrays.sizes import ceil_div
from ...bench.shapes import dense_shapes
from ...reference import fp4
from ..operation import Inputs, Measured, Operation, OperationCall, Output, Run, at_every_level
from ..values import Values

SCALE_BYTES, COUNT_BYTES, NAN_SCALES = 4, 4, 0.02


@dataclass(frozen=True)
class DecodeSize:
    """Packed FP4 [m, k / 2] with scales."""

    m: int
    k: int
    gran_k: int
    is_packed: bool

    def __str__(self) -> str:
        return f"[{self.m}, {self.k}] gran_k={self.gran_k}" + " use_packed_ue8m0" * self.is_packed


@dataclass(frozen=True)
class TransposeSize:
    """Packed FP4 [m, k / 2]."""

    m: int
    k: int

    def __str__(self) -> str:
        return f"[{self.m}, {self.k}]"


@dataclass(frozen=True)
class RequantizeSize:
    """Packed FP4 [n, k / 2], or with groups; scales whose exponents lie in a range of `spread`."""

    n: int
    k: int
    rows_per_scale: int = 128
    groups: int = 0
    spread: int = 40
    is_packed: bool = False

    def __str__(self) -> str:
        words = [f"[{self.n}, {self.k}] rows_per_scale={self.rows_per_scale} spread={self.spread}"]
        return " ".join(words + [f"groups={self.groups}"] * (self.groups > 0) + ["packed"] * self.is_packed)

    def shape(self, rows: int, columns: int) -> tuple[int, ...]:
        return (self.groups, rows, columns) if self.groups else (rows, columns)


def _codes(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.integers(-128, 128, shape).astype(np.int8)


def _draw_decode(size: DecodeSize, rng: np.random.Generator, values: Values) -> Inputs:
    """Scales of any magnitude; edge values have NaN and infinity, or exponents of both."""
    scales = ceil_div(size.k, size.gran_k)
    if size.is_packed:
        sf = rng.integers(
            0 if values == "edge" else 1, 256 if values == "edge" else 250, (size.m, 4 * ceil_div(scales, 4))
        )
        sf = sf.astype(np.uint8).view(np.int32)
    else:
        sf = np.exp2(rng.integers(-60, 60, (size.m, scales))) * rng.standard_normal((size.m, scales))
        sf = sf.astype(np.float32)
        if values == "edge":
            sf[-1, -1], sf[0, 0] = np.nan, np.inf
    return {"packed": _codes(rng, (size.m, size.k // 2)), "sf": sf}


def _run_decode(call: OperationCall, stream: int | None = None, threads: int = 0) -> None:
    _core.fp4_to_fp32(call["packed"], call["sf"], call["out"], call.size.gran_k, stream, threads)


def _public_decode(call: OperationCall, library: Any) -> Any:
    return library.cast_back_from_fp4(call["packed"], call["sf"], call.size.gran_k, call.size.is_packed)


def _defined_decode(size: DecodeSize, inputs: Inputs) -> dict[str, np.ndarray]:
    sf = inputs["sf"]
    if size.is_packed:
        exponents = fp4.unpacked_bytes(sf, ceil_div(size.k, size.gran_k))
        sf = (exponents.astype(np.uint32) << 23).view(np.float32)
    return {"out": fp4.cast_back(inputs["packed"], sf, size.gran_k)}


def _run_transpose(call: OperationCall, stream: int | None = None, threads: int = 0) -> None:
    _core.transpose_fp4(call["packed"], call["out"], stream, threads)


def _exponents(size: RequantizeSize, rng: np.random.Generator, values: Values) -> np.ndarray:
    """UE8M0 bytes, those of a matrix apart by at most `spread`; edge values begin at the least there is."""
    shape = size.shape(size.n, ceil_div(size.k, fp4.GRAN))
    lowest = rng.integers(0, 255 - size.spread, (*shape[:-2], 1, 1)) if values != "edge" else 0
    exponents = np.minimum(lowest + rng.integers(0, size.spread + 1, shape), 254)
    exponents[rng.random(shape) < (NAN_SCALES if size.spread > 17 else 0)] = fp4.NAN_BYTE
    return exponents.astype(np.uint8)


def _draw_requantize(size: RequantizeSize, rng: np.random.Generator, values: Values) -> Inputs:
    exponents = _exponents(size, rng, values)
    packed = _codes(rng, size.shape(size.n, size.k // 2))
    packed[rng.random(packed.shape) < 0.3] = 0
    packed[..., : size.n // 2, : fp4.BLOCK // 2] = 0  # a block of zeros
    if size.is_packed:
        words = np.zeros((*exponents.shape[:-1], 4 * ceil_div(exponents.shape[-1], 4)), np.uint8)
        words[..., : exponents.shape[-1]] = exponents
        return {"packed": packed, "scales": words.view(np.int32)}
    return {"packed": packed, "scales": (exponents.astype(np.uint32) << 23).view(np.float32)}


def _outputs_requantize(size: RequantizeSize, inputs: Inputs) -> dict[str, Output]:
    blocks = size.shape(ceil_div(size.n, size.rows_per_scale), ceil_div(size.k, fp4.BLOCK))
    return {
        "q": Output("float8_e4m3fn", size.shape(size.n, size.k)),
        "sf": Output("float32", blocks),
        "inexact": Output("int32", blocks),
    }


def _run_requantize(call: OperationCall, stream: int | None = None, threads: int = 0) -> None:
    operands = (call[name] for name in ("packed", "scales", "q", "sf", "inexact"))
    _core.fp4_to_fp8(*operands, stream, threads)


def _public_requantize(call: OperationCall, library: Any) -> Any:
    return library.requantize_fp4_to_fp8(call["packed"], call["scales"], call.size.rows_per_scale, allow_inexact=True)


def _defined_requantize(size: RequantizeSize, inputs: Inputs) -> dict[str, np.ndarray]:
    scales = inputs["scales"]
    exponents = (
        fp4.unpacked_bytes(scales, ceil_div(size.k, fp4.GRAN)) if size.is_packed else scales.view(np.uint32) >> 23
    )
    each = zip(
        inputs["packed"].reshape(-1, size.n, size.k // 2), exponents.reshape(-1, *exponents.shape[-2:]), strict=True
    )
    made = [fp4.requantize(packed, own, size.rows_per_scale) for packed, own in each]
    outputs = (np.stack(arrays).reshape(size.shape(*arrays[0].shape)) for arrays in zip(*made, strict=True))
    return dict(zip(("q", "sf", "inexact"), outputs, strict=True))


def _weights(rng: np.random.Generator) -> tuple[int, int]:
    """Of a layer of a public model."""
    shapes = sorted(dense_shapes())
    return shapes[rng.integers(len(shapes))]


def _bytes_requantize(size: RequantizeSize) -> int:
    blocks = ceil_div(size.n, size.rows_per_scale) * ceil_div(size.k, fp4.BLOCK)
    scales = size.n * ceil_div(size.k, fp4.GRAN) * (1 if size.is_packed else SCALE_BYTES)
    return size.n * size.k * 3 // 2 + scales + blocks * (SCALE_BYTES + COUNT_BYTES)


def _levels(sizes: list[Any]) -> dict[str, list[Any]]:
    return at_every_level(sizes)


RUNS = (Run(), Run(public=True))
DECODED = [
    DecodeSize(*shape, *rest) for shape, *rest in product(((1, 2), (7, 160), (130, 300)), (32, 128), (False, True))
]
TRANSPOSED = [TransposeSize(*shape) for shape in ((2, 2), (6, 70), (64, 64), (132, 258))]
REQUANTIZED = [
    RequantizeSize(3, 34),
    RequantizeSize(130, 288, 128, 2, 14),
    RequantizeSize(130, 288, 1, 0, 14, True),
    RequantizeSize(129, 130, 1, 3, 254, False),
    RequantizeSize(257, 160, 128, 0, 18, True),
]

OPERATIONS = (
    Operation(
        name="cast_back_from_fp4",
        families=("fp4_to_fp32",),
        sizes=_levels(DECODED),
        draw=_draw_decode,
        outputs=lambda size, inputs: {"out": Output("float32", (size.m, size.k))},
        run=_run_decode,
        public=_public_decode,
        defined=_defined_decode,
        strided=("packed", "sf", "out"),
        runs=RUNS,
    ),
    Operation(
        name="transpose_packed_fp4",
        families=("transpose_fp4",),
        sizes=_levels(TRANSPOSED),
        draw=lambda size, rng, values: {"packed": _codes(rng, (size.m, size.k // 2))},
        outputs=lambda size, inputs: {"out": Output("int8", (size.k, size.m // 2))},
        run=_run_transpose,
        public=lambda call, library: library.transpose_packed_fp4(call["packed"]),
        defined=lambda size, inputs: {"out": fp4.transpose(inputs["packed"])},
        strided=("packed", "out"),
        runs=RUNS,
        measured=Measured(lambda rng: TransposeSize(*_weights(rng)), lambda size: size.m * size.k),
    ),
    Operation(
        name="requantize_fp4_to_fp8",
        families=("fp4_to_fp8",),
        sizes=_levels(REQUANTIZED),
        draw=_draw_requantize,
        outputs=_outputs_requantize,
        run=_run_requantize,
        public=_public_requantize,
        defined=_defined_requantize,
        strided=("packed", "scales", "q", "sf", "inexact"),
        runs=RUNS,
        measured=Measured(lambda rng: RequantizeSize(*_weights(rng), spread=14, is_packed=True), _bytes_requantize),
    ),
)

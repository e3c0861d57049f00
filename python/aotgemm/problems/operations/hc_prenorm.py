"""What comes before the norm of a hyper-connection: tf32_hc_prenorm_gemm."""

from dataclasses import dataclass, replace
from typing import Any

import ml_dtypes
import numpy as np

from ... import _core
from ...reference import hc_prenorm
from ..operation import Inputs, Measured, Operation, OperationCall, Output, Rows
from ..sizes import log_uniform
from ..values import Values

MOST_TOKENS, COLUMNS, DEPTHS, SPLITS = 8192, 24, (7168, 7680, 16384, 28672), (0, 2, 4, 8, 16)  # of what is measured
A_BYTES, FP32_BYTES = 2, 4


@dataclass(frozen=True)
class PrenormSize:
    m: int
    n: int
    k: int
    splits: int  # 0: None

    def __str__(self) -> str:
        return f"{self.m}x{self.n}x{self.k}" + (f" in {self.splits} splits" if self.splits else "")


# Tails of tiles of 16, 32 and 64 rows, splits of unequal length, splits without a block.
SMALL = (
    PrenormSize(1, 8, 64, 0),
    PrenormSize(17, 16, 192, 5),
    PrenormSize(70, 24, 1216, 3),
    PrenormSize(129, 32, 128, 1),
    PrenormSize(33, 24, 0, 2),
)
QUICK = (*SMALL, PrenormSize(137, 24, 7168, 0), PrenormSize(13, 24, 7680, 16))
FULL = (*QUICK, PrenormSize(4096, 24, 28672, 16), PrenormSize(2111, 24, 7168, 0), PrenormSize(600, 32, 16384, 7))


def _draw(size: PrenormSize, rng: np.random.Generator, values: Values) -> Inputs:
    """Normal numbers of many magnitudes; some of B halfway between two of TF32."""
    a = rng.standard_normal((size.m, size.k), np.float32) * np.exp2(rng.integers(-9, 9, (size.m, 1))).astype(np.float32)
    b = rng.standard_normal((size.n, size.k), np.float32)
    ties = rng.random(b.shape) < 0.25
    b.view(np.uint32)[ties] = b.view(np.uint32)[ties] & ~np.uint32(0x1FFF) | 0x1000
    if values == "edge" and size.k:
        a[-1, -1], a[-2:-1, 0], b[0, size.k // 2] = np.nan, -np.inf, np.inf
    return {"a": a.astype(ml_dtypes.bfloat16), "b": b, "splits": size.splits}


def _outputs(size: PrenormSize, inputs: Inputs) -> dict[str, Output]:
    splits = (size.splits,) if size.splits else ()
    return {
        "d": Output("float32", (*splits, size.m, size.n)),
        "sqr_sum": Output("float32", (*splits, size.m)),
    }


def _run(call: OperationCall, stream: int | None = None, threads: int = 0) -> None:
    operands = call["a"], call["b"], call["d"], call["sqr_sum"]
    _core.tf32_hc_prenorm_gemm(*operands, call["splits"], stream, threads)


def _public(call: OperationCall, library: Any) -> None:
    operands = call["a"], call["b"], call["d"], call["sqr_sum"]
    library.tf32_hc_prenorm_gemm(*operands, num_splits=call["splits"] or None)


def _defined(size: PrenormSize, inputs: Inputs) -> dict[str, np.ndarray]:
    d, sqr_sum = hc_prenorm.tf32_hc_prenorm_gemm(inputs["a"], inputs["b"], max(size.splits, 1))
    return {"d": d, "sqr_sum": sqr_sum} if size.splits else {"d": d[0], "sqr_sum": sqr_sum[0]}


def _chosen(size: PrenormSize, inputs: Inputs, rows: np.ndarray) -> tuple[PrenormSize, Inputs]:
    return replace(size, m=len(rows)), inputs | {"a": np.ascontiguousarray(inputs["a"][rows])}


def _measured_size(rng: np.random.Generator) -> PrenormSize:
    """N and K of models with hyper-connections."""
    return PrenormSize(log_uniform(rng, 1, MOST_TOKENS), COLUMNS, int(rng.choice(DEPTHS)), int(rng.choice(SPLITS)))


def _bytes(size: PrenormSize) -> int:
    read = size.m * size.k * A_BYTES + size.n * size.k * FP32_BYTES
    return read + max(size.splits, 1) * size.m * (size.n + 1) * FP32_BYTES


OPERATIONS = (
    Operation(
        name="tf32_hc_prenorm_gemm",
        families=("tf32_hc_prenorm_gemm",),
        sizes={"full": FULL, "quick": QUICK, "small": SMALL, "host": SMALL},
        draw=_draw,
        outputs=_outputs,
        run=_run,
        public=_public,
        defined=_defined,
        strided=("a", "b", "d"),
        rows=Rows(count=lambda size: size.m, chosen=_chosen, axis={"d": -2, "sqr_sum": -1}),
        measured=Measured(_measured_size, _bytes, lambda size: 2 * size.m * size.n * size.k),
    ),
)

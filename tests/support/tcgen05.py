"""Steps of tcgen05.mma on the CPU backend, on raw bits."""

import numpy as np
from aotgemm import _core

KINDS = {"bf16": "f16", "fp16": "f16", "tf32": "tf32"}


def step_bits(
    kind: str,
    types: tuple[str, str],
    operands: tuple[np.ndarray, np.ndarray],
    c: np.ndarray,
    scales: tuple[np.ndarray, np.ndarray] | tuple[None, None] = (None, None),
) -> np.ndarray:
    """FP32 bits of c [M, N] and the steps over codes [M, K] and [N, K]; scales are UE8M0 bytes."""
    a, b = (np.ascontiguousarray(codes).view(np.int8) for codes in operands)
    sfa, sfb = (None if scale is None else np.ascontiguousarray(scale).view(np.int8) for scale in scales)
    d = np.array(c, np.float32)
    _core.tcgen05_mma(kind, types[0], a, sfa, types[1], b, sfb, d)
    return d.view(np.uint32)

"""The casts and the scale layout: on a GPU against the CPU backend, on the CPU against NumPy."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import ml_dtypes
import numpy as np

from ..ops.cast import per_block_cast_to_fp8, per_token_cast_to_fp8
from ..ops.layout import get_mn_major_tma_aligned_tensor
from ..problems.backends import Backend, CpuBackend, CudaBackend
from .tally import Tallies

BLOCK = 128
FP8_MAX, SMALLEST_AMAX = np.float32(448), np.float32(1e-4)
SCALE_SHAPES = ((1, 1), (1, 56), (5, 3), (129, 56), (1000, 7), (3, 130, 7))
CAST_SHAPES = ((1, 128), (7, 144), (129, 512), (300, 1000))
CAST_DTYPES = (np.float32, ml_dtypes.bfloat16)
CASTS = {"per_token_cast_to_fp8": (per_token_cast_to_fp8, 1), "per_block_cast_to_fp8": (per_block_cast_to_fp8, BLOCK)}


def cast_in_numpy(x: np.ndarray, block_rows: int, use_ue8m0: bool) -> tuple[np.ndarray, np.ndarray]:
    """(q, sf) as the casts define them."""
    m, k = x.shape
    x = x.astype(np.float32)
    padded = np.zeros((-(-m // block_rows) * block_rows, -(-k // BLOCK) * BLOCK), np.float32)
    padded[:m, :k] = np.abs(x)
    amax = padded.reshape(-1, block_rows, padded.shape[1] // BLOCK, BLOCK).max((1, 3))
    sf = np.maximum(amax, SMALLEST_AMAX) / FP8_MAX
    if use_ue8m0:
        fraction, exponent = np.frexp(sf)
        sf = np.ldexp(np.float32(1), exponent - (fraction == 0.5)).astype(np.float32)
    scaled = x * (np.float32(1) / sf).repeat(block_rows, 0)[:m].repeat(BLOCK, 1)[:, :k]
    return np.clip(scaled, -FP8_MAX, FP8_MAX).astype(ml_dtypes.float8_e4m3fn), sf


def _random_input(random: np.random.Generator, shape: tuple[int, int], dtype: Any) -> np.ndarray:
    """Normal numbers of many magnitudes, with a block of zeros."""
    x = random.standard_normal(shape, np.float32) * np.exp2(random.integers(-20, 20, (shape[0], 1))).astype(np.float32)
    x[: shape[0] // 2, :BLOCK] = 0
    return x.astype(dtype)


def _difference(got: np.ndarray, wanted: np.ndarray) -> str:
    wrong = int((got.view(np.uint8) != wanted.view(np.uint8)).sum())
    return f"{wrong} of {got.nbytes} bytes differ" if wrong else ""


def _cast_cases(backend: Backend, random: np.random.Generator) -> Iterator[tuple[str, str, str]]:
    for name, shape, dtype, use_ue8m0 in product(CASTS, CAST_SHAPES, CAST_DTYPES, (False, True)):
        cast, block_rows = CASTS[name]
        x = _random_input(random, shape, dtype)
        if isinstance(backend, CudaBackend):
            x[-1, -1], x[-2:-1, 0] = np.nan, -np.inf
            wanted = cast(x, use_ue8m0)
        else:
            wanted = cast_in_numpy(x, block_rows, use_ue8m0)
        got = [np.ascontiguousarray(backend.get(part)) for part in cast(backend.put(x), use_ue8m0)]
        words = (_difference(*pair) for pair in zip(got, wanted, strict=True))
        yield name, f"{np.dtype(dtype).name} {list(shape)} use_ue8m0={use_ue8m0}", ", ".join(filter(None, words))


def _layout_cases(backend: Backend, random: np.random.Generator) -> Iterator[tuple[str, str, str]]:
    for shape in SCALE_SHAPES:
        sf = random.standard_normal(shape, np.float32)
        aligned = get_mn_major_tma_aligned_tensor(backend.put(sf))
        got = _read_mn_major(backend, aligned)
        yield "get_mn_major_tma_aligned_tensor", str(list(shape)), _difference(got, sf)


def _read_mn_major(backend: Backend, aligned: Any) -> np.ndarray:
    if isinstance(backend, CpuBackend):
        return np.ascontiguousarray(aligned)
    *groups, mn, k = aligned.shape
    column = aligned.stride[-1]
    groups = groups or [1]
    last = mn + column * (k - 1)
    flat = [backend.get(aligned.as_strided([last], [1], group * column * k)) for group in range(groups[0])]
    columns = [np.lib.stride_tricks.as_strided(memory, (mn, k), (4, 4 * column)) for memory in flat]
    return np.ascontiguousarray(np.stack(columns)).reshape(aligned.shape)


def count_conversions() -> int:
    return len(CASTS) * len(CAST_SHAPES) * len(CAST_DTYPES) * 2 + len(SCALE_SHAPES)


def run_conversions(backend: Backend, tallies: Tallies, seed: int, step: Callable[[str], None]) -> None:
    """Every cast and layout case; `step` is called with the operation's name before each is counted."""
    random = np.random.default_rng(seed)
    for cases in (_cast_cases(backend, random), _layout_cases(backend, random)):
        for name, case, difference in cases:
            step(name)
            tallies.count(name, case, difference)

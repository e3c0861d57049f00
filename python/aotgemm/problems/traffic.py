"""Sizes of calls as they come: how a layer and its tokens become the size of a GEMM, for each way of grouping."""

import numpy as np

from ..arrays.sizes import align, ceil_div
from ..bench.shapes import ALIGNED_ROWS, SEPARATE_ROWS, batched_shapes, moe_shapes
from ..errors import RequestError
from .form import Grid, Layer, Traffic
from .kind import SKIP_HEAD_MID
from .sizes import Size, draw_counts, heads, k_groups, row_groups

K_STEP = 128  # K that a gradient sums over is a multiple of it; K of one batch
ROOM_STEP = 128  # rows of memory of a masked group are a multiple of it
HEAD = (128, 64, 128)  # columns of a head of DeepSeek-V3 in D: without position, of position (unwritten), V


def of_rows(layer: Layer, tokens: int, groups: str, rng: np.random.Generator) -> Size:
    """A token is a row."""
    n, k, _ = layer
    return Size(tokens, n, k)


def of_heads(layer: Layer, tokens: int, groups: str, rng: np.random.Generator) -> Size:
    """A token is a row of D with unwritten columns in each head."""
    n, k, _ = layer
    columns = HEAD[0] + HEAD[2]
    if n % columns:
        raise RequestError(f"--shapes: N is {n}, allowed with {SKIP_HEAD_MID} are multiples of {columns}")
    return heads(HEAD, n // columns, tokens, k)


def of_batches(layer: Layer, tokens: int, groups: str, rng: np.random.Generator) -> Size:
    """So many tokens in each group."""
    n, k, count = layer
    return row_groups((tokens,) * count, n, k)


def of_groups(layer: Layer, tokens: int, groups: str, rng: np.random.Generator) -> Size:
    """So many tokens a group in the mean."""
    n, k, count = layer
    return row_groups(_counts(groups, tokens, count, rng), n, k)


def of_masked_groups(layer: Layer, tokens: int, groups: str, rng: np.random.Generator) -> Size:
    """As of_groups, in memory for the largest of them."""
    n, k, count = layer
    counts = _counts(groups, tokens, count, rng)
    return row_groups(counts, n, k, align(max(counts), ROOM_STEP))


def of_gradient(layer: Layer, tokens: int, groups: str, rng: np.random.Generator) -> Size:
    """The gradient D [N, K] of the layer sums over the tokens."""
    n, k, _ = layer
    return Size(n, k, align(tokens, K_STEP))


def of_gradients_of_groups(layer: Layer, tokens: int, groups: str, rng: np.random.Generator) -> Size:
    """A gradient for each group, that sums over so many tokens in the mean."""
    n, k, count = layer
    return k_groups([align(one, K_STEP) for one in _counts(groups, tokens, count, rng)], n, k)


def of_gradient_in_batches(layer: Layer, tokens: int, groups: str, rng: np.random.Generator) -> Size:
    """A gradient whose tokens come in batches."""
    n, k, _ = layer
    return Size(n, k, K_STEP, batches=ceil_div(tokens, K_STEP))


def _counts(groups: str, tokens: int, count: int, rng: np.random.Generator) -> tuple[int, ...]:
    counts = draw_counts(groups, tokens, count, rng)
    if not any(counts):  # as a spread of 1 may draw; a call of no row at all is no measurement
        counts = (1, *counts[1:])
    return counts


# What is measured and tuned of experts whose rows share A, of experts with rows of their own, and of heads.
ALIGNED = Traffic(moe_shapes, (1, 4096), ALIGNED_ROWS, of_groups), Grid(moe_shapes, ALIGNED_ROWS)
MASKED = Traffic(moe_shapes, (1, 1024), SEPARATE_ROWS, of_masked_groups), Grid(moe_shapes, SEPARATE_ROWS)
BATCHED = Traffic(batched_shapes, (1, 4096), SEPARATE_ROWS, of_batches), Grid(batched_shapes, SEPARATE_ROWS)

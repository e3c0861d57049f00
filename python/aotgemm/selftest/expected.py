"""What D must be: each group of rows or of K on its own, by a dense product of the CPU backend or of the definition."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from .. import _core
from ..problems.kinds import FAMILIES, SKIP_HEAD_MID, Kind
from ..problems.memory import CONTIGUOUS, POISON, POISON_BYTE, RAW, in_tma_rows, numpy_dtype
from ..problems.scales import granularities, pack
from ..problems.sizes import Size
from ..problems.values import Operands, blocks_of, column_segments, in_batches
from ..problems.views import OUT_DTYPES, placement_of, views_of

# D of a product, of C [M, N] or None and of D's dtype.
Finish = Callable[[np.ndarray | None, np.dtype], np.ndarray]
# A [M, K], SFA, B [N, K], SFB and how many batches lie side by side in K -> their product.
Product = Callable[[str, np.ndarray, np.ndarray | None, np.ndarray, np.ndarray | None, int], Finish]


def cpu_backend_product(
    family: str, a: np.ndarray, sfa: np.ndarray | None, b: np.ndarray, sfb: np.ndarray | None, batches: int
) -> Finish:
    """By the CPU backend, which adds C itself."""

    def finish(c: np.ndarray | None, dtype: np.dtype) -> np.ndarray:
        d = np.empty((len(a), len(b)), dtype)
        if batches > 1:
            rows_a, rows_b = (in_tma_rows(in_batches(matrix, batches)) for matrix in (a, b))
            _core.gemm(family, "batch_reduced", "nt", rows_a, None, rows_b, None, c, d)
        else:
            packs = FAMILIES[family].packs_scales
            scales = (pack(sfa), pack(sfb)) if packs else (sfa, sfb)
            rows_a, rows_b = in_tma_rows(a), in_tma_rows(b)
            _core.gemm(*(family, "dense", "nt", rows_a, scales[0], rows_b, scales[1], c, d), **granularities(packs))
        return d

    return finish


def defined_product(
    family: str, a: np.ndarray, sfa: np.ndarray | None, b: np.ndarray, sfb: np.ndarray | None, batches: int
) -> Finish:
    """By the definition in NumPy; finite sums only."""
    product = FAMILIES[family].defined(a, sfa, b, sfb, batches)
    return lambda c, dtype: (product if c is None else c.astype(np.float32) + product).astype(dtype)


@dataclass(frozen=True)
class _Part:
    """Rows of D, as one matrix of all its rows, and the row of the product that each of them is."""

    rows: np.ndarray
    product: Finish
    row_of_product: np.ndarray


class Expectation:
    """D of all kinds of one family and grouping, for operands that they share."""

    def __init__(self, kind: Kind, size: Size, operands: Operands, product: Product) -> None:
        self._size, self._operands = size, operands
        parts = _parts_of_k if kind.grouping == "k_grouped" else _parts_of_rows
        self._parts = list(parts(kind, size, operands, product))
        self._known: dict[tuple[str, bool], np.ndarray] = {}

    def bits(self, kind: Kind, with_c: bool) -> np.ndarray:
        """Raw bits of D, in its shape; zeros for padding, poison where nothing may be written. Computed once."""
        key = kind.out_dtype, with_c
        if key not in self._known:
            self._known[key] = self._compute(kind, with_c)
        return self._known[key].reshape(views_of(kind, self._size, CONTIGUOUS)["d"].shape)

    def _compute(self, kind: Kind, with_c: bool) -> np.ndarray:
        dtype = numpy_dtype(OUT_DTYPES[kind.out_dtype])
        raw, n = RAW[OUT_DTYPES[kind.out_dtype]], self._size.columns_of_d
        rows = int(np.prod(views_of(kind, self._size, CONTIGUOUS)["d"].shape[:-1]))
        d = np.full(rows * n * dtype.itemsize, POISON_BYTE, np.uint8).view(raw).reshape(rows, n)
        placement = placement_of(kind, self._size)
        if placement is not None:
            d[placement.zeroed] = 0
        c = self._operands.c.reshape(rows, -1).astype(dtype) if with_c else None
        for part in self._parts:
            computed = part.product(None if c is None else c[part.rows], dtype).view(raw)
            d[part.rows] = _in_heads(kind, self._size, computed)[part.row_of_product]
        return d


def _in_heads(kind: Kind, size: Size, computed: np.ndarray) -> np.ndarray:
    """With the unwritten columns of each head, poisoned, where the call has heads."""
    if kind.grouping != SKIP_HEAD_MID:
        return computed
    left, middle, right = size.head_splits
    within = np.arange(size.columns_of_d) % (left + middle + right)
    rows = np.full((len(computed), size.columns_of_d), POISON, computed.dtype)
    rows[:, (within < left) | (within >= left + middle)] = computed
    return rows


def _parts_of_rows(kind: Kind, size: Size, operands: Operands, product: Product) -> Iterator[_Part]:
    """One for each group that has rows; the product of its distinct rows of A."""
    placement = placement_of(kind, size)
    group_of_row = np.zeros(len(operands.source), int) if placement is None else placement.group_of_row
    for group in np.unique(group_of_row[group_of_row >= 0]):
        rows = np.flatnonzero(group_of_row == group)
        distinct, row_of_product = np.unique(operands.source[rows], return_inverse=True)
        sfa, sfb = (None, None) if operands.sfa is None else (operands.sfa[distinct], operands.sfb[group])
        computed = product(kind.family, operands.a[distinct], sfa, operands.b[group], sfb, size.batches)
        yield _Part(rows, computed, row_of_product)


def _parts_of_k(kind: Kind, size: Size, operands: Operands, product: Product) -> Iterator[_Part]:
    """One for each group of K."""
    every_row = np.arange(size.m)
    for group, columns in enumerate(column_segments(kind, size)):
        a, b = (np.ascontiguousarray(matrix[:, columns]) for matrix in (operands.a, operands.b[0]))
        sfa, sfb = None, None
        if operands.sfa is not None:
            sfa, sfb = operands.sfa[:, blocks_of(columns)], operands.sfb[0][:, blocks_of(columns)]
        yield _Part(group * size.m + every_row, product(kind.family, a, sfa, b, sfb, 1), every_row)

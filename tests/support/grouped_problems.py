"""Grouped GEMM problems on NumPy arrays, with what the definition makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import aotgemm
import numpy as np
from aotgemm.problems.memory import POISON
from aotgemm.problems.values import FP8_NAN
from aotgemm.reference.fp8 import fp8_gemm_nt as defined
from problems import BF16, make_finite_operands

ALIGNMENT = 128


def padding_of(index: np.ndarray, alignment: int = ALIGNMENT) -> np.ndarray:
    """Which rows become zeros: those of no group that share a span of `alignment` rows with some of a group."""
    rows = np.arange(len(index))
    spans_of_groups = np.unique(rows[index >= 0] // alignment)
    return (index < 0) & np.isin(rows // alignment, spans_of_groups)


@dataclass(frozen=True)
class GroupedProblem:
    """Rows of all groups in one matrix; what lies between them is NaN."""

    a: np.ndarray
    sfa: np.ndarray
    b: np.ndarray  # [G, N, K]
    sfb: np.ndarray
    rows: tuple[slice, ...]  # of each group
    alignment: int = ALIGNMENT

    @property
    def index(self) -> np.ndarray:
        """The group of each row, or -1."""
        index = np.full(len(self.a), -1, np.int32)
        for group, rows in enumerate(self.rows):
            index[rows] = group
        return index

    @property
    def ends(self) -> np.ndarray:
        return np.array([rows.stop for rows in self.rows], np.int32)

    def empty_output(self) -> np.ndarray:
        return np.full((len(self.a), self.b.shape[1]), POISON, np.uint16).view(BF16)

    def run(self, use_psum_layout: bool = False, **options: object) -> np.ndarray:
        """Bits of D, poison where nothing was written."""
        d = self.empty_output()
        aotgemm.m_grouped_fp8_gemm_nt_contiguous(
            (self.a, self.sfa),
            (self.b, self.sfb),
            d,
            self.ends if use_psum_layout else self.index,
            use_psum_layout=use_psum_layout,
            **options,
        )
        return d.view(np.uint16)

    def expected(self) -> np.ndarray:
        """Bits of D by the definition: zeros between groups, poison in spans without a row of any group."""
        d = self.empty_output().view(np.uint16)
        d[padding_of(self.index, self.alignment)] = 0
        for group, rows in enumerate(self.rows):
            product = defined(self.a[rows], self.sfa[rows], self.b[group], self.sfb[group])
            d[rows] = product.astype(BF16).view(np.uint16)
        return d


@dataclass(frozen=True)
class BatchProblem:
    """A matrix of rows for each group, of which the first `counts` are live and the others NaN."""

    a: np.ndarray  # [G, M, K]
    sfa: np.ndarray
    b: np.ndarray
    sfb: np.ndarray
    counts: np.ndarray

    def empty_output(self) -> np.ndarray:
        return np.full((*self.a.shape[:2], self.b.shape[1]), POISON, np.uint16).view(BF16)

    def run(self, **options: object) -> np.ndarray:
        """Bits of D through the masked call."""
        d = self.empty_output()
        given = {"expected_m": 1} | options
        aotgemm.m_grouped_fp8_gemm_nt_masked((self.a, self.sfa), (self.b, self.sfb), d, self.counts, **given)
        return d.view(np.uint16)

    def expected(self) -> np.ndarray:
        d = self.empty_output().view(np.uint16)
        for group, count in enumerate(self.counts):
            a, sfa = self.a[group, :count], self.sfa[group, :count]
            d[group, :count] = defined(a, sfa, self.b[group], self.sfb[group]).astype(BF16).view(np.uint16)
        return d


def make_weights(random: np.random.Generator, groups: int, n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """B [G, N, K] and its scales."""
    pairs = [make_finite_operands(random, 0, n, k)[2:] for _ in range(groups)]
    return np.stack([b for b, _ in pairs]), np.stack([sfb for _, sfb in pairs])


def starts_of(counts: Sequence[int], alignment: int = ALIGNMENT) -> list[int]:
    """The first row of each group, and where the next would start."""
    starts = [0]
    for count in counts:
        starts.append(aotgemm.align(starts[-1] + count, alignment))
    return starts


def make_grouped(counts: Sequence[int], n: int, k: int, seed: int = 0, alignment: int = ALIGNMENT) -> GroupedProblem:
    """One group for each count; the matrix ends with the padding of the last one."""
    random, starts = np.random.default_rng(seed), starts_of(counts, alignment)
    a, sfa = make_finite_operands(random, starts[-1], 0, k)[:2]
    rows = tuple(slice(start, start + count) for start, count in zip(starts, counts))
    gap = np.ones(len(a), bool)
    for part in rows:
        gap[part] = False
    a.view(np.uint8)[gap], sfa[gap] = FP8_NAN, np.nan
    return GroupedProblem(a, sfa, *make_weights(random, len(counts), n, k), rows, alignment)


def make_batch(counts: Sequence[int], room: int, n: int, k: int, seed: int = 0) -> BatchProblem:
    """`room` rows for each group."""
    random = np.random.default_rng(seed)
    pairs = [make_finite_operands(random, room, 0, k)[:2] for _ in counts]
    a, sfa = np.stack([a for a, _ in pairs]), np.stack([sfa for _, sfa in pairs])
    for group, count in enumerate(counts):
        a.view(np.uint8)[group, count:], sfa[group, count:] = FP8_NAN, np.nan
    return BatchProblem(a, sfa, *make_weights(random, len(counts), n, k), np.array(counts, np.int32))

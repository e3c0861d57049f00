"""Random values of operands, on the host, as if every call were A [M, K] times B [N, K] transposed.

D[i, j] depends on row i of A and row j of B alone. So the operands of a smaller M and N are the first rows of those of
the largest, and so is what D must be; and rows of A may repeat others, so that the largest D can be compared in full.
"""

from dataclasses import dataclass, replace
from typing import Literal

import ml_dtypes
import numpy as np

from ..arrays.sizes import ceil_div
from ..ops.cast import per_block_cast_to_fp8, per_token_cast_to_fp8
from .kind import Kind
from .sizes import Size
from .views import SCALE_BLOCK, placement_of

# edge: every finite pattern, zeros and subnormals among them, and some NaN and infinities, in rows that few outputs
# meet. finite: the same without those, and such that no sum overflows. normal: standard normal, quantised if FP8.
Values = Literal["edge", "finite", "normal"]
DISTINCT_ROWS = 300  # of A, of edge values
DISTINCT_ROWS_OF_GROUPS = 64
FP8_NAN, BF16_NAN, BF16_INFINITY, BF16_EXPONENT = 0x7F, 0x7FC0, 0x7F80, 0x7F80
FP8, BF16 = ml_dtypes.float8_e4m3fn, ml_dtypes.bfloat16


@dataclass(frozen=True)
class Operands:
    """Distinct rows of A [P, K] and SFA, which of them each row of A is, B [G, N, K] and SFB; C in FP32 if it may be.

    K counts the columns of all groups of k_grouped, and of all batches, side by side. G is 1 without groups of rows.
    """

    a: np.ndarray
    sfa: np.ndarray | None
    source: np.ndarray
    b: np.ndarray
    sfb: np.ndarray | None
    c: np.ndarray | None

    def first(self, m: int, n: int) -> "Operands":
        """Those of a smaller problem without groups."""
        rows_per_scale = 1 if self.sfb is None or self.sfb.shape[1] == self.b.shape[1] else SCALE_BLOCK
        sfb = None if self.sfb is None else self.sfb[:, : ceil_div(n, rows_per_scale)]
        c = None if self.c is None else self.c[:m, :n]
        return replace(self, source=self.source[:m], b=self.b[:, :n], sfb=sfb, c=c)

    def rows(self, chosen: np.ndarray) -> "Operands":
        """Those with these rows of A, in this order."""
        return replace(self, source=self.source[chosen], c=None if self.c is None else self.c[chosen])


def column_segments(kind: Kind, size: Size) -> list[slice]:
    """The columns of each group of k_grouped, or of each batch; else all as one."""
    lengths = size.counts if kind.grouping == "k_grouped" else (size.k,) * size.batches
    ends = np.cumsum([0, *lengths]).tolist()
    return [slice(start, end) for start, end in zip(ends[:-1], ends[1:], strict=True)]


def in_batches(matrix: np.ndarray, batches: int) -> np.ndarray:
    """[rows, B * K] as [B, rows, K]."""
    return np.ascontiguousarray(matrix.reshape(len(matrix), batches, -1).swapaxes(0, 1))


def blocks_of(columns: slice) -> slice:
    """The scales of these columns."""
    return slice(columns.start // SCALE_BLOCK, ceil_div(columns.stop, SCALE_BLOCK))


def finite_fp8(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """All finite bit patterns, subnormals and zeros included; every fourth row keeps to small exponents."""
    bits = rng.integers(0, 256, (rows, columns), np.uint8)
    bits[(bits & FP8_NAN) == FP8_NAN] ^= 0x40
    bits[3::4] &= 0x9F
    return bits.view(FP8)


def finite_scales(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    exponents = rng.integers(-12, 4, (rows, columns))
    return np.ldexp(rng.uniform(1, 2, (rows, columns)), exponents).astype(np.float32)


def powers_of_two(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    return np.exp2(rng.integers(-12, 4, (rows, columns))).astype(np.float32)


def finite_bf16(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Every fourth row of every size there is, the others of a middling one, some zeros."""
    bits = rng.integers(0, 1 << 16, shape, np.uint16)
    bits[(bits & BF16_EXPONENT) == BF16_EXPONENT] ^= 0x4000
    near_one = bits & 0x81FF | 0x3E00
    wide = np.arange(shape[-2]) % 4 == 3
    bits = np.where(wide[:, None], bits, near_one)
    return np.where(rng.random(shape) < 0.1, bits & 0x8000, bits).astype(np.uint16).view(BF16)


def below_two(values: np.ndarray) -> np.ndarray:
    """BF16 numbers brought under 2, so that no sum of products overflows."""
    return (values.view(np.uint16) & 0xBFFF).view(BF16)


def _add_special_fp8_rows(a: np.ndarray, sfa: np.ndarray) -> None:
    """NaN and infinity in rows that single outputs meet, so that most outputs stay finite."""
    for row, column in ((20, 0), (21, a.shape[1] - 1)):
        a.view(np.uint8)[row : row + 1, column] = FP8_NAN
    sfa[22:23, 0], sfa[23:24, -1], sfa[24:25], sfa[25:26] = np.inf, np.nan, 0, 3e38


def _add_special_fp8_columns(b: np.ndarray, sfb: np.ndarray) -> None:
    """The same in rows of B."""
    b.view(np.uint8)[40:41, b.shape[1] // 2] = FP8_NAN | 0x80
    sfb[4:5, 0] = np.inf


def _add_special_bf16(a: np.ndarray, b: np.ndarray) -> None:
    """NaN and infinities in rows that single outputs meet."""
    for matrix, row, bits in (
        (a, 20, BF16_NAN),
        (a, 21, BF16_INFINITY),
        (b, 5, BF16_INFINITY | 0x8000),
        (b, 6, BF16_NAN),
    ):
        matrix.view(np.uint16)[row : row + 1, matrix.shape[1] // 2] = bits


def _add_special(kind: Kind, operands: Operands, columns: slice) -> None:
    """Those of the format, in these columns of A and of the first B; a column cut out of it is a view."""
    if columns.start == columns.stop:
        return
    a, b, blocks = operands.a[:, columns], operands.b[0][:, columns], blocks_of(columns)
    if operands.sfa is None:
        _add_special_bf16(a, b)
        return
    _add_special_fp8_rows(a, operands.sfa[:, blocks])
    if kind.prepacked_b:
        kind.prepacked_b.add_special(operands.sfb[0])
    else:
        _add_special_fp8_columns(b, operands.sfb[0][:, blocks])


def _add_special_values(kind: Kind, size: Size, operands: Operands) -> None:
    """In every group of K; of batches, in the middle one."""
    segments = column_segments(kind, size)
    if kind.grouping == "batch_reduced":
        segments = [segments[len(segments) // 2]]
    for columns in segments:
        _add_special(kind, operands, columns)


def _fp8_matrix(
    rng: np.random.Generator, kind: Kind, rows: int, columns: int, rows_per_scale: int, values: Values
) -> tuple[np.ndarray, np.ndarray]:
    """FP8 [rows, columns] and its scales, powers of two where they are packed."""
    if values == "normal":
        cast = per_token_cast_to_fp8 if rows_per_scale == 1 else per_block_cast_to_fp8
        return cast(rng.standard_normal((rows, columns), np.float32), kind.packs_scales)
    draw_scales = powers_of_two if kind.packs_scales else finite_scales
    scales = draw_scales(rng, ceil_div(rows, rows_per_scale), ceil_div(columns, SCALE_BLOCK))
    return finite_fp8(rng, rows, columns), scales


def _bf16_matrix(rng: np.random.Generator, rows: int, columns: int, values: Values) -> np.ndarray:
    if values == "normal":
        return rng.standard_normal((rows, columns), np.float32).astype(BF16)
    drawn = finite_bf16(rng, rows, columns)
    return below_two(drawn) if values == "finite" else drawn


def _matrix(
    rng: np.random.Generator, kind: Kind, rows: int, columns: int, rows_per_scale: int, values: Values
) -> tuple[np.ndarray, np.ndarray | None]:
    """A matrix in the format of the kind, and its scales if it has any."""
    if kind.is_fp8:
        return _fp8_matrix(rng, kind, rows, columns, rows_per_scale, values)
    return _bf16_matrix(rng, rows, columns, values), None


def _weights(
    rng: np.random.Generator, kind: Kind, rows: int, columns: int, values: Values
) -> tuple[np.ndarray, np.ndarray | None]:
    """B of a group, and its scales if it has any."""
    if kind.prepacked_b:
        return kind.prepacked_b.draw(rng, rows, columns, values)
    return _matrix(rng, kind, rows, columns, 1 if kind.scales_b_by_row else SCALE_BLOCK, values)


def _source(rng: np.random.Generator, kind: Kind, rows: int, values: Values) -> np.ndarray:
    """Which distinct row each row of A is."""
    if values != "edge" or kind.takes_c:  # C differs from row to row
        return np.arange(rows)
    if kind.has_row_groups:
        return rng.integers(0, DISTINCT_ROWS_OF_GROUPS, rows)
    beyond = np.arange(DISTINCT_ROWS, rows)
    return np.concatenate([np.arange(min(rows, DISTINCT_ROWS)), (beyond * 7 + 3) % DISTINCT_ROWS])


def _random_c(rng: np.random.Generator, kind: Kind, size: Size) -> np.ndarray | None:
    if not kind.takes_c:
        return None
    shape = (size.groups, size.m, size.n) if kind.has_groups else (size.m, size.n)
    return (rng.standard_normal(shape) * (1e3 if kind.is_fp8 else 1)).astype(np.float32)


def draw(kind: Kind, size: Size, rng: np.random.Generator, values: Values = "normal") -> Operands:
    """Values for a problem; they serve every layout and output type of the family and grouping."""
    placement = placement_of(kind, size)
    source = _source(rng, kind, placement.rows if placement else size.m, values)
    repeats = placement is not None and values == "edge" and not kind.takes_c
    distinct = DISTINCT_ROWS_OF_GROUPS if repeats else int(source.max(initial=-1)) + 1
    columns, groups = size.k * size.batches, size.groups if placement else 1
    a, sfa = _matrix(rng, kind, distinct, columns, 1, values)
    weights = [_weights(rng, kind, size.n, columns, values) for _ in range(groups)]
    b, sfb = np.stack([matrix for matrix, _ in weights]), None
    if kind.is_fp8:
        sfb = np.stack([scales for _, scales in weights])
    operands = Operands(a, sfa, source, b, sfb, _random_c(rng, kind, size))
    if values == "edge":
        _add_special_values(kind, size, operands)
    return operands

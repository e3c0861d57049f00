"""What a call computes and moves, counted over live rows: rates and limits rest on it."""

from ..arrays.sizes import ceil_div
from ..problems.form import COperand
from ..problems.kinds import Kind
from ..problems.scales import words_of_k
from ..problems.sizes import Size

ELEMENT_BYTES = {"bf16": 2, "fp32": 4}
SCALE_BYTES, SCALE_BLOCK = 4, 128


def c_operand(kind: Kind) -> COperand:
    """C of a call that is measured or tuned: gradients in FP32 are added to D, everything else is a product alone."""
    return "in_place" if kind.sums_over_tokens and kind.out_dtype == "fp32" else "none"


def precision(kind: Kind) -> str:
    """fp8 or bf16: which rate of the tensor cores bounds it."""
    return "fp8" if kind.is_fp8 else "bf16"


def tokens(kind: Kind, size: Size) -> int:
    """What varies from call to call: rows, the mean of the rows of a group, or the K that a gradient sums over, of a
    group where there are some."""
    if kind.sums_over_tokens:
        return size.k * size.batches // size.groups
    return size.m


def live_rows(kind: Kind, size: Size) -> int:
    """Rows of A that count; padding does not."""
    return sum(size.counts) if kind.has_row_groups else size.m


def flops(kind: Kind, size: Size) -> int:
    return 2 * live_rows(kind, size) * size.n * size.k * size.batches


def bytes_moved(kind: Kind, size: Size) -> int:
    """Of operands, scales and result, each moved once: live rows, and the B of groups that have some."""
    rows, weights = live_rows(kind, size), 1
    if kind.has_row_groups:
        weights = sum(count > 0 for count in size.counts)
    element = 1 if kind.is_fp8 else ELEMENT_BYTES["bf16"]
    of_b = kind.prepacked_b.bytes_of_element if kind.prepacked_b else element
    operands = int((rows * element + weights * size.n * of_b) * size.k * size.batches)
    passes = 1 if c_operand(kind) == "none" else 2
    rows_of_d = rows * size.groups if kind.grouping == "k_grouped" else rows
    result = passes * rows_of_d * size.n * ELEMENT_BYTES[kind.out_dtype]
    return operands + result + (_scale_bytes(kind, size, rows, weights) if kind.is_fp8 else 0)


def _scale_bytes(kind: Kind, size: Size, rows: int, weights: int) -> int:
    if kind.packs_scales:
        return SCALE_BYTES * words_of_k(kind, size) * (rows + weights * size.n)
    rows_of_b = size.n if kind.scales_b_by_row else ceil_div(size.n, SCALE_BLOCK)
    return SCALE_BYTES * ceil_div(size.k, SCALE_BLOCK) * (rows + weights * rows_of_b)

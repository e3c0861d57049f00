"""Sizes that the tensor memory accelerator (TMA) asks for."""

from ..errors import ShapeError
from ..scalars import integer

TMA_ALIGNMENT_BYTES = 16


def ceil_div(x: int, y: int) -> int:
    """x / y, rounded up."""
    return -(-x // y)


def align(x: int, y: int) -> int:
    """The smallest multiple of y that is not under x."""
    return ceil_div(x, y) * y


def get_tma_aligned_size(size: int, element_size: int) -> int:
    """How many elements to leave for `size` of them so that the next column starts at a multiple of 16 bytes.

    Raises ShapeError unless element_size divides 16 (bytes).
    """
    size, element_size = integer("size", size), integer("element_size", element_size)
    if element_size <= 0 or TMA_ALIGNMENT_BYTES % element_size:
        raise ShapeError(f"element_size: is {element_size}, allowed is 1, 2, 4, 8 or 16 (bytes)")
    return align(size, TMA_ALIGNMENT_BYTES // element_size)

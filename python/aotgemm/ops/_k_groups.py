"""Groups of K that are told by where each ends: what each takes of K, on the host and on the operands' device.

A group starts where the one before ends, rounded up to get_mk_alignment_for_contiguous_layout(). What it takes is its
span, up to where the next one starts: the operands are zeros from its end on, and zero products change no sum.
"""

from collections.abc import Sequence
from typing import Any

from .. import _core
from ..arrays.frameworks import framework_of
from ..arrays.sizes import align
from ..errors import DtypeError, ShapeError
from ._arguments import describe

WITH_ARITHMETIC = ("torch", "numpy", "cupy")
Ends = tuple[Sequence[int], Any]  # K of each group on the host, and as a tensor


def alignment() -> int:
    """K at multiples of which groups start."""
    return int(_core.get_psum_alignment())


def _on_host(ends: Sequence[int], multiple: int) -> list[int]:
    aligned = [align(end, multiple) for end in ends]
    return [end - start for start, end in zip([0, *aligned], aligned, strict=False)]


def _on_device(ends: Any, multiple: int) -> Any:
    """By the arithmetic of the tensor's own framework: nothing waits for the device."""
    aligned = (ends + (multiple - 1)) // multiple * multiple
    starts = aligned * 0
    starts[1:] = aligned[:-1]
    return aligned - starts


def spans_of(name: str, ks: Sequence[int] | None, layout: Any, use_psum_layout: bool) -> Ends:
    """ks and layout as they are or, with use_psum_layout, the spans of the groups that end at `layout`.

    ks: called `name`; with use_psum_layout the spans, or none: then they are read from the device.
    Raises ShapeError for no ks without use_psum_layout, DtypeError for ends of a framework without arithmetic in place.
    """
    if not use_psum_layout:
        if ks is None or len(ks) == 0:
            raise ShapeError(f"{name}: is {ks}, allowed is K of each group, or none with use_psum_layout")
        return ks, layout
    if framework_of(layout) not in WITH_ARITHMETIC:
        allowed = "a tensor of PyTorch, NumPy or CuPy, whose arithmetic finds what each group takes"
        raise DtypeError(f"ends of groups: are {describe(layout)}, allowed with use_psum_layout is {allowed}")
    multiple = alignment()
    spans = _on_device(layout, multiple)
    return (_on_host(layout.tolist(), multiple) if ks is None or len(ks) == 0 else ks), spans

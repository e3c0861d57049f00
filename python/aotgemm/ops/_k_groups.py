"""Groups of K that are told by where each ends: what each takes of K, on the host and on the operands' device.

A group starts where the one before ends, rounded up to get_mk_alignment_for_contiguous_layout(). What it takes is its
span, up to where the next one starts: the operands are zeros from its end on, and zero products change no sum.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .. import _core
from ..arrays.frameworks import dtype_name_of, shape_of
from ..arrays.sizes import align
from ..errors import DtypeError, ShapeError
from ..scalars import flag

LAYOUT_BESIDE = {"ks": "ks_tensor", "ks_cpu": "grouped_layout"}  # how a call names the tensor beside K of each group


class Spans(NamedTuple):
    """K of each group on the host and as a tensor, and as another what is not zeros; None: all of it."""

    ks: Sequence[int]
    ks_tensor: Any
    live_ks: Any = None


def alignment() -> int:
    """K at multiples of which groups start."""
    return int(_core.get_psum_alignment())


def _on_host(ends: Sequence[int], multiple: int) -> list[int]:
    aligned = [align(end, multiple) for end in ends]
    return [end - start for start, end in zip([0, *aligned], aligned, strict=False)]


def _on_device(ends: Any, multiple: int) -> tuple[Any, Any]:
    """Spans, and K without the zeros behind it, by the arithmetic of the tensor's own framework: nothing waits for the
    device.
    """
    aligned = (ends + (multiple - 1)) // multiple * multiple
    starts = aligned * 0
    starts[1:] = aligned[:-1]
    return aligned - starts, ends - starts


def _are_absent(ks: Any) -> bool:
    return ks is None or (isinstance(ks, (list, tuple)) and not ks)


def _of_ends(name: str, ends: Any, compute: Callable[[], Spans]) -> Spans:
    """What is computed of them. Raises DtypeError for what holds no int32 or knows no arithmetic, such as JAX's arrays,
    which are not written.
    """
    shape_of(name, ends, (1,))
    if dtype_name_of(ends) != "int32":
        raise DtypeError(f"{name}: dtype is {dtype_name_of(ends)}, allowed is int32")
    _core.check_address(ends, name)
    try:
        return compute()
    except (AttributeError, RuntimeError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise DtypeError(f"{name}: is a {type(ends).__name__} that cannot be computed with ({reason})") from None


def spans_of(name: str, ks: Sequence[int] | None, layout: Any, use_psum_layout: bool) -> Spans:
    """ks and layout as they are or, with use_psum_layout, the spans of the groups that end at `layout`.

    ks: called `name`; with use_psum_layout the spans, or none: then they are read from the device.
    """
    if not flag("use_psum_layout", use_psum_layout):
        if ks is None or _are_absent(ks):
            raise ShapeError(f"{name}: is {ks}, allowed is K of each group, or none with use_psum_layout")
        return Spans(ks, layout)
    multiple = alignment()

    def spans() -> Spans:
        on_device = _on_device(layout, multiple)
        return Spans(_on_host(layout.tolist(), multiple) if ks is None or _are_absent(ks) else ks, *on_device)

    return _of_ends(LAYOUT_BESIDE[name], layout, spans)

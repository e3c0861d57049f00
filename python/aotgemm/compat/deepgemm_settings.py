"""Settings that programs written for DeepGEMM read and write. What has no effect here says so."""

from typing import Any, Literal

from .. import _core, runtime
from ..errors import ShapeError
from ..scalars import flag, integer

SMS_OF_AN_H100 = 132

_without_effect: dict[str, Any] = {"tc_util": 100, "ignore_compile_dims": False, "block_size_multiple_of": (1, 1)}


def get_mk_alignment_for_contiguous_layout() -> int:
    """The multiple of rows at which groups start in the m_grouped contiguous calls: 128 unless it was set."""
    return int(_core.get_psum_alignment())


def set_mk_alignment_for_contiguous_layout(alignment: int) -> None:
    """Groups of calls with use_psum_layout start at multiples of so many rows from now on, in the whole process.

    alignment: from 1, where groups follow one another as a router leaves them, to 256. No bit of a row depends on it.
    Selection and plans count the rows that as many groups padded to 128 rows would have on average. Calls with a group
    index by row need 128 and are refused with any other.
    Raises ShapeError outside that range.
    """
    _core.set_psum_alignment(integer("alignment", alignment))


def get_theoretical_mk_alignment_for_contiguous_layout(
    expected_m: int | None = None, num_groups: int | None = None, *, per_group_m: int | None = None
) -> int:
    """The alignment that every layout takes: 128, whatever the size of the groups and the architecture.

    Called as (expected_m, num_groups) or as (per_group_m). On Blackwell DeepGEMM answers with the rows of the tile that
    it would take, 32 to 224. Here no tile needs that: calls with use_psum_layout take any alignment up to 256, and
    compute no tile of padding alone.
    """
    return int(_core.group_alignment())


def set_compile_mode(mode: Literal[0, 1]) -> None:
    """1: calls check their arguments, load their kernel and return, outputs stay as they are; 0, at first: calls run.

    For warm-up sweeps that call every shape: nothing is ever compiled here, and `preload` loads every kernel at once.
    Raises ShapeError for any other mode.
    """
    if integer("mode", mode) not in (0, 1):
        raise ShapeError(f"mode: is {mode}, allowed is 0 or 1")
    _core.set_compile_only(integer("mode", mode) == 1)


def get_compile_mode() -> Literal[0, 1]:
    """The mode that set_compile_mode set."""
    return 1 if _core.get_compile_only() else 0


def set_tc_util(percent: int) -> None:
    """Kept for get_tc_util, without effect: power is not traded for speed here. Raises ShapeError unless 0 to 100."""
    if not 0 <= integer("percent", percent) <= 100:
        raise ShapeError(f"percent: is {percent}, allowed is 0 to 100")
    _without_effect["tc_util"] = percent


def get_tc_util() -> int:
    """What set_tc_util was given, 100 at first."""
    return _without_effect["tc_util"]


def set_ignore_compile_dims(enabled: bool) -> None:
    """Kept for get_ignore_compile_dims, without effect: sizes are run-time values of every kernel."""
    _without_effect["ignore_compile_dims"] = flag("enabled", enabled)


def get_ignore_compile_dims() -> bool:
    """What set_ignore_compile_dims was given, False at first."""
    return _without_effect["ignore_compile_dims"]


def set_block_size_multiple_of(value: int | tuple[int, int]) -> None:
    """Kept for get_block_size_multiple_of, without effect: the choice of the kernel depends on shape and device alone.

    value: one number for the tile's rows and columns, or a pair. Raises ShapeError unless they are positive.
    """
    pair = tuple(integer("value", one) for one in (value if isinstance(value, (tuple, list)) else (value, value)))
    if len(pair) != 2 or min(pair) < 1:
        raise ShapeError(f"value: is {value}, allowed is a positive number or two of them")
    _without_effect["block_size_multiple_of"] = pair


def get_block_size_multiple_of() -> tuple[int, int]:
    """What set_block_size_multiple_of was given, (1, 1) at first."""
    return _without_effect["block_size_multiple_of"]


def use_deterministic_algorithms(enabled: bool) -> None:
    """Accepted, without effect: every result is deterministic, whatever is asked for."""


def get_deterministic_algorithms() -> bool:
    """True: the same inputs always give the same bits."""
    return True


def get_num_sms() -> int:
    """As aotgemm.get_num_sms; on a machine without a GPU 132, those of an H100, so that a server can be rehearsed."""
    if _core.get_num_sms() == 0 and _core.cuda_device_count() == 0:
        return SMS_OF_AN_H100
    return runtime.get_num_sms()

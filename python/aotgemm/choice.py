"""Which kernel a call would run, asked without making the call."""

from operator import index
from typing import Any

from . import _core
from .errors import DeviceError, ShapeError
from .scalars import MOST_EXTENT, shown, text
from .typing import Grouping, Layout, OutDtype

US_DIGITS = 2  # of predicted times: what a reader can use
FALLBACK_DEVICE = "h100"
CHOICES = 4
FP8_FAMILY = {"sm_90a": "fp8_gemm_1d2d", "sm_100a": "fp8_fp4_gemm"}  # that runs FP8 calls
MEASURED, PUBLISHED = "over measured rates", "from published facts, not measured"


def arch_of(device: dict[str, Any]) -> str:
    """The architecture of a device's kernels, "sm_90a"."""
    return f"sm_{device['cc_major']}{device['cc_minor']}a"


def times_of(device: dict[str, Any]) -> str:
    """What predicted times on a device rest on. Raises DeviceError for one that the library has no kernels for."""
    return MEASURED if _core.has_measured_rates(device) else PUBLISHED


def _size(name: str, value: Any, least: int = 1) -> int:
    try:
        number = index(value)
    except TypeError:
        number = None
    if number is None or number < least:
        raise ShapeError(f"{name}: is {shown(value)}, allowed is a whole number from {least} to {MOST_EXTENT}")
    if number > MOST_EXTENT:
        raise ShapeError(f"{name}: is {shown(number)}, allowed is at most {MOST_EXTENT}")
    return number


def named_device(name: str) -> dict[str, Any]:
    """A GPU's description by its name in any case. Raises DeviceError for a name that is not known."""
    if not isinstance(name, str) or not name.isascii():
        known = ", ".join(_core.named_devices())
        given = ascii(name)[:40] if isinstance(name, str) else shown(name)
        raise DeviceError(f"device: {given} is not known by name, allowed is one of {known}")
    return _core.named_device(name.lower())


def _device(name: str | None) -> dict[str, Any]:
    if name is None and _core.cuda_device_count():
        return _core.cuda_device(0)
    return named_device(FALLBACK_DEVICE if name is None else name)


def _described(choice: dict[str, Any]) -> dict[str, Any]:
    """A choice with its kernel's spec; times as a reader can use them, and None for what was not measured."""
    times = {"predicted_us": round(choice["predicted_us"], US_DIGITS), "measured_us": choice["measured_us"] or None}
    return choice | times | {"spec": _core.specs()[choice["kernel"]]}


def explain(
    m: int,
    n: int,
    k: int,
    *,
    family: str | None = None,
    grouping: Grouping = "dense",
    layout: Layout = "nt",
    out_dtype: OutDtype = "bf16",
    groups: int = 1,
    num_sms: int = 0,
    device: str | None = None,
) -> dict[str, Any]:
    """Which kernel a call runs, why, and the next best three; a pure function that needs no GPU.

    m, n, k: D is [m, n] and the sum is over k. m counts the rows of A of all groups where A is one matrix (contiguous,
        psum), and of each group where it is one for each (masked: those to expect; batched, k_grouped, batch_reduced).
        With k_grouped, k is the sum over the groups.
    family, grouping, layout, out_dtype: of the kernel, in the words of `aotgemm list`, lower case. In a layout such as
        "nn4" or "t4n" the operand before the 4 is FP4 of fp8_fp4_gemm that lies along N or M. family: None is that of
        FP8 calls on the device.
    groups: of a grouped call. num_sms: SMs that the call may use, 0 for all; more than the device has are all of them.
    device: a name such as "h100"; None is the GPU at hand, else an h100.

    Returns a dict: "problem" (the arguments), "device" (name, cc_major, cc_minor, num_sms, memory_gbps, clock_mhz),
    "times" (what predicted ones rest on: "over measured rates" or "from published facts, not measured"), "choice" and
    "next" (a list), each choice with name, grid (thread blocks), tiles, predicted_us (microseconds),
    measured_us (None where it was not measured), reason and spec, the kernel's row. `aotgemm explain --json` prints it.

    Raises ShapeError for sizes that no call has, DeviceError for a device that is not known, and KernelMissingError
    where the library holds no kernel for the call.
    """
    described, sms = _device(device), _size("num_sms", num_sms, 0)
    family = FP8_FAMILY.get(arch_of(described), FP8_FAMILY["sm_90a"]) if family is None else family
    words = {"family": family, "grouping": grouping, "layout": layout, "out_dtype": out_dtype}
    words = {name: text(name, word) for name, word in words.items()}
    sizes = {name: _size(name, value) for name, value in (("groups", groups), ("m", m), ("n", n), ("k", k))}
    problem = words | sizes | {"num_sms": min(sms or described["num_sms"], described["num_sms"])}
    first, *others = map(_described, _core.select(device=described, count=CHOICES, **problem))
    return {"problem": problem, "device": described, "times": times_of(described), "choice": first, "next": others}

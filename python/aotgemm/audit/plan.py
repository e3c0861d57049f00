"""Makes a plan: the selection of every call over the whole range of M, and what each kernel is made of."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Any

from .. import _core
from ..choice import PUBLISHED, US_DIGITS, arch_of, times_of
from ..errors import KernelMissingError, ShapeError
from ..plan.document import FORMAT, sealed
from ..plan.machine_code import code_sha256
from .calls import Call, merged
from .library import loaded_sha256, read_manifest
from .operations import SERVES, kernel_of

MAX_TOKENS = 8192
# By architecture: what runs the calls of a family that has kernels on sm_90a alone.
FAMILY_ON = {"sm_100a": dict.fromkeys(("fp8_gemm_1d2d", "fp8_gemm_1d1d", "fp8_fp4_gemm_1d1d"), "fp8_fp4_gemm")}


@cache
def _kernel_names() -> list[str]:
    """By the number that the selection gives."""
    return [spec["name"] for spec in _core.specs()]


def intervals_of(
    call: Call, device: dict[str, Any], num_sms: int, last_m: int, first_m: int = 1
) -> list[dict[str, Any]]:
    """Ranges of M and the kernel of each, with its predicted times, none for a call that is no GEMM. Raises
    KernelMissingError or ShapeError for a call that the library has no kernel for.
    """
    if call.family in SERVES:
        return [{"m": [first_m, last_m], "kernel": kernel_of(call, arch_of(device)), "us": []}]
    names = _kernel_names()
    found = _core.select_intervals(
        call.family, call.n, call.k, num_sms, device, first_m, last_m, 1,
        call.grouping, call.layout, call.out_dtype, call.groups,
    )  # fmt: skip
    return [
        {"m": [first, last], "kernel": names[kernel], "us": [round(us, US_DIGITS) for us in times]}
        for first, last, kernel, *times in found
    ]


def _entry(call: Call, device: dict[str, Any], num_sms: int, tokens: int) -> dict[str, Any]:
    """A call as the plan has it; where the library holds no kernel for it, with the reason instead of intervals."""
    missing, intervals, last_m = call.missing, [], call.last_m(tokens)
    try:
        intervals = [] if missing else intervals_of(call, device, num_sms, last_m)
    except (KernelMissingError, ShapeError) as error:
        missing = str(error)
    return {
        "layers": list(call.layers),
        "family": call.family,
        "grouping": call.grouping,
        "layout": call.layout,
        "out_dtype": call.out_dtype,
        "groups": call.groups,
        "n": call.n,
        "k": call.k,
        "num_sms": num_sms,
        "missing": missing,
        "intervals": intervals,
    }


def on_device(call: Call, device: dict[str, Any]) -> Call:
    """The call as the device's kernels know it."""
    family = FAMILY_ON.get(arch_of(device), {}).get(call.family)
    return replace(call, family=family, missing="") if family else call


def _based_on(device: dict[str, Any]) -> dict[str, str]:
    """What the plan says of its times: nothing where they are over measured rates."""
    return {"times": PUBLISHED} if times_of(device) == PUBLISHED else {}


def kernel_facts(arch: str, used: set[str]) -> list[dict[str, Any]]:
    """Identity of every kernel that calls of the plan may launch: those chosen, and the layout and cast kernels."""
    made_of = {kernel["name"]: kernel for kernel in read_manifest()["kernels"]}
    chosen = {*_kernel_names(), *(name for name, kernel in made_of.items() if kernel["spec"]["family"] in SERVES)}
    return [
        {
            "name": cubin["name"],
            "arch": cubin["arch"],
            "sha256": cubin["sha256"],
            "code_sha256": code_sha256(_core.cubin_bytes(cubin["name"], cubin["arch"])),
            "source_sha256": made_of[cubin["name"]]["source_sha256"],
            "compiler": made_of[cubin["name"]]["compiler"],
        }
        for cubin in sorted(_core.cubins(), key=lambda cubin: cubin["name"])
        if cubin["arch"] == arch and (cubin["name"] in used or cubin["name"] not in chosen)
    ]


def _sms(call: Call, device: dict[str, Any], wanted: Iterable[int]) -> list[int]:
    """What to plan the call for: the SMs wanted and those recorded; all of the device's for 0, and where none are."""
    has = device["num_sms"]
    return sorted({min(sms or has, has) for sms in (*wanted, *call.num_sms)} or {has})


def make_plan(
    calls: Iterable[Call],
    device: dict[str, Any],
    source: dict[str, Any],
    tokens: int = MAX_TOKENS,
    num_sms: Iterable[int] = (),
    step: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """The plan of these calls for batches of up to `tokens` tokens, sealed.

    num_sms: SMs that calls may use, as set by set_num_sms; empty for all of the device's. `step` is called after each
    call is planned.
    """
    entries = []
    for call in merged(on_device(call, device) for call in calls):
        for sms in _sms(call, device, num_sms):
            entries.append(_entry(call, device, sms, tokens))
        step()
    used = {interval["kernel"] for entry in entries for interval in entry["intervals"]}
    return sealed(
        {
            "format": FORMAT,
            "sha256": "",
            "library": {"name": "aotgemm", "version": _core.version(), "sha256": loaded_sha256()},
            "device": dict(device),
            **_based_on(device),
            "source": source | {"tokens": tokens},
            "kernels": kernel_facts(arch_of(device), used),
            "calls": entries,
        }
    )

"""Calls that are no GEMM: nothing is selected by M, one kernel of the family runs them. As long as the library has no
kernel of a family, a plan lists its calls as missing.
"""

from collections.abc import Callable
from typing import Any

from ..arrays.sizes import align
from ..errors import KernelMissingError
from .calls import Call
from .library import read_manifest

Spec = dict[str, Any]  # of a kernel, as the manifest has it
FP8 = "fp8"
COLUMNS = 8  # N of a kernel of tf32_hc_prenorm_gemm is a multiple of it


def _of_these_heads(call: Call, spec: Spec) -> bool:
    """Groups of the call are the heads of q, K is the elements of one, in FP8. Kernels whose layout names heads alone
    take any number of elements and both types of logits.
    """
    of_both = spec["layout"] == f"h{call.groups}" and spec["in_dtype"] == FP8
    return of_both or (spec["layout"], spec["out_dtype"]) == (f"h{call.groups}d{call.k}", call.out_dtype)


def _of_these_columns(call: Call, spec: Spec) -> bool:
    return spec["block_n"] == align(call.n, COLUMNS)


GROUPS_ARE = dict.fromkeys(("mqa_logits", "paged_mqa_logits"), "heads")  # what a call of the family calls its groups

# Family -> whether a kernel of it runs a call of it.
SERVES: dict[str, Callable[[Call, Spec], bool]] = {
    "mqa_logits": _of_these_heads,
    "paged_mqa_logits": _of_these_heads,
    "tf32_hc_prenorm_gemm": _of_these_columns,
}


def kernel_of(call: Call, arch: str) -> str:
    """The name of the kernel that runs a call of one of these families. Raises KernelMissingError where none does."""
    specs = [k["spec"] | {"name": k["name"]} for k in read_manifest()["kernels"] if k["spec"]["family"] == call.family]
    found = [spec["name"] for spec in specs if spec["arch"] == arch and SERVES[call.family](call, spec)]
    if found:
        return found[0]
    groups = GROUPS_ARE.get(call.family, "groups")
    sizes = f" of {call.groups} {groups}, N = {call.n}, K = {call.k}" if specs else ""
    raise KernelMissingError(
        f"no {call.family} kernel{sizes} for {arch} is compiled into this library; `aotgemm list` shows what is"
    )

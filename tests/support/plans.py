"""Plans for tests."""

import hashlib
from contextlib import contextmanager

import aotgemm
import ml_dtypes
import numpy as np
from aotgemm import _core
from aotgemm.audit.calls import Call
from aotgemm.audit.plan import make_plan
from aotgemm.plan.document import canonical_text, sealed
from aotgemm.plan.elf import sections

SOURCE = {"kind": "shapes", "name": "tests", "tp": 1, "ep": 1}


def small_plan(tokens=64, shapes=((64, 128), (512, 256)), num_sms=(), device="h100"):
    calls = [Call((f"{n}x{k}",), "fp8_gemm_1d2d", n, k) for n, k in shapes]
    return make_plan(calls, _core.named_device(device), SOURCE, tokens, num_sms)


def earlier_name(kernel):
    """Another name for a kernel, as an earlier library might have had it."""
    return kernel.replace("fp8_gemm_1d2d", "fp8_was_1d2d")


def with_earlier_names(plan):
    """The plan with other names for its family and that family's kernels, and nothing else changed but the seal."""
    calls = [
        call
        | {"family": earlier_name(call["family"])}
        | {"intervals": [i | {"kernel": earlier_name(i["kernel"])} for i in call["intervals"]]}
        for call in plan["calls"]
    ]
    kernels = [kernel | {"name": earlier_name(kernel["name"])} for kernel in plan["kernels"]]
    return sealed(plan | {"kernels": kernels, "calls": calls})


def code_of_format_1(kernel, name):
    """code_sha256 of this library's kernel as a plan of format 1 has it for a kernel of that name."""
    cubin = _core.cubin_bytes(kernel["name"], kernel["arch"])
    (code,) = [section.data for section in sections(cubin) if section.name == f".text.{kernel['name']}"]
    return hashlib.sha256(f".text.{name}\0{len(code)}\0".encode() + code).hexdigest()


def as_format_1(plan, name=str):
    """A plan of today's names in format 1; `name` gives what a kernel was called then."""
    kernels = [kernel | {"code_sha256": code_of_format_1(kernel, name(kernel["name"]))} for kernel in plan["kernels"]]
    return sealed(plan | {"format": "aotgemm plan 1", "kernels": kernels})


def earlier_plans():
    """By format: a plan of several kernels as an earlier library may have made it, and the one of this library."""
    plan = small_plan(4096, ((4096, 7168), (512, 256)))
    return {2: (with_earlier_names(plan), plan), 1: (with_earlier_names(as_format_1(plan, earlier_name)), plan)}


def write_plan(folder, plan):
    path = folder / "plan.json"
    path.write_text(canonical_text(plan))
    return path


@contextmanager
def in_force(path, mode):
    aotgemm.load_plan(path, mode)
    try:
        yield
    finally:
        aotgemm.unload_plan()


def gemm_on_cpu(m, n=64, k=128):
    """One call, ones times ones."""
    ones = [np.ones(shape, ml_dtypes.float8_e4m3fn) for shape in ((m, k), (n, k))]
    scales = [np.ones((rows, -(-k // 128)), np.float32) for rows in (m, -(-n // 128))]
    d = np.zeros((m, n), ml_dtypes.bfloat16)
    aotgemm.fp8_gemm_nt((ones[0], scales[0]), (ones[1], scales[1]), d)
    return d


@contextmanager
def plan_without_calls():
    """In force: it refuses every call."""
    _core.plan_load([], [], 9, 0, 132, 3)
    try:
        yield
    finally:
        aotgemm.unload_plan()

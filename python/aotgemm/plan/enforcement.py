"""Holds the running process to a plan, and records which calls it makes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, get_args

from .. import _core
from ..errors import PlanError
from .warn import warn

Mode = Literal["record", "warn", "strict"]
MODES = {name: number for number, name in enumerate(get_args(Mode), 1)}  # aotgemm_plan_mode
OFF = 0
TRACE_FORMAT = "aotgemm trace 1"


def check_mode(mode: str) -> int:
    if not isinstance(mode, str) or mode not in MODES:
        shown = repr(mode) if isinstance(mode, str) else f"a {type(mode).__name__}"
        raise PlanError(f"mode: is {shown}, allowed is one of {', '.join(MODES)}")
    return MODES[mode]


def _rows(plan: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    numbers = {kernel["name"]: index for index, kernel in enumerate(plan["kernels"])}
    for call in plan["calls"]:
        kind = (call["family"], call["grouping"], call["layout"], call["out_dtype"], call["groups"])
        for interval in call["intervals"]:
            kernel = numbers[interval["kernel"]]
            yield (*kind, call["n"], call["k"], call["num_sms"], *interval["m"], kernel)


def load_plan(path: str | os.PathLike[str], mode: Mode = "strict") -> None:
    """From now on every call of the process is held against the plan in this file; a plan loaded before is replaced.

    mode:
        "strict": a call outside the plan raises PlanError before anything is launched, and so does loading if a kernel
            that the plan names is missing from this library or differs from the plan by a byte.
        "warn": both issue a PlanWarning instead, for calls once for each shape but M. It points at the user's line.
        "record": calls are only noted, see `recorded_calls`.
    The hashes are recomputed from the bytes that would be launched. Calls with CPU operands launch no kernel: their
    sizes alone are checked. Raises PlanError, with what was in force before left in force.
    """
    from .plan_file import read_plan
    from .renames import missing_sentence

    number = check_mode(mode)
    plan = read_plan(path)
    device = plan["device"]
    kernels = [(kernel["name"], kernel["arch"], kernel["sha256"]) for kernel in plan["kernels"]]
    try:
        _core.plan_load(kernels, list(_rows(plan)), device["cc_major"], device["cc_minor"], device["num_sms"], number)
    except PlanError as error:
        raise PlanError(f"{error}{missing_sentence(plan)}") from error
    if sentence := _core.plan_warning():
        warn(sentence + missing_sentence(plan))


def unload_plan() -> None:
    """Calls are no longer held against a plan, nor recorded."""
    _core.plan_off()


def recorded_calls() -> list[dict[str, Any]]:
    """Calls noted in record mode, each distinct one once, in the order in which they first came.

    Keys: family, grouping, layout, out_dtype, groups, m, n, k, num_sms (0 on the CPU), kernel ("" on the CPU), planned
    (whether the plan in force had it) and count.
    """
    return _core.recorded_calls()


class Recording:
    """What `record` noted."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the trace that `aotgemm plan --trace` reads: one line a call."""
        import json

        from ..output_files import write_output

        lines = ",\n".join(f" {json.dumps(call)}" for call in self.calls)
        text = f'{{"format": {json.dumps(TRACE_FORMAT)},\n"calls": [\n{lines}\n]}}\n'
        write_output(Path(path), text)


@contextmanager
def record() -> Iterator[Recording]:
    """Notes every call of the process while the block runs, on all threads.

        with aotgemm.record() as recording:
            serve()
        recording.save("trace.json")

    The calls are there after the block. Raises PlanError where a plan is in force: unload it first.
    """
    if _core.plan_mode() != OFF:
        raise PlanError("record: a plan is in force, allowed is none; call unload_plan() first")
    _core.forget_recorded_calls()
    _core.plan_record()
    recording = Recording()
    try:
        yield recording
    finally:
        recording.calls = _core.recorded_calls()
        _core.plan_off()

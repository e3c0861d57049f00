"""Reads a plan file and refuses, with PlanError, whatever is not a whole and sound plan."""

import json
import os
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from ..bounded_files import read_bounded
from ..errors import PlanError
from ..json_text import parse_json
from .document import SEAL, seal_of
from .schema import violations

MOST_BYTES = 64 << 20


def plan_schema() -> dict[str, Any]:
    """The JSON Schema of plan files."""
    return json.loads(files(__package__).joinpath("plan.schema.json").read_text(encoding="utf-8"))


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError(f"a key stands twice among {sorted(set(keys))[:5]}")
    return dict(pairs)


def _interval_violations(call: dict[str, Any], kernels: set[str]) -> Iterator[str]:
    last = 0
    for interval in call["intervals"]:
        first, end = interval["m"]
        if not last < first <= end:
            yield f"M = {first} to {end} does not follow {last}"
        if interval["kernel"] not in kernels:
            yield f"kernel {interval['kernel']} is not among the plan's kernels"
        if len(interval["us"]) == 1:
            yield f"M = {first} to {end} has one time, allowed are two or none"
        last = end
    if bool(call["missing"]) == bool(call["intervals"]):
        yield "has both intervals and a reason why a kernel is missing, or neither"


def _contradictions(plan: dict[str, Any]) -> Iterator[str]:
    """What the schema cannot say."""
    names = [kernel["name"] for kernel in plan["kernels"]]
    if len(names) != len(set(names)):
        yield "plan.kernels: a name stands twice"
    seen = set()
    for index, call in enumerate(plan["calls"]):
        key = tuple(call[name] for name in ("family", "grouping", "layout", "out_dtype", "groups", "n", "k", "num_sms"))
        if key in seen:
            yield f"plan.calls[{index}]: the same call stands twice"
        seen.add(key)
        yield from (f"plan.calls[{index}]: {violation}" for violation in _interval_violations(call, set(names)))


def parse_plan(data: bytes) -> dict[str, Any]:
    """The plan in these bytes. Raises PlanError for anything else."""
    if len(data) > MOST_BYTES:
        raise PlanError(f"plan: has {len(data)} bytes, allowed are at most {MOST_BYTES}")
    try:
        plan = parse_json(data.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise PlanError(f"plan: is not JSON: {error}") from error
    schema = plan_schema()
    violation = next(violations(plan, schema, schema), None) or next(_contradictions(plan), None)
    if violation is not None:
        raise PlanError(violation)
    if plan[SEAL] != (seal := seal_of(plan)):
        raise PlanError(f"plan.{SEAL}: is {plan[SEAL]}, but the contents give {seal}: the plan was edited or damaged")
    return plan


def read_plan(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The plan in a file. Raises PlanError if it cannot be read or is not a whole and sound plan."""
    try:
        data = read_bounded(path, MOST_BYTES)
    except (OSError, TypeError, ValueError) as error:
        shown = ascii(os.fspath(path)) if isinstance(path, (str, bytes, os.PathLike)) else f"a {type(path).__name__}"
        raise PlanError(f"plan: {shown} cannot be read: {error}") from error
    return parse_plan(data)

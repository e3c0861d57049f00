"""Where a plan's calls come from: a model known by name, a config.json, a table of shapes, or a recorded trace."""

import csv
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..errors import PlanError
from ..plan.enforcement import TRACE_FORMAT
from .architectures import calls_of
from .calls import Call

TEXT_COLUMNS = ("family", "grouping", "layout", "out_dtype")
NUMBER_COLUMNS = ("n", "k", "groups")
MOST = 2**31 - 1


def model_names() -> list[str]:
    """Models whose configuration the package holds."""
    return sorted(entry.name.removesuffix(".json") for entry in (files(__package__) / "models").iterdir())


def model_config(name: str) -> dict[str, Any]:
    if name not in model_names():
        raise PlanError(f"model: is {name!r}, allowed is one of {', '.join(model_names())}, or a config file")
    return json.loads((files(__package__) / "models" / f"{name}.json").read_text(encoding="utf-8"))


def read_text(path: Path, what: str) -> str:
    """Raises PlanError where there is no such file, or it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"{what}: {path.name} cannot be read: {error}") from error


def read_json(path: Path, what: str) -> Any:
    try:
        return json.loads(read_text(path, what))
    except (ValueError, RecursionError) as error:
        raise PlanError(f"{what}: {path.name} is not JSON: {error}") from error


def calls_of_config(path: Path, tp: int, ep: int) -> list[Call]:
    config = read_json(path, "config")
    if not isinstance(config, dict):
        raise PlanError(f"config: {path.name} holds a {type(config).__name__}, allowed is an object")
    return calls_of(config, tp, ep)


def _number(where: str, text: Any) -> int:
    if not str(text).isdecimal() or not 0 < int(str(text)[:12]) <= MOST:
        raise PlanError(f"{where}: is {str(text)[:40]!r}, allowed is a number from 1 to {MOST}")
    return int(text)


def _call(where: str, row: dict[str, Any]) -> Call:
    """A call from the columns n and k and, if given, name, family, grouping, layout, out_dtype and groups."""
    if unknown := sorted(str(column) for column in row if column not in ("name", "m", *TEXT_COLUMNS, *NUMBER_COLUMNS)):
        raise PlanError(
            f"{where}: has column {unknown[0]!r}, allowed are name, m, n, k, groups, {', '.join(TEXT_COLUMNS)}"
        )
    texts = {column: row[column] for column in TEXT_COLUMNS if row.get(column)}
    numbers = {c: _number(f"{where}: {c}", row.get(c) or "") for c in NUMBER_COLUMNS if c != "groups" or row.get(c)}
    name = row.get("name") or f"{numbers['n']}x{numbers['k']}"
    return Call((name,), texts.pop("family", "fp8_gemm_1d2d"), **numbers, **texts)


def calls_of_shapes(path: Path) -> list[Call]:
    """Rows of a CSV file whose first line names the columns; lines that start with # are skipped."""
    lines = [line for line in read_text(path, "shapes").splitlines() if line.strip() and not line.startswith("#")]
    calls = [_call(f"shapes: row {i} of {path.name}", row) for i, row in enumerate(csv.DictReader(lines), 1)]
    if not calls:
        raise PlanError(f"shapes: {path.name} has no rows, allowed is a line of column names and rows under it")
    return calls


def calls_of_trace(path: Path) -> list[Call]:
    """The calls that aotgemm.record() noted."""
    trace = read_json(path, "trace")
    if not isinstance(trace, dict) or trace.get("format") != TRACE_FORMAT or not isinstance(trace.get("calls"), list):
        raise PlanError(f"trace: {path.name} is not a trace, allowed is what aotgemm.record() saves ({TRACE_FORMAT!r})")
    wanted = {*TEXT_COLUMNS, *NUMBER_COLUMNS}
    rows = [{k: v for k, v in row.items() if k in wanted} if isinstance(row, dict) else {} for row in trace["calls"]]
    return [_call(f"trace: call {i} of {path.name}", row) for i, row in enumerate(rows)]


READERS: dict[str, Callable[[Path], list[Call]]] = {"shapes": calls_of_shapes, "trace": calls_of_trace}

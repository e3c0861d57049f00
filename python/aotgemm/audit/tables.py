"""Calls from a table of shapes (CSV) or from a recorded trace (JSON)."""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..choice import MOST_EXTENT
from ..errors import PlanError
from ..plan.enforcement import TRACE_FORMAT
from .calls import MOST_ROWS, Call
from .files import read_json, read_text
from .quantization.scheme import shown

TEXT_COLUMNS = ("family", "grouping", "layout", "out_dtype")
MOST_SMS = 2**31 - 1
# What a plan holds: column -> least and greatest. num_sms 0: all of the device's.
NUMBER_COLUMNS = {
    "n": (1, MOST_EXTENT), "k": (1, MOST_EXTENT), "groups": (1, MOST_EXTENT), "m": (1, MOST_ROWS),
    "num_sms": (0, MOST_SMS),
}  # fmt: skip
NEEDED = ("n", "k")
COLUMNS = ("name", *NUMBER_COLUMNS, *TEXT_COLUMNS)
WORD = re.compile(r"[A-Za-z0-9_.+-]{1,128}")  # as plan.schema.json has it, and names:
MOST_NAME = 255
MOST_CALLS = 100_000


def _number(where: str, column: str, value: Any) -> int:
    least, most = NUMBER_COLUMNS[column]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise PlanError(f"{where}: {column}: is {shown(value)}, allowed is a number from {least} to {most}")
    return value


def _word(where: str, column: str, value: Any) -> str:
    if not isinstance(value, str) or not WORD.fullmatch(value):
        raise PlanError(f"{where}: {column}: is {shown(value)}, allowed are letters, digits and _ . + -, at most 128")
    return value


def _name(where: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > MOST_NAME:
        raise PlanError(f"{where}: name: is {shown(value)}, allowed are at most {MOST_NAME} characters")
    return value


def _call(where: str, row: dict[str, Any]) -> Call:
    """A call from the columns n and k and those others that the row has."""
    for column in NEEDED:
        _number(where, column, row.get(column))
    numbers = {column: _number(where, column, row[column]) for column in NUMBER_COLUMNS if column in row}
    texts = {column: _word(where, column, row[column]) for column in TEXT_COLUMNS if column in row}
    name = _name(where, row.get("name", f"{numbers['n']}x{numbers['k']}"))
    sms = (numbers.pop("num_sms"),) if "num_sms" in numbers else ()
    most_m = numbers.pop("m", 0)
    return Call((name,), texts.pop("family", "fp8_gemm_1d2d"), most_m=most_m, num_sms=sms, **numbers, **texts)


def _of_csv(where: str, row: dict[Any, Any]) -> dict[str, Any]:
    """Cells but for empty ones that need not be there: numbers as such, words in any case. Numbers of another form stay
    text, which _number refuses.
    """
    if None in row:
        raise PlanError(f"{where}: has {len(row[None])} fields more than there are columns")
    cells = {column: (text or "").strip() for column, text in row.items()}
    cells = {c: text.lower() if c in TEXT_COLUMNS else text for c, text in cells.items() if text or c in NEEDED}
    digits = re.compile(r"[0-9]{1,18}")
    return {c: int(text) if c in NUMBER_COLUMNS and digits.fullmatch(text) else text for c, text in cells.items()}


def _table(path: Path) -> csv.DictReader:
    lines = [line for line in read_text(path, "shapes").splitlines() if line.strip() and not line.startswith("#")]
    table = csv.DictReader(lines, strict=True)
    table.fieldnames = [column.strip().lower() for column in table.fieldnames or ()]
    if unknown := [column for column in table.fieldnames if column not in COLUMNS]:
        raise PlanError(f"shapes: {path.name} has column {shown(unknown[0])}, allowed are {', '.join(COLUMNS)}")
    if twice := [column for column in table.fieldnames if table.fieldnames.count(column) > 1]:
        raise PlanError(f"shapes: {path.name} has column {twice[0]} twice")
    return table


def _few(calls: list[Any], what: str) -> None:
    if len(calls) > MOST_CALLS:
        raise PlanError(f"{what} has {len(calls)} calls, allowed are at most {MOST_CALLS}")


def calls_of_shapes(path: Path) -> list[Call]:
    """Rows of a CSV file whose first line names the columns; lines that start with # are skipped.

    Columns: n and k, and if wanted name, groups, family, grouping, layout, out_dtype; m, the most rows; num_sms.
    """
    try:
        rows = list(_table(path))
    except csv.Error as error:
        raise PlanError(f"shapes: {path.name} is not CSV: {error}") from error
    if not rows:
        raise PlanError(f"shapes: {path.name} has no rows, allowed is a line of column names and rows under it")
    _few(rows, f"shapes: {path.name}")
    wheres = [f"shapes: row {i} of {path.name}" for i in range(1, len(rows) + 1)]
    return [_call(where, _of_csv(where, row)) for where, row in zip(wheres, rows, strict=True)]


def _runs_no_kernel(row: Any) -> bool:
    """Versions that launched nothing for K = 0 recorded that; since then such calls have the K of their kernel."""
    return isinstance(row, dict) and type(row.get("k")) is int and row["k"] == 0


def calls_of_trace(path: Path) -> list[Call]:
    """The calls that aotgemm.record() noted, with the greatest M and the SMs of each."""
    trace = read_json(path, "trace")
    if not isinstance(trace, dict) or trace.get("format") != TRACE_FORMAT or not isinstance(trace.get("calls"), list):
        raise PlanError(f"trace: {path.name} is not a trace, allowed is what aotgemm.record() saves ({TRACE_FORMAT!r})")
    _few(trace["calls"], f"trace: {path.name}")
    calls = []
    for index, row in enumerate(trace["calls"]):
        where = f"trace: call {index} of {path.name}"
        if not isinstance(row, dict):
            raise PlanError(f"{where}: is {shown(row)}, allowed is an object")
        if not _runs_no_kernel(row):
            calls.append(_call(where, {column: row[column] for column in COLUMNS if column in row}))
    return calls


READERS: dict[str, Callable[[Path], list[Call]]] = {"shapes": calls_of_shapes, "trace": calls_of_trace}

"""Recorded times of others: a CSV with columns m, n, k and one or more whose names end in us.

Columns kind (a name in KINDS, else fp8_gemm_1d2d) and groups (else 1) may be there; m then counts the rows of each
group, which are all equal. Lines that start with # are remarks.
"""

import csv
from pathlib import Path

from ..bounded_files import read_bounded
from ..errors import RequestError
from ..problems.kinds import KINDS, Kind
from ..problems.sizes import Size

Key = tuple[str, int, int, int, int]  # kind, m, n, k, groups
References = dict[str, dict[Key, float]]  # by column
SIZES = ("m", "n", "k")
USUAL = {"kind": "fp8_gemm_1d2d", "groups": "1"}


def reference_key(kind: Kind, size: Size) -> Key | None:
    """What recorded times of the problem are found by; None where its groups differ in size."""
    if len(set(size.counts)) > 1:
        return None
    return kind.name, size.m, size.n, size.k, size.groups


def read_references(path: Path) -> References:
    """Microseconds by column, without its ending, and problem; empty cells are left out.

    Raises RequestError for another kind of file.
    """
    try:
        text = read_bounded(path).decode()
    except (OSError, ValueError) as error:
        raise RequestError(f"--reference: {path} cannot be read: {error}") from error
    lines = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    columns = [column for column in (lines[0] if lines else ()) if column.endswith("us")]
    if not columns or any(size not in lines[0] for size in SIZES):
        raise RequestError(f"--reference: {path} has no lines with columns m, n, k and one that ends in us")
    try:
        return {_name(path, column): _column(lines, column) for column in columns}
    except ValueError as error:
        raise RequestError(f"--reference: {path}: {error}") from error


def _name(path: Path, column: str) -> str:
    return f"{column.removesuffix('us').rstrip('_') or path.stem} (recorded)"


def _key(line: dict[str, str]) -> Key:
    line = USUAL | line
    if line["kind"] not in KINDS:
        raise ValueError(f"kind is {line['kind']}, allowed are {', '.join(KINDS)}")
    return line["kind"], *(int(line[size]) for size in (*SIZES, "groups"))


def _column(lines: list[dict[str, str]], column: str) -> dict[Key, float]:
    return {_key(line): float(line[column]) for line in lines if line[column]}

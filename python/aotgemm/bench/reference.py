"""Recorded times of others: a CSV with columns m, n, k and one or more whose names end in us."""

import csv
from pathlib import Path

from ..errors import RequestError

References = dict[str, dict[tuple[int, int, int], float]]  # by column, by (m, n, k)
SIZES = ("m", "n", "k")


def read_references(path: Path) -> References:
    """Microseconds by column, without its ending, and shape; empty cells are left out.

    Raises RequestError for another kind of file.
    """
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    columns = [column for column in (lines[0] if lines else ()) if column.endswith("us")]
    if not columns or any(size not in lines[0] for size in SIZES):
        raise RequestError(f"--reference: {path} has no lines with columns m, n, k and one that ends in us")
    try:
        return {_name(path, column): _column(lines, column) for column in columns}
    except ValueError as error:
        raise RequestError(f"--reference: {path}: {error}") from error


def _name(path: Path, column: str) -> str:
    return f"{column.removesuffix('us').rstrip('_') or path.stem} (recorded)"


def _column(lines: list[dict[str, str]], column: str) -> dict[tuple[int, int, int], float]:
    return {(int(line["m"]), int(line["n"]), int(line["k"])): float(line[column]) for line in lines if line[column]}

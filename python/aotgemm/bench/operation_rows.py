"""Rows and tables of the calls that are no GEMM."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .peers import OURS
from .report import Limits, Rates, others
from .tables import Table, or_missing, ratio_column


@dataclass(frozen=True)
class OperationRow(Rates):
    """Median times of one call in microseconds, by who computed it, and their 10th and 90th percentiles."""

    operation: str
    size: str
    bytes: int
    flops: int
    precision: str | None
    us: dict[str, float]
    p10: dict[str, float]
    p90: dict[str, float]


def _read(part: dict[str, Any]) -> Iterator[OperationRow]:
    return (OperationRow(**row) for row in part["rows"])


def operation_tables(part: dict[str, Any]) -> tuple[Limits, list[Table]]:
    """The limits, and a table for each operation, of a document."""
    limits, by_name = Limits(**part["limits"]), {}
    for row in _read(part):
        by_name.setdefault(row.operation, []).append(row)
    return limits, [_table(name, rows, limits) for name, rows in by_name.items()]


def _table(name: str, rows: list[OperationRow], limits: Limits) -> Table:
    names = others(rows)
    columns = ("size", "us", "TFLOP/s", "GB/s", "of limit", *map(ratio_column, names))
    cells = [
        [row.size, row.us[OURS], row.tflops() if row.flops else or_missing(None), row.gbps()]
        + [or_missing(value) for value in (row.share(limits), *map(row.ratio, names))]
        for row in rows
    ]
    return Table(name, columns, cells)

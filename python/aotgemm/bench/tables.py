"""The tables of a run, for a terminal or as Markdown."""

from dataclasses import dataclass
from typing import Any

from ..problems.kinds import Kind
from .report import FEW, MANY, Limits, Row, by_kind, others, summary

MISSING = "-"
# How Markdown shows a column; ratios as RATIO says, the rest as it is.
FORMATS = {"us": ",.1f", "TFLOP/s": ",.0f", "GB/s": ",.0f", "of limit": ".0%"}
RATIO = ".2f"
SUMMARY_COLUMNS = ("kind", "peer", "problems", "mean", FEW, MANY, "least", "worst")


@dataclass(frozen=True)
class Table:
    """A title, the names of the columns, and rows of numbers and words."""

    title: str
    columns: tuple[str, ...]
    rows: list[list[Any]]


def _size_columns(kind: Kind) -> tuple[str, ...]:
    if kind.grouping == "k_grouped":
        return "G", "M", "N", "mean K", "least", "most"
    if kind.grouping == "batched":
        return "G", "M", "N", "K"
    if kind.grouping == "batch_reduced":
        return "batches", "M", "N", "K"
    return ("G", "mean M", "least", "most", "N", "K") if kind.has_groups else ("M", "N", "K")


def _size_cells(row: Row) -> list[int]:
    size, kind = row.size, row.kind
    if kind.grouping == "k_grouped":
        return [size.groups, size.m, size.n, row.tokens, min(size.counts), max(size.counts)]
    if kind.grouping in ("batched", "batch_reduced"):
        return [size.groups * size.batches, size.m, size.n, size.k]
    if kind.has_groups:
        return [size.groups, size.m, min(size.counts), max(size.counts), size.n, size.k]
    return [size.m, size.n, size.k]


def or_missing(value: Any) -> Any:
    return MISSING if value is None else value


def ratio_column(who: str) -> str:
    return f"{who} / ours"


def kind_table(kind: Kind, rows: list[Row], limits: Limits) -> Table:
    """One line for each problem of a kind."""
    names = others(rows)
    columns = (*_size_columns(kind), "us", "TFLOP/s", "GB/s", "of limit", *map(ratio_column, names))
    cells = [
        [*_size_cells(row), row.us["aotgemm"], row.tflops(), row.gbps(), or_missing(row.share(limits))]
        + [or_missing(row.ratio(name)) for name in names]
        for row in rows
    ]
    return Table(kind.name, columns, cells)


def summary_table(rows: list[Row]) -> Table:
    """Geometric means of ratios, the least and its problem, for each kind and peer."""
    cells = [[or_missing(line[column]) for column in SUMMARY_COLUMNS] for line in summary(rows)]
    return Table("A peer's time over ours: geometric means, the least, and where", SUMMARY_COLUMNS, cells)


def gemm_tables(limits: Limits, rows: list[Row]) -> list[Table]:
    """A table for each kind, and the summary where there is somebody to compare with."""
    tables = [kind_table(kind, of_kind, limits) for kind, of_kind in by_kind(rows).items()]
    return [*tables, summary_table(rows)] if others(rows) else tables


def limits_words(limits: Limits) -> str:
    """The limits in a line."""
    rates = [f"{rate:,.0f} TFLOP/s in {name.upper()}" for name, rate in limits.tflops.items()]
    return ", ".join(([f"{limits.gbps:,.0f} GB/s"] if limits.gbps else []) + rates) or "not measured"


def _cell(column: str, value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return format(value, FORMATS.get(column, RATIO))


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def markdown(table: Table) -> str:
    """The table as lines of Markdown, its title before."""
    lines = [
        _line([_cell(column, value) for column, value in zip(table.columns, row, strict=True)]) for row in table.rows
    ]
    return "\n".join([table.title, "", _line(list(table.columns)), "|---" * len(table.columns) + "|", *lines])

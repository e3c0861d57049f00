"""Tuned rows as text: what codegen/tuning/README.md describes, one line for each measured point."""

from itertools import groupby
from pathlib import Path
from typing import Any

from .. import _core
from ..errors import RequestError
from .intervals import intervals
from .points import Point, Results, fastest

COLUMNS = (
    *("family", "grouping", "layout", "out_dtype", "groups", "n", "k", "m_first", "m_last", "m"),
    *("kernel", "us", "next", "next_us", "clock_mhz", "date", "card"),
)
PROBLEM_COLUMNS = 7
NUMBERS = range(4, 10)  # columns that sort as numbers
BANDWIDTH_TOLERANCE = 0.08  # keeps H100 (3352 GB/s), GH200 (4022) and H200 (4916), all of 132 SMs, apart
COMMENT = "# Measured choices of kernels, written by `aotgemm tune`. The README here says what the columns mean.\n"


def device_line(device: dict[str, Any]) -> str:
    """The class of devices that the rows are for."""
    gbps = device["memory_gbps"]
    low, high = round(gbps * (1 - BANDWIDTH_TOLERANCE)), round(gbps * (1 + BANDWIDTH_TOLERANCE))
    return "device cc={cc_major}.{cc_minor} num_sms={num_sms}".format(**device) + f" memory_gbps={low}-{high}"


def _problem_rows(points: list[Point], results: Results, source: list[str]) -> list[list[str]]:
    block_m = {spec["name"]: spec["block_m"] for spec in _core.specs()}
    order = {point: fastest(results[point]) for point in points}
    spans = intervals([point.m for point in points], [block_m[order[point][0]] for point in points])
    return [
        [*map(str, (*point.problem, first, last, point.m)), *_times(order[point], results[point]), *source]
        for point, (first, last) in zip(points, spans, strict=True)
    ]


def _times(order: list[str], measured: dict[str, Any]) -> list[str]:
    following = [order[1], f"{measured[order[1]].us:.2f}"] if len(order) > 1 else ["-", "0"]
    return [order[0], f"{measured[order[0]].us:.2f}", *following]


def make_rows(results: Results, header: dict[str, Any]) -> list[list[str]]:
    """Columns of every row, sorted."""
    source = [str(header["device"]["clock_mhz"]), header["date"], header["device"]["name"]]
    by_problem = groupby(sorted(results, key=lambda point: (point.problem, point.m)), key=lambda point: point.problem)
    return [row for _, points in by_problem for row in _problem_rows(list(points), results, source)]


def _kept_rows(path: Path, device: str, new: list[list[str]]) -> list[list[str]]:
    """Rows of an existing file for problems that were not measured anew."""
    lines = [
        line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")
    ]
    if lines[:1] != [device] or tuple(lines[1].split()) != COLUMNS:
        raise RequestError(f"--rows: {path} is not for '{device}' with the columns of this version; name another file")
    rows = [line.split(maxsplit=len(COLUMNS) - 1) for line in lines[2:]]
    measured = {tuple(row[:PROBLEM_COLUMNS]) for row in new}
    return [row for row in rows if tuple(row[:PROBLEM_COLUMNS]) not in measured]


def _sort_key(row: list[str]) -> list[Any]:
    return [int(text) if column in NUMBERS else text for column, text in enumerate(row[: NUMBERS.stop])]


def write_rows(path: Path, results: Results, header: dict[str, Any]) -> int:
    """Writes the rows, aligned; those already there for other problems stay. Returns how many are new."""
    device, new = device_line(header["device"]), make_rows(results, header)
    kept = _kept_rows(path, device, new) if path.exists() else []
    table = [list(COLUMNS), *sorted(kept + new, key=_sort_key)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [" ".join(map(str.ljust, row, widths)).rstrip() for row in table]
    path.write_text(COMMENT + device + "\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return len(new)

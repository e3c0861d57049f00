"""Times from saved runs of `aotgemm bench`, for the calls of a plan that they are of."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...bench.document import read_document, rows_of
from ...bench.peers import OURS
from ...bench.report import Row
from ...errors import RequestError

WORDS = ("family", "grouping", "layout", "out_dtype")


@dataclass(frozen=True)
class Measured:
    """One measurement. kernel: that which ran, "" where the run does not say."""

    m: int
    us: float
    kernel: str
    card: str
    date: str


Key = tuple[Any, ...]  # of a call: its words, groups, N and K


def key_of(call: dict[str, Any]) -> Key:
    return (*(call[word] for word in WORDS), call["groups"], call["n"], call["k"])


def _key(row: Row) -> Key | None:
    """None for calls with groups of rows, whose M is not one number, and for rows that ours did not run."""
    if row.kind.has_groups or OURS not in row.us:
        return None
    return (*row.kind.words, row.size.batches, row.size.n, row.size.k)


def _document(path: Path) -> dict[str, Any]:
    try:
        return read_document(path)
    except RequestError as error:
        raise RequestError(f"--measured: {path} is not a saved run of `aotgemm bench`") from error


def read_measured(paths: Iterable[Path]) -> dict[Key, list[Measured]]:
    """Measured times by call, in the order of M. Raises RequestError for a file that is no saved run."""
    found: dict[Key, list[Measured]] = {}
    for path in paths:
        document = _document(path)
        rows = rows_of(document)[1] if "gemm" in document else []
        for row in rows:
            if key := _key(row):
                one = Measured(row.size.m, row.us[OURS], row.kernel or "", document["card"], document["date"])
                found.setdefault(key, []).append(one)
    return {key: sorted(times, key=lambda one: one.m) for key, times in found.items()}

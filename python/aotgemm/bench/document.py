"""A run as one JSON document, and back."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..bounded_files import read_bounded
from ..errors import RequestError
from ..json_text import parse_json
from ..problems.kinds import KINDS
from ..problems.sizes import Size
from .operation_rows import operation_tables
from .report import Limits, Row, summary

USUAL_KIND = "fp8_gemm_1d2d"  # of a run that was saved when there was no other


def _described(row: Row, limits: Limits) -> dict[str, Any]:
    """Rates follow from times and sizes and are repeated for the reader."""
    times = {"kernel": row.kernel, "us": row.us, "p10": row.p10, "p90": row.p90}
    rates = {"tflops": row.tflops(), "gbps": row.gbps(), "share": row.share(limits)}
    return {"kind": row.kind.name} | asdict(row.size) | times | rates


def gemm_document(limits: Limits, rows: list[Row], **facts: Any) -> dict[str, Any]:
    """Of the GEMM suites; `facts` are kept as they are."""
    described = [_described(row, limits) for row in rows]
    return {"limits": asdict(limits), "rows": described, "summary": summary(rows)} | facts


def _size(row: dict[str, Any]) -> Size:
    splits = row.get("head_splits")
    rest = row.get("batches", 1), splits and tuple(splits), row.get("room", 0)
    return Size(row["m"], row["n"], row["k"], tuple(row.get("counts", ())), *rest)


def _row(row: dict[str, Any]) -> Row:
    spread = (row.get(name, {}) for name in ("p10", "p90"))
    return Row(KINDS[row.get("kind", USUAL_KIND)], _size(row), row["kernel"], row["us"], *spread)


def _limits(limits: dict[str, Any]) -> Limits:
    tflops = limits["tflops"]
    return Limits(limits["gbps"], tflops if isinstance(tflops, dict) else {"fp8": tflops})


def rows_of(document: dict[str, Any]) -> tuple[Limits, list[Row]]:
    """What a document's GEMM part says."""
    part = document["gemm"]
    return _limits(part["limits"]), [_row(row) for row in part["rows"]]


def read_document(path: Path) -> dict[str, Any]:
    """A saved run; raises RequestError for another kind of file."""
    try:
        document = parse_json(read_bounded(path).decode("utf-8"))
        card, date = document["card"], document["date"]
        if "gemm" in document:
            rows_of(document)
        if "operations" in document:
            operation_tables(document["operations"])
    except (OSError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise RequestError(f"--load: {path} is not a saved run of `aotgemm bench` ({error})") from error
    return document | {"card": card, "date": date}

"""A run as one JSON document, and back."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import RequestError
from .report import Limits, Row, means


def gemm_document(limits: Limits, rows: list[Row], peers: dict[str, Any], absent: dict[str, str]) -> dict[str, Any]:
    """Of the GEMM suites. Rates follow from times and sizes and are repeated for the reader."""
    described = [asdict(row) | {"tflops": row.tflops(), "gbps": row.gbps(), "share": row.share(limits)} for row in rows]
    return {"limits": asdict(limits), "rows": described, "means": means(rows), "peers": peers, "absent": absent}


def rows_of(document: dict[str, Any]) -> tuple[Limits, list[Row]]:
    """What a document's GEMM part says."""
    part = document["gemm"]
    return Limits(**part["limits"]), [
        Row(*(row[key] for key in ("m", "n", "k", "kernel", "us"))) for row in part["rows"]
    ]


def read_document(path: Path) -> dict[str, Any]:
    """A saved run; raises RequestError for another kind of file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        card, date = document["card"], document["date"]
    except (ValueError, KeyError, TypeError) as error:
        raise RequestError(f"--load: {path} is not a saved run of `aotgemm bench` ({error})") from error
    return document | {"card": card, "date": date}

"""Reads the files that a plan is made from."""

from pathlib import Path
from typing import Any

from ..bounded_files import read_bounded
from ..errors import PlanError
from ..json_text import parse_json


def read_text(path: Path, what: str) -> str:
    """Raises PlanError where there is no such file, or it is not UTF-8. A byte order mark, which spreadsheets write, is
    no part of the text.
    """
    try:
        return read_bounded(path).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, ValueError) as error:
        raise PlanError(f"{what}: {path.name} cannot be read: {error}") from error


def read_json(path: Path, what: str) -> Any:
    try:
        return parse_json(read_text(path, what))
    except (ValueError, RecursionError) as error:
        raise PlanError(f"{what}: {path.name} is not JSON: {error}") from error


def read_object(path: Path, what: str) -> dict[str, Any]:
    value = read_json(path, what)
    if not isinstance(value, dict):
        raise PlanError(f"{what}: {path.name} holds a {type(value).__name__}, allowed is an object")
    return value

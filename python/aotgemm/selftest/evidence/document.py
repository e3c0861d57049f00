"""A recorded run as a file: written after each part, so that a run which hangs or crashes leaves what came before."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ... import _core
from ...bench.environment import card_state
from ...bounded_files import read_bounded
from ...errors import Error, RequestError
from ...json_text import parse_json
from ...output_files import stream_to, write_output

FORMAT = "aotgemm selftest report 1"
PARTS = ("assumptions", "digests", "times", "selftest")


def head(device: dict[str, Any], arch: str) -> dict[str, Any]:
    """What every report begins with; its parts are not there yet."""
    about = {"format": FORMAT, "version": _core.version(), "arch": arch, "device": device}
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return about | {"date": now, "card": card_state(), "driver": _core.cuda_driver_version(), "errors": {}}


@dataclass(frozen=True)
class ReportFile:
    """The file, and what it holds so far."""

    path: Path
    content: dict[str, Any]

    def write(self) -> None:
        """All at once: a reader never sees half of it. A device or a pipe is written to, and a link stays one.

        What a stream of this process writes to is written by that stream, after what it has: /dev/stdout in a file.
        Raises OSError.
        """
        text = json.dumps(self.content, indent=1) + "\n"
        if stream_to(self.path) is not None or (self.path.exists() and not self.path.is_file()):
            write_output(self.path, text)
            return
        path = Path(os.path.realpath(self.path))
        beside = path.with_name(f"{path.name}.part")
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)

    def add(self, part: str, make: Callable[[], Any]) -> None:
        """A part, or what kept it from being made: the next ones are tried all the same."""
        try:
            self.content[part] = make()
        except Error as error:
            self.content["errors"][part] = f"{type(error).__name__}: {error}"
        self.write()


def read_report(path: Path) -> dict[str, Any]:
    """A recorded run. Raises RequestError for another kind of file."""
    try:
        content = parse_json(read_bounded(path).decode())
    except (OSError, RecursionError, ValueError) as error:
        raise RequestError(f"FILE: {path} cannot be read: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise RequestError(f"FILE: {path} is not a file of `aotgemm selftest --report`")
    return content

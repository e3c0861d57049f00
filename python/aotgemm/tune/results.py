"""The file of measurements: JSON lines, one for each point, appended as they come, so that a stopped run goes on."""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from .. import _core
from ..bench.rounds import Measurement
from ..bounded_files import read_bounded
from ..errors import RequestError
from ..problems.kinds import Kind
from .kernels import kernels_on
from .points import Point, Results


def kernel_hashes(kind: Kind, device: dict[str, Any]) -> dict[str, str]:
    """Name and sha256 of a kind's kernels on a card: measurements of other kernels say nothing of these."""
    return {spec["name"]: spec["sha256"] for spec in kernels_on(kind, device)}


class ResultsFile:
    """Measurements of one kind of problem on one card with one build.

    A later build may have dropped kernels; their measurements are left out. One that has other or more kernels must
    measure anew.
    """

    def __init__(self, path: Path, kind: Kind) -> None:
        self.path = path
        self.kind = kind
        self.header: dict[str, Any] = {}
        self.results: Results = {}
        if path.exists():
            self._read()

    def _read(self) -> None:
        try:
            text = read_bounded(self.path).decode()
            whole = text[: text.rfind("\n") + 1]  # a run that was killed may have left half a line
            header, *lines = (json.loads(line) for line in whole.splitlines())
            kernels, measured = kernel_hashes(self.kind, header["device"]), header["kernels"].items()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise RequestError(f"--results: {self.path} is not a file of measurements ({error})") from error
        if not kernels.items() <= measured:
            raise RequestError(
                f"--results: {self.path} was measured with other kernels than this build's; name a new file"
            )
        if whole != text:
            self.path.write_text(whole, encoding="utf-8")
        self.header = header
        for line in lines:
            known = {name: Measurement(*pair) for name, pair in line["us"].items() if name in kernels}
            self.results[Point(**line["point"] | {"counts": tuple(line["point"].get("counts", ()))})] = known

    def open_for(self, device: dict[str, Any]) -> None:
        """Before measuring: writes the header of a new file; refuses to mix cards."""
        if self.header:
            if self.header["device"] != device:
                known = self.header["device"]["name"]
                raise RequestError(
                    f"--results: {self.path} was measured on {known}, this is {device['name']}; name a new file"
                )
            return
        self.header = {
            "device": device,
            "date": date.today().isoformat(),
            "version": _core.version(),
            "kernels": kernel_hashes(self.kind, device),
        }
        self.path.write_text(json.dumps(self.header) + "\n", encoding="utf-8")

    def add(self, point: Point, measured: dict[str, Measurement]) -> None:
        """Notes one point and appends it to the file."""
        self.results[point] = measured
        us = {name: [round(measurement.us, 3), measurement.rounds] for name, measurement in measured.items()}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"point": asdict(point), "us": us}) + "\n")

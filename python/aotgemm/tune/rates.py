"""The file of tile rates that the build compiles in: lines as codegen/tuning/README.md describes them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..bounded_files import read_bounded
from ..errors import RequestError
from ..problems.kinds import Kind
from .fit import Rates

COMMENT = "# Tile rates, written by `aotgemm tune`. The README here says what the columns mean.\n"
KIND_COLUMNS = (
    *("family", "grouping", "layout", "out_dtype"),
    *("gbps", "idle_gain", "power_loss", "outside_share", "date", "card"),
)
TILE_COLUMNS = ("kernel", "k_block_us", "tile_us", "launch_us", "points", "spread")


@dataclass(frozen=True)
class Source:
    """Where rates were measured. device: as `_core.named_device` describes one; date: the day."""

    device: dict[str, Any]
    date: str


def device_line(device: dict[str, Any]) -> str:
    """The class of devices that the rates are for."""
    numbers = "{cc_major}.{cc_minor} {num_sms} {memory_gbps} {clock_mhz}".format(**device)
    return f"device {numbers}"


def _kind_line(kind: Kind, rates: Rates, source: Source) -> list[str]:
    gbps, *others = rates.kind
    numbers = [f"{gbps / 1e3:.1f}", *(f"{value:.4f}" for value in others)]
    return ["kind", *kind.kernel_words, *numbers, source.date, source.device["name"]]


def _tile_lines(rates: Rates) -> list[list[str]]:
    return [
        ["tile", name, f"{times[0]:.5f}", f"{times[1]:.4f}", f"{times[2]:.3f}", str(points), f"{spread:.4f}"]
        for name, times, points, spread in zip(rates.names, rates.tiles.T, rates.points, rates.spread, strict=True)
        if points
    ]


def _blocks(path: Path, device: str) -> dict[str, list[str]]:
    """The lines of every kind in a file, by the kind's four words."""
    try:
        text = read_bounded(path).decode()
    except (OSError, ValueError) as error:
        raise RequestError(f"--rates: {path} cannot be read: {error}") from error
    lines = [line for line in text.splitlines() if line.strip() and line[0] != "#"]
    if lines[:1] != [device]:
        raise RequestError(f"--rates: {path} is not for '{device}'; name another file")
    blocks: dict[str, list[str]] = {}
    for line in lines[1:]:
        if line.startswith("kind "):
            words = " ".join(line.split()[1:5])
        blocks.setdefault(words, []).append(line)
    return blocks


def write_rates(path: Path, kind: Kind, rates: Rates, source: Source) -> int:
    """Writes the rates of a kind's kernels; those of other kinds in the file stay. Returns how many kernels have some.

    Raises RequestError if the file is for another class of devices.
    """
    device = device_line(source.device)
    blocks = _blocks(path, device) if path.exists() else {}
    tiles = _tile_lines(rates)
    widths = [max(map(len, column)) for column in zip(*tiles, strict=True)]
    table = [" ".join(map(str.ljust, line, widths)).rstrip() for line in tiles]
    blocks[" ".join(kind.kernel_words)] = [" ".join(_kind_line(kind, rates, source)), *table]
    legend = f"# kind {' '.join(KIND_COLUMNS)}\n# tile {' '.join(TILE_COLUMNS)}\n"
    text = "".join("\n" + "\n".join(blocks[words]) + "\n" for words in sorted(blocks))
    path.write_text(COMMENT + legend + device + "\n" + text, encoding="utf-8")
    return len(tiles)

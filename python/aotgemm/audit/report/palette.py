"""Colours and short names of kernels: fixed by the kernel's place in the plan."""

import re
from dataclasses import dataclass
from html import escape

GOLDEN_ANGLE = 137.508  # degrees: neighbours in the list get hues far apart
LIGHTNESS = (46, 60, 36)
_TILE = re.compile(r"_(swap_)?(\d+x\d+x\d+)_s(\d+)(?:_f(\d+))?_c(\d+x\d+)$")


@dataclass(frozen=True)
class Shade:
    name: str
    label: str
    colour: str

    def chip(self) -> str:
        """A swatch with the short name; the whole one shows on hover."""
        title = escape(self.name, quote=True)
        return f'<span class="chip" title="{title}"><i style="background:{self.colour}"></i>{escape(self.label)}</span>'


def label_of(name: str) -> str:
    """The tile, stages, any K blocks in flight, and cluster; the whole name where it has no such parts."""
    match = _TILE.search(name)
    if match is None:
        return name
    swap, tile, stages, in_flight, cluster = match.groups()
    words = [tile + (" swap" if swap else ""), f"s{stages}"] + ([f"f{in_flight}"] if in_flight else [])
    return " ".join(words + ([f"c{cluster}"] if cluster != "1x1" else []))


def shades(names: list[str]) -> dict[str, Shade]:
    """One for each name, in the given order."""
    return {
        name: Shade(name, label_of(name), f"hsl({index * GOLDEN_ANGLE % 360:.0f} 62% {LIGHTNESS[index % 3]}%)")
        for index, name in enumerate(names)
    }

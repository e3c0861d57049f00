"""Names, places and colours of kernels on the page.

A kernel has a number that no other has, and the colour of its tile class: eight colours that stay apart in the eyes of
the colour-blind (M. Okabe and K. Ito, Color Universal Design, 2008; black gives way to a grey that shows on any paper).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

_TILE = re.compile(r"_(swap_)?((\d+)x\d+x\d+)_s(\d+)(?:_f(\d+))?_c(\d+x\d+)$")
# Rows of D that a tile covers, up to; tiles with swapped operands first, then the others. No tile: the last class.
SWAPPED, PLAIN = (8, 16, 32), (64, 128, 192)
CLASSES = (
    "up to 8 rows, swapped", "up to 16 rows, swapped", "up to 32 rows, swapped", "over 32 rows, swapped",
    "up to 64 rows", "up to 128 rows", "up to 192 rows", "over 192 rows",
)  # fmt: skip
COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#4a4f55")
LAST_ON_DARK = "#e8eaed"  # the last colour where the page is dark


def tile_class(name: str) -> int:
    """Which of CLASSES the kernel's tile belongs to."""
    match = _TILE.search(name)
    if match is None:
        return len(CLASSES) - 1
    steps, start = (SWAPPED, 0) if match[1] else (PLAIN, len(SWAPPED) + 1)
    return start + sum(int(match[3]) > step for step in steps)


def label_of(name: str) -> str:
    """The tile, stages, any K blocks in flight, and cluster; the whole name where it has no such parts."""
    match = _TILE.search(name)
    if match is None:
        return name
    swap, tile, _, stages, in_flight, cluster = match.groups()
    words = [tile + (" swap" if swap else ""), f"s{stages}"] + ([f"f{in_flight}"] if in_flight else [])
    return " ".join(words + ([f"c{cluster}"] if cluster != "1x1" else []))


def breakable(name: str) -> str:
    """HTML of a name that may go on in the next line behind each of its words."""
    return escape(name).replace("_", "_<wbr>")


@dataclass(frozen=True)
class Mark:
    """How a kernel of the plan is shown. number: its place among the plan's kernels, from 1."""

    name: str
    sha256: str
    number: int

    @property
    def short(self) -> str:
        return f"K{self.number}"

    @property
    def label(self) -> str:
        return f"{self.short} {label_of(self.name)}"

    @property
    def anchor(self) -> str:
        return f"kernel-{self.name}"

    @property
    def swatch(self) -> str:
        return f'<i class="swatch t{tile_class(self.name)}"></i>'

    def link(self) -> str:
        """To the kernel's row."""
        title = escape(self.name, quote=True)
        return (
            f'<a class="chip" href="#{escape(self.anchor, quote=True)}" title="{title}">{self.swatch}{self.label}</a>'
        )


def marks_of(kernels: Iterable[dict[str, Any]]) -> dict[str, Mark]:
    """By name, in the plan's order."""
    return {kernel["name"]: Mark(kernel["name"], kernel["sha256"], i) for i, kernel in enumerate(kernels, 1)}


def legend(names: Iterable[str]) -> str:
    """The tile classes of these kernels, in the order of their rows."""
    used = sorted({tile_class(name) for name in names})
    parts = (f'<span class="chip"><i class="swatch t{kind}"></i>{CLASSES[kind]}</span>' for kind in used)
    return f'<p class="legend"><span>Rows of a tile:</span> {" ".join(parts)}</p>'


def colour_rules() -> str:
    """The style of each class."""
    rules = [f".t{kind}{{fill:{colour};background:{colour}}}" for kind, colour in enumerate(COLOURS)]
    last = f".t{len(COLOURS) - 1}{{fill:{LAST_ON_DARK};background:{LAST_ON_DARK}}}"
    return "\n".join(rules) + f"\n@media screen and (prefers-color-scheme:dark){{{last}}}"

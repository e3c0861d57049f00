"""The table of kernels: the whole hash, which calls run it, and what it uses of an SM."""

from html import escape
from typing import Any

from .calls import link
from .palette import Mark, breakable
from .resources import blocks_per_sm, tensor_instructions
from .tables import row, table

FIGURES = ("threads", "registers", "shared KiB", "blocks an SM", "tensor-core instructions")
COLUMNS = ("kernel", "sha256", "calls", *FIGURES)
UNKNOWN = ("",) * len(FIGURES)  # of a kernel that this library does not hold


def _figures(made: dict[str, Any] | None) -> tuple[str, ...]:
    if made is None:
        return UNKNOWN
    tensor = f"{tensor_instructions(made['instructions'])} of {made['instructions_total']}"
    shared = f"{made.get('shared_bytes', 0) / 1024:.1f}"
    return str(made.get("threads", "")), str(made["registers"]), shared, str(blocks_per_sm(made) or ""), tensor


def _users(name: str, calls: list[dict[str, Any]]) -> str:
    """Links to the calls that run it."""
    links = [
        link(call, number)
        for number, call in enumerate(calls, 1)
        if any(interval["kernel"] == name for interval in call["intervals"])
    ]
    return " <br>".join(links) or "beside calls"


def _row(mark: Mark, calls: list[dict[str, Any]], made: dict[str, Any] | None) -> str:
    name = f'<span class="chip">{mark.swatch}{mark.short}</span> <span class="name">{breakable(mark.name)}</span>'
    cells = (name, f"<code>{mark.sha256}</code>", _users(mark.name, calls), *_figures(made))
    attributes = f' class="find" id="{escape(mark.anchor, quote=True)}" tabindex="-1" data-kernel="{mark.number}"'
    return row(COLUMNS, cells, attributes)


def kernel_table(plan: dict[str, Any], marks: dict[str, Mark], manifest: dict[str, Any]) -> str:
    """manifest: of this library, whose figures are shown for kernels that are the plan's to the byte."""
    made = {kernel["sha256"]: kernel for kernel in manifest["kernels"]}
    rows = (_row(marks[k["name"]], plan["calls"], made.get(k["sha256"])) for k in plan["kernels"])
    return table("kernels", "Kernels of the plan", COLUMNS, rows)

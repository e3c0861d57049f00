"""Puts the page together."""

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from ..library import read_manifest
from . import maps
from .answers import answers
from .calls import cards
from .head import facts, title_of, verdict
from .kernels import kernel_table
from .measured import Key, Measured, read_measured
from .palette import colour_rules, marks_of

COMMAND = "<code>aotgemm report --measured RUN.json</code>"
NOT_MEASURED = f"No measured times are here: {COMMAND} draws saved runs of <code>aotgemm bench</code>."


def _asset(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _sms(plan: dict[str, Any]) -> str:
    """The SM counts to choose from, all of the device's first."""
    counts = sorted({call["num_sms"] for call in plan["calls"]}, reverse=True)
    return "".join(f'<option value="{sms}">{sms}</option>' for sms in counts)


def _runs(measured: dict[Key, list[Measured]], plan: dict[str, Any]) -> str:
    """Which cards and days the dots are of."""
    runs = sorted({(one.card, one.date) for times in measured.values() for one in times})
    if not runs:
        return NOT_MEASURED
    words = "; ".join(f"{escape(card)}, {escape(date)}" for card, date in runs)
    dot = '<b class="key"><i class="dot"></i> measured time</b>'
    return f"{dot} on {words} (the plan is for {escape(plan['device']['name'])})."


def render(plan: dict[str, Any], file_name: str = "plan.json", runs: Iterable[Path] = ()) -> str:
    """The page of a plan, one self-contained HTML document.

    file_name: of the plan, in the commands that the page tells. runs: saved runs of `aotgemm bench`, whose times are
    drawn beside the predicted ones.
    """
    marks, measured = marks_of(plan["kernels"]), read_measured(runs)
    return Template(_asset("page.html")).substitute(
        title=escape(title_of(plan)),
        style=_asset("style.css") + colour_rules(),
        script=_asset("script.js"),
        data=answers(plan, marks, file_name),
        file=escape(file_name),
        facts=facts(plan),
        verdict=verdict(plan),
        sms=_sms(plan),
        runs=_runs(measured, plan),
        calls=cards(plan, marks, measured),
        maps="".join(maps.draw(call, cells) for call, cells in maps.maps_of(plan)),
        kernels=kernel_table(plan, marks, read_manifest()),
    )

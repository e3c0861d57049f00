"""The part of the page that has a card for each call."""

from html import escape
from typing import Any

from ..operations import GROUPS_ARE
from . import charts
from .measured import Key, Measured, key_of
from .palette import Mark
from .tables import row, table

KEY = ("family", "grouping", "layout", "out_dtype", "groups", "n", "k", "num_sms")
COLUMNS = ("M", "kernel", "predicted us")


def anchor_of(call: dict[str, Any]) -> str:
    """Where the call's card is: the same in every plan that has the call."""
    return "call-" + "-".join(str(call[name]) for name in KEY)


def layers_of(call: dict[str, Any]) -> str:
    return ", ".join(call["layers"])


def heading(call: dict[str, Any], number: int) -> str:
    """number: the call's place in the plan, from 1. Layers do not tell calls apart: experts' have several."""
    return f'<span class="short">C{number}</span>&nbsp;<span class="name">{escape(layers_of(call))}</span>'


def link(call: dict[str, Any], number: int) -> str:
    return f'<a href="#{escape(anchor_of(call), quote=True)}">{heading(call, number)}</a>'


def kind_of(call: dict[str, Any]) -> str:
    """What the call is, but for its M."""
    groups = f", {call['groups']} {GROUPS_ARE.get(call['family'], 'groups')}" if call["groups"] > 1 else ""
    kind = f"{call['family']} {call['grouping']} {call['layout']}, {call['out_dtype']} out"
    return f"N = {call['n']}, K = {call['k']}{groups}; {kind}; {call['num_sms']} SMs"


def _range(interval: dict[str, Any]) -> str:
    first, last = interval["m"]
    return str(first) if first == last else f"{first} to {last}"


def _us(interval: dict[str, Any]) -> str:
    return " to ".join(dict.fromkeys(f"{us:.1f}" for us in interval["us"])) or "none"


def _table(call: dict[str, Any], marks: dict[str, Mark]) -> str:
    """Each interval; on paper the same is running text."""
    rows = []
    for interval in call["intervals"]:
        mark = marks[interval["kernel"]]
        attributes = f' data-kernel="{mark.number}"'
        rows.append(row(COLUMNS, (_range(interval), mark.link(), _us(interval)), attributes))
    count = len(rows)
    summary = f"{count} interval{'s' if count > 1 else ''}"
    body = table("intervals", f"Kernels of {layers_of(call)} by M", COLUMNS, rows)
    return f"<details><summary>{summary}</summary>{body}</details>{_on_paper(call, marks)}"


def _on_paper(call: dict[str, Any], marks: dict[str, Mark]) -> str:
    parts = (f"{'&ndash;'.join(map(str, i['m']))}&nbsp;{marks[i['kernel']].short}" for i in call["intervals"])
    return f'<p class="paper"><b>M</b> {" &middot; ".join(parts)}</p>'


def cards(plan: dict[str, Any], marks: dict[str, Mark], measured: dict[Key, list[Measured]]) -> str:
    parts = []
    for number, call in enumerate(plan["calls"], 1):
        anchor = escape(anchor_of(call), quote=True)
        title = f'<h3>{heading(call, number)}</h3><p class="kind">{escape(kind_of(call))}</p>'
        if call["missing"]:
            body = f'{title}<p class="missing">No kernel: {escape(call["missing"])}</p>'
        else:
            drawing = charts.chart(call, plan["device"], marks, measured.get(key_of(call), []))
            body = f'<div class="whole">{title}{drawing}</div>{_table(call, marks)}'
        parts.append(f'<article class="call find" id="{anchor}" tabindex="-1">{body}</article>')
    return "".join(parts)

"""Puts the page together."""

from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from ..plan import read_manifest
from ..verify import verify
from . import charts, maps
from .palette import Shade, shades
from .resources import blocks_per_sm, mix_bar


def _asset(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _facts(facts: dict[str, Any]) -> str:
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>" for name, value in facts.items())


def _head(plan: dict[str, Any]) -> tuple[str, str]:
    """Title and facts."""
    source, device = plan["source"], plan["device"]
    ranks = "".join(f", {name.upper()} {source[name]}" for name in ("tp", "ep") if source[name] > 1)
    missing = sum(bool(call["missing"]) for call in plan["calls"])
    facts = {
        "device": f"{device['name']}: {device['num_sms']} SMs, {device['memory_gbps']} GB/s",
        "library": f"{plan['library']['name']} {plan['library']['version']}",
        "largest batch": f"{source['tokens']} tokens",
        "calls": len(plan["calls"]),
        "without a kernel": missing,
        "kernels": len(plan["kernels"]),
        "plan sha256": plan["sha256"][:16],
    }
    return f"{source['name']}{ranks} on {device['name']}", _facts(facts)


def _verdict(plan: dict[str, Any]) -> str:
    """Whether the library that made this page is the plan's."""
    report = verify(plan)
    if report["ok"]:
        words = "The installed library holds every kernel of this plan, byte for byte, and selects as it says."
        return f'<p class="verdict good">{words}</p>'
    changed = len(report["selection_changed"])
    words = f"{report['differing']} kernels differ, and {changed} calls select otherwise"
    rest = "Maps and figures are of the installed one."
    return f'<p class="verdict bad">The installed library is not the one of this plan: {words}. {rest}</p>'


def _interval_table(call: dict[str, Any], shade_of: dict[str, Shade]) -> str:
    rows = "".join(
        f"<tr><td>{i['m'][0]}</td><td>{i['m'][1]}</td><td>{shade_of[i['kernel']].chip()}</td>"
        f"<td>{i['us'][0]:.1f}</td><td>{i['us'][1]:.1f}</td></tr>"
        for i in call["intervals"]
    )
    head = "<tr><th>first M</th><th>last M</th><th>kernel</th><th>us at first</th><th>us at last</th></tr>"
    count = len(call["intervals"])
    summary = f"{count} interval{'s' if count > 1 else ''}"
    return f'<details><summary>{summary}</summary><div class="scroll"><table>{head}{rows}</table></div></details>'


def _call(call: dict[str, Any], device: dict[str, Any], shade_of: dict[str, Shade]) -> str:
    kind = f"{call['family']} {call['grouping']} {call['layout']} &rarr; {call['out_dtype']}"
    groups = f", {call['groups']} groups" if call["groups"] > 1 else ""
    layers = ", ".join(map(escape, call["layers"]))
    title = (
        f'<h3>{layers}</h3><p class="kind">N = {call["n"]}, K = {call["k"]}{groups}; {kind}; {call["num_sms"]} SMs</p>'
    )
    if call["missing"]:
        body = f'<p class="missing">No kernel: {escape(call["missing"])}</p>'
    else:
        used = dict.fromkeys(interval["kernel"] for interval in call["intervals"])
        chips = f'<p class="chips">{"".join(shade_of[name].chip() for name in used)}</p>'
        last = call["intervals"][-1]["m"][1]
        drawing = charts.times(call, device) + charts.strip(call["intervals"], shade_of) + charts.ticks(last)
        body = f'<div class="chart">{drawing}</div>{chips}{_interval_table(call, shade_of)}'
    return f'<article class="call find">{title}{body}</article>'


def _kernel_row(kernel: dict[str, Any], figures: dict[str, Any] | None, calls: int, shade: Shade) -> str:
    if figures is None:
        cells = "<td></td>" * 6
    else:
        blocks = blocks_per_sm(figures)
        numbers = (
            figures.get("threads", ""),
            figures["registers"],
            round(figures.get("shared_bytes", 0) / 1024, 1),
            blocks or "",
        )
        cells = "".join(f"<td>{number}</td>" for number in numbers)
        cells += f"<td>{figures['instructions_total']}</td><td>{mix_bar(figures['instructions'])}</td>"
    name = f"{shade.chip()}<br><small>{escape(kernel['name'])}</small>"
    hashes = f'<code title="{kernel["sha256"]}">{kernel["sha256"][:12]}</code>'
    return f'<tr class="find"><td>{name}</td><td>{calls}</td>{cells}<td>{hashes}</td></tr>'


def _kernels(plan: dict[str, Any], shade_of: dict[str, Shade]) -> str:
    made = {kernel["sha256"]: kernel for kernel in read_manifest()["kernels"]}
    users = [{interval["kernel"] for interval in call["intervals"]} for call in plan["calls"]]
    rows = (
        _kernel_row(k, made.get(k["sha256"]), sum(k["name"] in names for names in users), shade_of[k["name"]])
        for k in plan["kernels"]
    )
    columns = ("kernel", "calls", "threads", "registers", "shared KiB", "blocks an SM", "instructions", "mix", "sha256")
    head = "".join(f"<th>{column}</th>" for column in columns)
    return f'<div class="scroll"><table class="kernels"><tr>{head}</tr>{"".join(rows)}</table></div>'


def _maps(plan: dict[str, Any]) -> list[tuple[dict[str, Any], list[tuple[int, int, str]]]]:
    """One for each K of each kind of call, with what is selected where."""
    kinds = {
        (c["family"], c["grouping"], c["groups"], c["k"], c["num_sms"]): c for c in plan["calls"] if not c["missing"]
    }
    drawn = ((kinds[key], maps.choices(kinds[key], plan["device"])) for key in sorted(kinds))
    return [(call, found) for call, found in drawn if found]


def render(plan: dict[str, Any]) -> str:
    """The page of a plan, one self-contained HTML document."""
    found = _maps(plan)
    in_maps = sorted({kernel for _, cells in found for _, _, kernel in cells})
    shade_of = shades(list(dict.fromkeys([kernel["name"] for kernel in plan["kernels"]] + in_maps)))
    title, facts = _head(plan)
    return Template(_asset("page.html")).substitute(
        title=escape(title),
        style=_asset("style.css"),
        script=_asset("script.js"),
        facts=facts,
        verdict=_verdict(plan),
        calls="".join(_call(call, plan["device"], shade_of) for call in plan["calls"]),
        maps="".join(maps.draw(call, cells, shade_of) for call, cells in found),
        kernels=_kernels(plan, shade_of),
    )

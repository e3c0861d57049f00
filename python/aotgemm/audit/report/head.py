"""The top of the page: what the plan is of, and whether this library is its library."""

from html import escape
from typing import Any

from ..verify import OTHER_BUILD, verify
from .calls import link

HOLDS = "The installed library holds every kernel of this plan, byte for byte, and selects as it says."


def title_of(plan: dict[str, Any]) -> str:
    source = plan["source"]
    ranks = "".join(f", {name.upper()} {source[name]}" for name in ("tp", "ep") if source[name] > 1)
    return f"{source['name']}{ranks} on {plan['device']['name']}"


def _missing(plan: dict[str, Any]) -> list[str]:
    """A link to each call without a kernel."""
    return [link(call, number) for number, call in enumerate(plan["calls"], 1) if call["missing"]]


def _wide(name: str, value: str) -> str:
    return f'<div class="wide"><dt>{name}</dt><dd>{value}</dd></div>'


def facts(plan: dict[str, Any]) -> str:
    device, library, missing = plan["device"], plan["library"], _missing(plan)
    shown = {
        "device": escape(f"{device['name']}: {device['num_sms']} SMs, {device['memory_gbps']} GB/s"),
        "library": f"{library['name']} {escape(library['version'])}",
        "largest batch": f"{plan['source']['tokens']} tokens",
        "calls": str(len(plan["calls"])),
        "without a kernel": str(len(missing)),
        "kernels": str(len(plan["kernels"])),
    }
    hashes = {"plan, sha256": plan["sha256"], "libaotgemm.so, sha256": library.get("sha256", "not stated")}
    pairs = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown.items())
    lines = {"times": f"predicted {escape(plan['times'])}"} if "times" in plan else {}
    lines |= {"calls without a kernel": ", ".join(missing)} if missing else {}
    lines |= {name: f"<code>{sha256}</code>" for name, sha256 in hashes.items()}
    return pairs + "".join(_wide(name, value) for name, value in lines.items())


def verdict(plan: dict[str, Any]) -> str:
    """Whether the library that made this page is the plan's."""
    report = verify(plan)
    if report["ok"]:
        return f'<p class="verdict good">{HOLDS}</p>'
    changed, differing = len(report["selection_changed"]), report["differing"]
    if not changed and not differing:
        words = f"It is {OTHER_BUILD} of libaotgemm.so: the hash of its host code is not the plan's."
        return f'<p class="verdict bad">{HOLDS} {words}</p>'
    words = f"{differing} kernels differ, and {changed} calls select otherwise"
    rest = "Maps and figures are of the installed one."
    return f'<p class="verdict bad">The installed library is not the one of this plan: {words}. {rest}</p>'

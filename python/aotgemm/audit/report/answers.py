"""What the page's box answers from: every call's intervals as data."""

import json
from typing import Any

from .calls import anchor_of, kind_of, layers_of
from .palette import Mark


def _call(number: int, call: dict[str, Any], marks: dict[str, Mark]) -> dict[str, Any]:
    """ends: the last M of each interval; kernels: their numbers; us: at both ends."""
    intervals = call["intervals"]
    return {
        "id": anchor_of(call),
        "short": f"C{number}",
        "layers": layers_of(call),
        "kind": kind_of(call),
        "sms": call["num_sms"],
        "missing": call["missing"],
        "ends": [interval["m"][1] for interval in intervals],
        "kernels": [marks[interval["kernel"]].number for interval in intervals],
        "us": [interval["us"] for interval in intervals],
    }


def answers(plan: dict[str, Any], marks: dict[str, Mark], file_name: str) -> str:
    """JSON that may stand in a script element."""
    kernels = [{"name": m.name, "sha256": m.sha256, "anchor": m.anchor, "short": m.short} for m in marks.values()]
    calls = [_call(number, call, marks) for number, call in enumerate(plan["calls"], 1)]
    data = {"file": file_name, "kernels": kernels, "calls": calls}
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")

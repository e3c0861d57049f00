"""A plan as text: one form for one content, a line an entry, so that two plans can be compared line by line.

No clock, path, host or locale goes in. The seal is the sha256 of the text with the seal's own value empty: a plan that
was cut off or edited does not pass for a whole one.
"""

import hashlib
import json
from typing import Any

FORMAT = "aotgemm plan 2"  # 1 had the kernel's name in code_sha256; plan.schema.json
SEAL = "sha256"


def _inline(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def _call_lines(call: dict[str, Any]) -> str:
    """A call on one line, then each of its intervals on one."""
    head = _inline({key: value for key, value in call.items() if key != "intervals"})
    intervals = ",\n".join("  " + _inline(interval) for interval in call["intervals"])
    return f' {head[:-1]}, "intervals": [' + (f"\n{intervals}\n ]}}" if intervals else "]}")


def canonical_text(plan: dict[str, Any]) -> str:
    """The plan's file, byte for byte."""
    lines = {
        "kernels": [f" {_inline(kernel)}" for kernel in plan["kernels"]],
        "calls": [_call_lines(call) for call in plan["calls"]],
    }
    parts = []
    for key, value in plan.items():
        text = "[\n" + ",\n".join(lines[key]) + "\n]" if lines.get(key) else _inline(value)
        parts.append(f"{_inline(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def seal_of(plan: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_text(plan | {SEAL: ""}).encode()).hexdigest()


def sealed(plan: dict[str, Any]) -> dict[str, Any]:
    return plan | {SEAL: seal_of(plan)}

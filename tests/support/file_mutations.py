"""Damaged files: JSON whose values are changed, and bytes that are changed, lost or repeated."""

import copy
import json
from typing import Any

import numpy as np

NUMBERS = (-1, 0, 1, 3, 127, 128, 2**31 - 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, 10**30, 0.5, -0.0, 1e300)
OTHERS = (None, True, False, "", "nt", "x" * 300, "\ud800", "a\nb", "\0", "é", [], [[]], {}, {"": None}, float("nan"))
VALUES = (*NUMBERS, *OTHERS)


def _places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every (container, key or index) in a tree."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found.append((value, key))
        _places(inner, found)
    return found


def _drop(rng: np.random.Generator, container: Any, key: Any) -> None:
    del container[key]


def _replace(rng: np.random.Generator, container: Any, key: Any) -> None:
    container[key] = copy.deepcopy(VALUES[rng.integers(len(VALUES))])


def _nudge(rng: np.random.Generator, container: Any, key: Any) -> None:
    """A number near it, or text that is almost the same."""
    value = container[key]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        container[key] = value + int(rng.choice([-128, -8, -1, 1, 8, 128]))
    elif isinstance(value, str) and value:
        at = int(rng.integers(len(value)))
        container[key] = value[:at] + chr(int(rng.integers(32, 127))) + value[at + 1 :]
    else:
        _replace(rng, container, key)


def _wrap(rng: np.random.Generator, container: Any, key: Any) -> None:
    container[key] = [container[key]] if rng.integers(2) else {"x": container[key]}


def _repeat(rng: np.random.Generator, container: Any, key: Any) -> None:
    if isinstance(container, list):
        container.insert(key, copy.deepcopy(container[key]))
    else:
        container[f"{key}_"] = container[key]


_CHANGES = (_drop, _replace, _replace, _nudge, _nudge, _wrap, _repeat)


def changed_json(rng: np.random.Generator, value: Any) -> Any:
    """A copy with one to three values changed; rarely another value altogether."""
    value = copy.deepcopy(value)
    for _ in range(int(rng.integers(1, 4))):
        places = _places(value, [])
        if not places or rng.random() < 0.01:
            return copy.deepcopy(VALUES[rng.integers(len(VALUES))])
        container, key = places[rng.integers(len(places))]
        _CHANGES[rng.integers(len(_CHANGES))](rng, container, key)
    return value


def changed_bytes(rng: np.random.Generator, data: bytes) -> bytes:
    """With a bit flipped, a part lost or repeated, or something else in the place of a part."""
    first, last = sorted(int(x) for x in rng.integers(0, len(data) + 1, 2))
    last = min(last, first + int(rng.integers(1, 64)))
    match rng.integers(5):
        case 0:
            flipped = bytearray(data)
            at = int(rng.integers(len(data)))
            flipped[at] ^= 1 << int(rng.integers(8))
            return bytes(flipped)
        case 1:
            return data[:first]
        case 2:
            return data[:first] + data[last:]
        case 3:
            return data[:last] + data[first:]
    return data[:first] + rng.bytes(last - first) + data[last:]


def damaged_json(rng: np.random.Generator, value: Any) -> bytes:
    """The text of a changed value, one time in five with its bytes changed as well."""
    text = json.dumps(changed_json(rng, value)).encode("utf-8", "surrogatepass")
    return changed_bytes(rng, text) if rng.random() < 0.2 else text

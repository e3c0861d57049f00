"""Checks a document against plan.schema.json with the standard library alone: a server that loads a plan needs no more.

It knows the keywords which that schema uses and refuses a schema with any other. Tests hold it
against jsonschema, from which it differs in one thing: 1.0 is no integer.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

MOST_SHOWN = 60  # characters of a wrong value

NOTES = {"$schema", "$id", "$defs", "title", "description"}
TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}


class UnknownKeywordError(ValueError):
    """A schema with a keyword that is not checked here."""


def _is_number(value: Any) -> bool:
    return TYPES["number"](value)


# keyword -> (value, what the keyword asks for) -> whether that holds. Each says nothing about values of other types.
RULES: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, wanted: TYPES[wanted](value),
    "const": lambda value, wanted: type(value) is type(wanted) and value == wanted,
    "enum": lambda value, wanted: any(type(value) is type(one) and value == one for one in wanted),
    "minimum": lambda value, wanted: not _is_number(value) or value >= wanted,
    "maximum": lambda value, wanted: not _is_number(value) or value <= wanted,
    "maxLength": lambda value, wanted: not isinstance(value, str) or len(value) <= wanted,
    "pattern": lambda value, wanted: (
        not isinstance(value, str) or re.search(wanted.replace("$", r"\Z"), value) is not None
    ),
    "minItems": lambda value, wanted: not isinstance(value, list) or len(value) >= wanted,
    "maxItems": lambda value, wanted: not isinstance(value, list) or len(value) <= wanted,
    "required": lambda value, wanted: not isinstance(value, dict) or all(name in value for name in wanted),
}


def _shown(value: Any) -> str:
    text = f"{type(value).__name__} of {len(value)}" if isinstance(value, (dict, list)) else ascii(value)[:MOST_SHOWN]
    return text


def _object_violations(value: dict, schema: dict, root: dict, path: str) -> Iterator[str]:
    known = schema.get("properties", {})
    if schema.get("additionalProperties") is False:
        yield from (
            f"{path}: has {_shown(name)}, allowed are {', '.join(known)}" for name in value if name not in known
        )
    for name, part in known.items():
        if name in value:
            yield from violations(value[name], part, root, f"{path}.{name}")


def violations(value: Any, schema: dict, root: dict, path: str = "plan") -> Iterator[str]:
    """What is wrong with the value, each with the place: nothing for a valid one."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    for keyword, wanted in schema.items():
        if keyword in RULES:
            if not RULES[keyword](value, wanted):
                yield f"{path}: is {_shown(value)}, allowed is {keyword} {wanted}"
        elif keyword not in NOTES | {"properties", "additionalProperties", "items"}:
            raise UnknownKeywordError(f"{path}: the schema says {keyword!r}, which is not checked")
    if isinstance(value, dict):
        yield from _object_violations(value, schema, root, path)
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from violations(item, schema["items"], root, f"{path}[{index}]")

"""Lists of module names in configurations: each format has its own rule of what an entry matches."""

import fnmatch
import re
from collections.abc import Iterable
from typing import Any

from ...errors import PlanError
from .scheme import Matcher, shown

REGEX = "re:"


def names_under(quantization: dict[str, Any], *keys: str) -> list[str]:
    """The names of all these lists, those absent and null empty. Raises PlanError for what is no list of names."""
    names: list[str] = []
    for key in keys:
        value = quantization.get(key)
        if value is not None and not (isinstance(value, list) and all(isinstance(name, str) for name in value)):
            raise PlanError(f"config: quantization_config.{key} is {shown(value)}, allowed is a list of module names")
        names += value or []
    return names


def any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """One expression for all of them, None for none. Raises PlanError for one that is no regular expression."""
    parts = list(patterns)
    try:
        return re.compile("|".join(f"(?:{part})" for part in parts)) if parts else None
    except (re.error, RecursionError, OverflowError) as error:
        raise PlanError(f"config: quantization_config has {shown(parts)}, no regular expression: {error}") from error


def _regexes(entries: Iterable[str]) -> list[str]:
    return [entry.removeprefix(REGEX) for entry in entries if entry.startswith(REGEX)]


def _matches(pattern: re.Pattern[str] | None, name: str) -> bool:
    return pattern is not None and pattern.match(name) is not None


def _paths_in(name: str) -> Iterable[str]:
    """Every run of whole components of a dotted name."""
    parts = name.split(".")
    return (".".join(parts[i:j]) for i in range(len(parts)) for j in range(i + 1, len(parts) + 1))


def by_path(entries: Iterable[str]) -> Matcher:
    """An entry matches where it is a run of whole components of the name: "mlp.gate" is in "model.layers.3.mlp.gate"
    and not in "model.layers.3.mlp.gate_proj". An entry with * matches a whole name or one of its parents; "re:" begins
    a regular expression. SGLang's and ModelOpt's rule (sglang 0.5.23, modules quantization.utils and modelopt_quant).
    """
    entries = [entry.rstrip(".") for entry in entries]
    plain = {entry for entry in entries if "*" not in entry and not entry.startswith(REGEX)}
    globs = [entry for entry in entries if "*" in entry and not entry.startswith(REGEX)]
    pattern = any_of([fnmatch.translate(glob + end) for glob in globs for end in ("", ".*")] + _regexes(entries))
    return lambda name: _matches(pattern, name) or any(path in plain for path in _paths_in(name))


def by_name(entries: Iterable[str]) -> Matcher:
    """An entry matches the whole name or its last components, never a parent; "re:" begins a regular expression. The
    rule of compressed-tensors (sglang 0.5.23, module compressed_tensors.utils).
    """
    entries = list(entries)
    plain, pattern = set(entries), any_of(_regexes(entries))

    def matches(name: str) -> bool:
        parts = name.split(".")
        return _matches(pattern, name) or any(".".join(parts[i:]) in plain for i in range(len(parts)))

    return matches

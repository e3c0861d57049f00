"""Where a plan's calls come from: a model known by name, a config.json, a table of shapes, or a recorded trace."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..errors import PlanError
from .architectures import calls_of
from .calls import Call
from .files import read_object
from .tables import READERS, calls_of_shapes, calls_of_trace

__all__ = [
    "READERS", "calls_of_config", "calls_of_shapes", "calls_of_trace", "model_config", "model_names", "read_config",
]  # fmt: skip

QUANTIZATION_FILE = "hf_quant_config.json"  # ModelOpt states it beside config.json, where engines look for it too


def model_names() -> list[str]:
    """Models whose configuration the package holds."""
    return sorted(entry.name.removesuffix(".json") for entry in (files(__package__) / "models").iterdir())


def model_config(name: str) -> dict[str, Any]:
    """By its name in any case, with or without the organisation before it ("deepseek-ai/DeepSeek-V3")."""
    known = name.rpartition("/")[2].lower()
    if known not in model_names():
        known = ", ".join(model_names())
        raise PlanError(f"model: is {name[:60]!r}, allowed is one of {known}; --config takes a model's config.json")
    return json.loads((files(__package__) / "models" / f"{known}.json").read_text(encoding="utf-8"))


def read_config(path: Path) -> dict[str, Any]:
    """A config.json, with the quantisation that a file beside it states."""
    config = read_object(path, "config")
    beside = path.with_name(QUANTIZATION_FILE)
    if config.get("quantization_config") is None and beside.is_file():
        config |= {"quantization_config": read_object(beside, "config")}
    return config


def calls_of_config(path: Path, tp: int, ep: int) -> list[Call]:
    return calls_of(read_config(path), tp, ep)

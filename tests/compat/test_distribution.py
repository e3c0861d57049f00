"""The distribution's metadata names what is in the source tree."""

import importlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENTRY = re.compile(r'^\[project\.entry-points\."([\w.]+)"\]\n(\w+) = "([\w.]+):(\w+)"$', re.MULTILINE)


def metadata():
    return (ROOT / "compat" / "pyproject.toml").read_text(encoding="utf-8")


def test_entry_points_are_functions_without_parameters(deep_gemm):
    found = {group: (module, function) for group, _, module, function in ENTRY.findall(metadata())}
    assert set(found) == {"vllm.general_plugins", "sglang.srt.plugins"}
    for module, function in found.values():
        assert getattr(importlib.import_module(module), function).__code__.co_argcount == 0


def test_the_version_is_aotgemms():
    version = re.compile(r'^version = "(.+)"$', re.MULTILINE)
    both = [version.findall(text) for text in (metadata(), (ROOT / "pyproject.toml").read_text(encoding="utf-8"))]
    assert both[0] == both[1] and len(both[0]) == 1

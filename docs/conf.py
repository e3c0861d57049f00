"""Sphinx: `pip install -r docs/requirements.txt && sphinx-build -W docs site` writes the pages into site/."""

import os
import re
from pathlib import Path

pyproject = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")

project = "aotgemm"
author = "the aotgemm authors"
release = re.search(r'^version = "(.+)"$', pyproject, re.MULTILINE)[1]
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"aotgemm {release}"
html_static_path: list[str] = []
suppress_warnings = ["misc.highlighting_failure"]
nitpicky = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
exclude_patterns = ["requirements.txt", "generated"]

# `name: text` and `one, two: text` at the start of a docstring's line; what follows is indented under it.
_ARGUMENT = re.compile(r"^([a-z_]\w*(?:, [a-z_]\w*)*): ?(.*)$")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _needs_blank(before: str, line: str, is_field: bool) -> bool:
    """Whether reStructuredText wants an empty line between two lines that follow each other in plain text."""
    if not before or not line:
        return False
    if before.startswith(":"):
        return not line.startswith(" ")
    return is_field or _indent(line) < _indent(before) or (_indent(line) > 0 and _indent(before) == 0)


def _fields(app, what, name, item, options, lines):
    """Our docstrings are plain text; Sphinx shows each argument of theirs as a field of its own."""
    shown: list[str] = []
    for line in lines:
        match = None if what == "module" else _ARGUMENT.match(line)
        if _needs_blank(shown[-1] if shown else "", line, bool(match)):
            shown.append("")
        text = f":{match[1]}: {match[2]}" if match else line
        shown.append(text.replace("|", r"\|").replace("*", r"\*"))
    lines[:] = shown


def _write_commands(app):
    """docs/generated/commands.md: what each command says about itself."""
    from aotgemm.cli import build_parser

    os.environ["COLUMNS"] = "100"
    parser = build_parser()
    commands = next(action.choices for action in parser._actions if isinstance(action.choices, dict))
    parts = [f"## aotgemm {name}\n\n```text\n{command.format_help()}```\n" for name, command in commands.items()]
    page = Path(__file__).parent / "generated" / "commands.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text("\n".join(parts), encoding="utf-8")


def setup(app):
    app.connect("builder-inited", _write_commands)
    app.connect("autodoc-process-docstring", _fields)

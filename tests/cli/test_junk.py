"""Every option of every command, given what no one should give it: refused in a sentence or taken, no traceback."""

import argparse
import contextlib
import io
import json

import pytest
from aotgemm import _core
from aotgemm.cli import COMMANDS, build_parser, main
from aotgemm.plan.document import canonical_text
from plans import small_plan

JUNK = (
    "", " ", "0", "-1", "+5", "1.5", "1e9", "0x10", "nan", "inf", "9" * 19, "9" * 400, "-" + "9" * 400, "\u0663",
    "\u00b2", "1,2", ",", "1,,2", "x" * 5000, "\x00", "\ud800", "../..", "/", "*", "[", "{}", "--", "None", "true",
)  # fmt: skip
# What a command needs to reach its own work, and ends soon with.
RUNNABLE = {
    "explain": ["--m", "8", "--n", "64", "--k", "128", "--device", "h100"],
    "list": [],
    "plan": ["--model", "llama-8b", "--max-tokens", "4"],
    "verify": ["PLAN"],
    "diff": ["PLAN", "PLAN"],
    "report": ["PLAN", "-o", "OUT"],
    "sass": ["sm90_transpose_sf_fp32"],
}


def commands():
    parser = build_parser()
    (choices,) = [action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return choices


def options(command):
    """Those that take a value."""
    return [
        action.option_strings[-1]
        for action in commands()[command]._actions
        if action.option_strings and action.nargs is None
    ]


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch, tmp_path):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "PLAN").write_text(canonical_text(small_plan(4, ((64, 128),))))


def outcome(line):
    """Exit status, and what is on standard error."""
    error = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(error):
        try:
            status = main(line)
        except SystemExit as stopped:
            status = stopped.code
    return status, error.getvalue()


@pytest.mark.parametrize("command", sorted(RUNNABLE))
def test_junk_in_an_option_is_refused_or_taken(command):
    for option in options(command):
        if option == "--output":
            continue  # any name is a file's
        for junk in JUNK:
            status, error = outcome([command, *RUNNABLE[command], f"{option}={junk}"])
            assert status in (0, 1, 2, 3), (option, junk)
            assert status != 2 or error.strip(), (option, junk)
            assert len(error) < 40_000 and "Traceback" not in error, (option, junk)


@pytest.mark.parametrize("command", sorted(commands()))
def test_junk_in_a_number_is_refused(command):
    """By the parser alone: commands that would run for long are not run."""
    for action in commands()[command]._actions:
        if getattr(action.type, "__name__", "") not in ("positive", "natural"):
            continue
        for junk in ("", "-1", "1.5", "9" * 400, "\u00b2", "x"):
            status, error = outcome([command, f"{action.option_strings[-1]}={junk}"])
            assert status == 2 and f"is {junk[:10]}" in error and "allowed is" in error, (action.dest, junk)


@pytest.mark.parametrize("command", ["verify", "diff", "report"])
def test_junk_for_a_plan_is_refused(command, tmp_path):
    rest = {"diff": ["PLAN"], "report": ["-o", "OUT"]}.get(command, [])
    contents = [b"", b"{}", b"\xff\xfe", b"[" * 100_000, json.dumps({"format": "x"}).encode()]
    for content in contents:
        (tmp_path / "junk").write_bytes(content)
        status, error = outcome([command, "junk", *rest])
        assert status == 2 and error.startswith("aotgemm: plan") and error.count("\n") == 1
    for name in ("", "/", "none", "x" * 5000, "a\x00b", "\ud800"):
        status, error = outcome([command, name, *rest])
        assert status == 2 and error.startswith("aotgemm: ") and error.count("\n") == 1, name


def test_every_command_is_looked_at():
    assert set(RUNNABLE) < set(commands()) and len(commands()) == len(COMMANDS)
    assert options("explain") and options("plan")

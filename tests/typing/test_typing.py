"""Type checkers take every right line of calls.py and refuse every wrong one for the reason that it names.

The checkers are no requirement of the test suite: with its JavaScript engine one of them takes 280 MB. CI installs them
from requirements.txt beside this file and names this folder.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

CALLS = Path(__file__).with_name("calls.py")
MARK = re.compile(r"# error: ([\w-]+) / (\w+)$")
MYPY_LINE = re.compile(r"calls\.py:(\d+): error: .*\[([\w-]+)\]$")


def marks():
    """(line, mypy's code, pyright's rule) of the lines that are wrong."""
    lines = CALLS.read_text().splitlines()
    return [(number, *match.groups()) for number, line in enumerate(lines, 1) if (match := MARK.search(line))]


def run(folder, *command):
    """What a checker prints; it exits with 1 where it finds errors."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_there_are_mistakes_of_every_kind():
    assert {mypy for _, mypy, _ in marks()} == {"arg-type", "call-arg"}
    assert len(marks()) >= 20


def test_mypy(tmp_path):
    printed = run(tmp_path, "mypy", "--strict", "--cache-dir", tmp_path, CALLS)
    found = [(int(line), code) for line, code in re.findall(MYPY_LINE.pattern, printed, re.MULTILINE)]
    assert found == [(line, code) for line, code, _ in marks()], printed


def test_pyright(tmp_path):
    (tmp_path / "calls.py").write_text(CALLS.read_text())
    settings = {"include": ["calls.py"], "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    printed = run(tmp_path, "basedpyright", "--outputjson", "--pythonpath", sys.executable)
    found = [
        (each["range"]["start"]["line"] + 1, each["rule"])
        for each in json.loads(printed)["generalDiagnostics"]
        if each["severity"] == "error"
    ]
    assert sorted(found) == [(line, rule) for line, _, rule in marks()], printed

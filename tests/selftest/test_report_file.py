"""Where a report of a self-test goes: a file at once, never in the place of what is no file."""

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import aotgemm
import pytest
from aotgemm.cli import main
from aotgemm.selftest.evidence.document import ReportFile

CONTENT = {"errors": {}}
IMPORTS = {"PYTHONPATH": str(Path(aotgemm.__file__).parents[1])}


def test_a_part_more_replaces_the_file(tmp_path):
    report = ReportFile(tmp_path / "report.json", dict(CONTENT))
    report.add("digests", lambda: [1])
    report.add("times", lambda: [2])
    assert json.loads(report.path.read_text()) == CONTENT | {"digests": [1], "times": [2]}
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_link_stays_one(tmp_path):
    (tmp_path / "link.json").symlink_to("report.json")
    ReportFile(tmp_path / "link.json", CONTENT).write()
    assert (tmp_path / "link.json").is_symlink() and json.loads((tmp_path / "report.json").read_text()) == CONTENT


def test_a_pipe_stays_one(tmp_path):
    """As a device does; that of a machine is not risked for a test."""
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    ReportFile(pipe, CONTENT).write()
    reader.join(10)
    assert json.loads(read[0]) == CONTENT
    assert stat.S_ISFIFO(pipe.stat().st_mode) and [path.name for path in tmp_path.iterdir()] == ["pipe"]


WRITES = """
from pathlib import Path
from aotgemm.selftest.evidence.document import ReportFile
print("before")
ReportFile(Path({name!r}), {{"errors": {{}}}}).write()
print("after")
"""


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "out.txt"])
def test_a_file_that_standard_output_goes_to_keeps_what_else_is_written(tmp_path, name):
    with open(tmp_path / "out.txt", "w") as out:
        command = [sys.executable, "-c", WRITES.format(name=name)]
        subprocess.run(command, stdout=out, check=True, cwd=tmp_path, env=os.environ | IMPORTS)
    before, *report, after = (tmp_path / "out.txt").read_text().splitlines()
    assert (before, after) == ("before", "after") and json.loads("".join(report)) == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


def test_a_file_that_another_stream_goes_to_stays_the_same(tmp_path):
    (tmp_path / "out.txt").touch()
    same = (tmp_path / "out.txt").stat().st_ino
    command = ["sh", "-c", '"$0" -c "$1" 3> out.txt', sys.executable, WRITES.format(name="/dev/fd/3")]
    subprocess.run(command, check=True, cwd=tmp_path, env=os.environ | IMPORTS, capture_output=True)
    assert (tmp_path / "out.txt").stat().st_ino == same
    assert json.loads((tmp_path / "out.txt").read_text()) == CONTENT


@pytest.mark.parametrize("name", ["", "folder"])
def test_a_folder_is_refused_and_nothing_is_left_beside_it(tmp_path, monkeypatch, capsys, name):
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path / "folder" if name == "" else tmp_path)
    assert main(["selftest", "--small", "--report", name]) == 2
    assert "Is a directory" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["folder"] and not [*(tmp_path / "folder").iterdir()]

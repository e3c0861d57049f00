"""Where a report of a self-test goes: a file at once, never in the place of what is no file."""

import json
import os
import stat
import threading

import pytest
from aotgemm.cli import main
from aotgemm.selftest.evidence.document import ReportFile

CONTENT = {"errors": {}}


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


@pytest.mark.parametrize("name", ["", "folder"])
def test_a_folder_is_refused_and_nothing_is_left_beside_it(tmp_path, monkeypatch, capsys, name):
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path / "folder" if name == "" else tmp_path)
    assert main(["selftest", "--small", "--report", name]) == 2
    assert "Is a directory" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["folder"] and not [*(tmp_path / "folder").iterdir()]

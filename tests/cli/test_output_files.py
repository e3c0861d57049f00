"""A command's file may be where its standard output goes: neither is lost, and the file is whole before the summary."""

import os
import subprocess
import sys
from pathlib import Path

import aotgemm
import pytest
from aotgemm.plan.plan_file import parse_plan
from plans import small_plan, write_plan

RUN = "import sys; from aotgemm.cli import main; sys.exit(main(sys.argv[1:]))"
IMPORTS = {"PYTHONPATH": str(Path(aotgemm.__file__).parents[1])}


def run(folder, *arguments):
    """What is in out.txt, to which the shell sends the output of the command, in two parts: its own and the summary."""
    with open(folder / "out.txt", "w") as out:
        subprocess.run(
            [sys.executable, "-c", RUN, *arguments], stdout=out, cwd=folder, check=True, env=os.environ | IMPORTS
        )
    return (folder / "out.txt").read_text()


@pytest.mark.parametrize("name", ["/dev/stdout", "out.txt"])
def test_a_plan(tmp_path, name):
    (tmp_path / "shapes.csv").write_text("n,k\n256,512\n")
    plan, brace, summary = run(tmp_path, "plan", "--shapes", "shapes.csv", "--device", "h100", "-o", name).rpartition(
        "}\n"
    )
    assert parse_plan((plan + brace).encode())["calls"] and "without a kernel" in summary


def test_a_page(tmp_path):
    write_plan(tmp_path, small_plan())
    page, end, summary = run(tmp_path, "report", "plan.json", "-o", "/dev/stdout").rpartition("</html>\n")
    assert page.startswith("<!DOCTYPE html>") and end and "bytes" in summary

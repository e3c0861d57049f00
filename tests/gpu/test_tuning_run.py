"""The tuner on the device: every kind of problem, a few points."""

import json

import pytest
from aotgemm.cli import main
from aotgemm.tune.grids import TUNED_KINDS
from kernels_here import kinds_here


@pytest.mark.parametrize("kind", [kind for kind in TUNED_KINDS if kind in kinds_here()])
def test_a_run(kind, tmp_path, capsys):
    options = ["--kind", kind, "--shapes", "512x1024", "--m", "128,256", "--groups", "2", "--rounds", "3"]
    assert main(["tune", "--results", str(tmp_path / "results.jsonl"), *options, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["points"] == 2 and report["regret, worst"] >= 1
    assert all(1 < verdict["us"] < 1e4 for verdict in report["verdicts"])

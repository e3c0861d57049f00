"""Suite `operations` from end to end, on a driver that answers and computes nothing; what is refused; peers."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from aotgemm import _core
from aotgemm.bench.operation_suite import MEASURED, known_operation_peers, operation_work
from aotgemm.bench.peers import find_peers
from aotgemm.cli import main
from aotgemm.problems.backends import CpuBackend
from aotgemm.problems.operation import lay_out
from fake_driver import build_fake_driver, run_on_fake

US = 1e3 / 64  # between any two events of the fake driver
BENCH = ["-m", "aotgemm", "bench", "--peers", "none", "--rounds", "2"]


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    return build_fake_driver(tmp_path_factory.mktemp("driver"))


@pytest.fixture(scope="module")
def run(fake, tmp_path_factory):
    """A run of two draws of each, and where it is saved."""
    path = tmp_path_factory.mktemp("run") / "run.json"
    small = ["operations", "--draws", "2", "--seed", "3", "--json", "--out", str(path)]
    return json.loads(run_on_fake(fake, *BENCH, *small)), path


def test_every_operation_is_measured(run):
    part = run[0]["operations"]
    assert list(dict.fromkeys(row["operation"] for row in part["rows"])) == list(MEASURED)
    assert all(row["us"] == row["p10"] == row["p90"] == {"aotgemm": US} for row in part["rows"])
    assert all(row["bytes"] > 0 and row["size"] for row in part["rows"])
    assert part["request"] == {"seed": 3, "draws": 2, "rounds": 2} and part["timer"]["rounds"] > 0


def test_a_saved_run_is_shown_again(run, monkeypatch, capsys):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)
    document, path = run
    assert main(["bench", "--load", str(path)]) == 0
    shown = capsys.readouterr().out
    row = document["operations"]["rows"][0]
    assert row["operation"] in shown and row["size"] in shown and "GB/s" in shown and "seed" in shown
    document["operations"]["rows"][0].pop("bytes")
    path.write_text(json.dumps(document))
    assert main(["bench", "--load", str(path)]) == 2
    assert "is not a saved run" in capsys.readouterr().err


@pytest.mark.parametrize("name", MEASURED)
def test_a_seed_draws_the_same_sizes_whatever_else_is_asked_for(name):
    operation = MEASURED[name]
    alone, among = operation_work([], [name], 7, 5), operation_work(["operations"], [], 7, 5)
    assert alone == {operation: among[operation]} and 1 <= len(alone[operation]) <= 5
    assert operation_work([], [name], 8, 5) != alone
    assert all(operation.measured.bytes(size) > 0 for size in alone[operation])


@pytest.mark.parametrize(
    "arguments, fragment",
    [
        (["operations"], f"{', '.join(MEASURED)}: a CUDA device is needed, but"),
        (["--operation", "sparse"], f"--operation: is sparse, allowed are {', '.join(MEASURED)}"),
        (["--operation", next(iter(MEASURED)), "--peers", "cutlass"], "--peers: is cutlass, allowed are none, or of"),
    ],
)
def test_a_request_that_cannot_be_met(arguments, fragment, monkeypatch, capsys):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)
    assert main(["bench", *arguments]) == 2
    assert fragment in capsys.readouterr().err


def test_deep_gemm_is_a_peer_where_it_has_the_function(monkeypatch):
    """Another library with our names, on the CPU."""
    pytest.importorskip("torch")
    cast, made = MEASURED["per_token_cast_to_fp8"], []
    library = SimpleNamespace(per_token_cast_to_fp8=lambda x, *options, **others: made.append(x.shape), __version__="1")
    monkeypatch.setitem(sys.modules, "deep_gemm", library)
    monkeypatch.setattr("torch.cuda.synchronize", lambda: None)
    (peer,) = (peer for peer in known_operation_peers() if peer.name == "deep_gemm")
    calls = []
    for operation in MEASURED.values():
        size = operation.sizes["host"][0]
        inputs = operation.draw(size, np.random.default_rng(0), "finite")
        calls.append(peer.call(lay_out(operation, size, inputs, CpuBackend())))
    assert [call is not None for call in calls] == [operation is cast for operation in MEASURED.values()]
    assert made == [cast.draw(cast.sizes["host"][0], np.random.default_rng(0), "finite")["x"].shape] and all(
        "AttributeError" in words for words in peer.refused
    )


def test_peers_are_looked_for_by_name():
    usable, absent = find_peers(["deep_gemm"], known_operation_peers())
    assert [peer.name for peer in usable] + list(absent) == ["deep_gemm"]

"""examples/expert_parallel.py: one sha256 on any number of ranks, that of the layer in one process."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import aotgemm
import pytest
import torch
from one_rank import join_one_rank

EXAMPLES = Path(__file__).parents[2] / "examples"
SITE = str(Path(aotgemm.__file__).parents[1])


def run(*command):
    environment = {"PYTHONPATH": SITE, "PATH": os.environ["PATH"]}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return re.fullmatch(r"(\d+) ranks on cpu: sha256 ([0-9a-f]{64})\n", done.stdout).groups()


@pytest.fixture(scope="module")
def example():
    sys.path.insert(0, str(EXAMPLES))
    import expert_parallel

    yield expert_parallel
    sys.path.remove(str(EXAMPLES))


@pytest.fixture(scope="module")
def expected(example):
    """Of the same layer without any exchange."""
    every = example.share(example.EXPERTS, 0, 1)
    hidden, index, weights = example.tokens_of(torch.arange(example.TOKENS), "cpu")
    out = aotgemm.torch.fp8_experts(hidden, index, weights, *example.weights_of(every, "cpu"))
    assert out.float().std() > 0.01
    return hashlib.sha256(out.view(torch.uint8).numpy().tobytes()).hexdigest()


@pytest.mark.parametrize("ranks", ["1", "2", "4"])
def test_one_digest_on_any_number_of_ranks(expected, ranks):
    assert run(sys.executable, EXAMPLES / "expert_parallel.py", "--ranks", ranks) == (ranks, expected)


def test_a_rank_may_have_no_rows(example):
    join_one_rank()
    for rows in (torch.empty(0, 256, dtype=torch.bfloat16), torch.empty(0, dtype=torch.int64)):
        found = example.exchange(rows, [0], [0])
        assert (found.shape, found.dtype) == (rows.shape, rows.dtype)
    nobody = torch.arange(0)
    weights = example.weights_of(example.share(example.EXPERTS, 0, 1), "cpu")
    assert example.layer(*example.tokens_of(nobody, "cpu"), *weights).shape == (0, example.HIDDEN)


def test_torchrun(expected):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "3"]
    assert run(*command, str(EXAMPLES / "expert_parallel.py")) == ("3", expected)

"""tf32_hc_prenorm_gemm on the PTX machine: tiles of every height, one and several of them a block, under schedules."""

import pytest
from machine_runner import Task, run_tasks

SCHEDULES = "in_turn consumers_first producers_first late starve:0 starve:3 starve:4 starve:5 starve:7 seeds:12"
KERNEL = "sm90_tf32_hc_prenorm_gemm_n{n}"
TALL, MIDDLE, LOW = 64, 32, 16


# By SMs and rows of A the launcher takes tiles of one height or another.
@pytest.mark.parametrize(
    ("m", "n", "sms", "rows", "blocks"),
    [(129, 24, 1, TALL, 1), (129, 24, 6, MIDDLE, 5), (129, 24, 132, LOW, 9), (70, 8, 2, TALL, 2), (40, 32, 3, LOW, 3)],
)
def test_tiles_of_every_height(machine, ptx, m, n, sms, rows, blocks):
    (outcome,) = run_tasks(
        machine, [Task("hc_prenorm", KERNEL.format(n=n), m, n, 27 * 64, str(ptx), SCHEDULES, sms, runs=2)]
    )
    assert (outcome.error, outcome.findings, outcome.differing) == ("", [], 0)
    assert {launch["clusters"] for launch in outcome.launches} == {blocks}
    assert blocks == min(sms, -(-m // rows))
    assert {launch["kernel"] for launch in outcome.launches} == {KERNEL.format(n=n)}


def test_more_splits_than_blocks_of_k(machine, ptx):
    (outcome,) = run_tasks(machine, [Task("hc_prenorm_split", KERNEL.format(n=16), 33, 16, 192, str(ptx), SCHEDULES)])
    assert (outcome.error, outcome.findings, outcome.differing) == ("", [], 0)

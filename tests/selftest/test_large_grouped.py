"""The self-test beyond 32-bit offsets, in small: it passes on right results and finds wrong ones."""

from dataclasses import replace

import pytest
from aotgemm.problems.backends import CpuBackend
from aotgemm.selftest import large_grouped
from aotgemm.selftest.large_grouped import LARGE, LARGE_KINDS, LargeShape, count_large, run_large
from aotgemm.selftest.tally import Tallies

IN_SMALL = LargeShape(groups=3, room=256, n=128, k=256, sampled=(0, 2))
NAMES = {kind: {0: f"kernel for {kind}", -1: f"chosen for {kind}"} for kind in LARGE_KINDS}


def run():
    tallies = Tallies("", len(NAMES))
    run_large(IN_SMALL, NAMES, CpuBackend(), tallies, 0, lambda name: None)
    assert tallies.cases == count_large(NAMES) == 2 * 4
    return tallies


def test_right_results_pass():
    assert run().failures == []


def test_a_row_that_is_not_what_its_padding_becomes_is_found(monkeypatch):
    right = large_grouped.call

    def wrong(problem, kernel):
        right(problem, kernel)
        problem.d.reshape(-1)[-1] = 1  # the last row is padding unless batched

    monkeypatch.setattr(large_grouped, "call", wrong)
    tallies = run()
    assert tallies.differing == tallies.cases


def test_a_row_of_another_group_is_found(monkeypatch):
    right = large_grouped.call
    monkeypatch.setattr(large_grouped, "call", lambda x, kernel: right(replace(x, b=x.b[::-1].copy()), kernel))
    assert run().differing == 8


def test_no_kernels_are_no_cases():
    tallies = Tallies("", 0)
    run_large(LARGE, {}, CpuBackend(), tallies, 0, pytest.fail)
    assert (tallies.cases, count_large({})) == (0, 0)


def test_sizes_are_beyond_32_bits():
    for elements in (LARGE.rows * LARGE.k, LARGE.groups * LARGE.n * LARGE.k, LARGE.rows * LARGE.n):
        assert elements > 2**31
    assert LARGE.counts.min() > LARGE.room - 128  # else the next group would not start where psum puts it
    assert all(size.asked(kind)[3] == 40 for kind in LARGE_KINDS for size in [LARGE.size_for(kind)])

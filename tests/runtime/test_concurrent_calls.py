"""Calls of all kinds from many threads at once on the CPU backend, and what the comparison finds."""

import numpy as np
import pytest
import torch
from aotgemm.problems.backends import CpuBackend
from concurrent_calls import Work, call_together, operations_on, results_alone, works_on

THREADS, STREAMS = 8, 2


@pytest.fixture(scope="module")
def works():
    return works_on(CpuBackend(), 0)


def test_all_operations_are_among_the_calls(works):
    names = [work.name for work in works]
    assert all(any(name.startswith(f"{one} ") for name in names) for one in operations_on(CpuBackend()))
    assert len(operations_on(CpuBackend())) > 10


def test_calls_together_give_the_bits_of_calls_alone(works):
    tally = call_together(works, results_alone(works), "cpu", THREADS, STREAMS, 2, 0)
    assert tally.calls.total() > len(works) and not tally.wrong.total()


def test_a_call_that_shares_its_output_is_found():
    shared = torch.zeros(1 << 16, dtype=torch.uint8)

    def fill(byte):
        shared.fill_(byte)
        return [shared]

    works = [Work(str(byte), lambda byte=byte: fill(byte)) for byte in range(8)]
    alone = [[np.full(1 << 16, byte, np.uint8)] for byte in range(8)]
    tally = call_together(works, alone, "cpu", THREADS, STREAMS, 1, 0)
    assert tally.wrong.total()


def test_a_single_wrong_bit_is_counted_with_its_call():
    given = [np.zeros(5, np.uint8), np.arange(4, dtype=np.int32)]
    works = [Work(name, lambda: [torch.from_numpy(x) for x in given]) for name in ("right", "wrong")]
    other = [given[0], given[1] ^ np.array([0, 0, 4, 0], np.int32)]
    tally = call_together(works, [given, other], "cpu", 1, 1, 0.1, 0)
    assert tally.wrong["wrong"] == tally.calls["wrong"] > 0 and not tally.wrong["right"] and tally.calls["right"]

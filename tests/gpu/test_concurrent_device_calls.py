"""Two processes, 32 threads in each and four streams for each thread: every call keeps its bits.

`python tests/support/concurrent_calls.py --seconds 120` is the long form.
"""

from concurrent_calls import run


def test_calls_from_threads_streams_and_processes():
    tally = run(processes=2, threads=32, streams=4, seconds=5)
    assert tally.calls.total() > 1000 and not tally.wrong.total(), tally.wrong

"""Random inputs: the same for the same seed and test, as many as a fuzzer has of its own or --fuzz-rounds says."""

import itertools
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest

Rounds = Callable[[int], Iterator[np.random.Generator]]


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> Iterator[Rounds]:
    """A generator of random numbers for each round; what a test that fails has printed says which round it was."""
    asked, seed = request.config.getoption("--fuzz-rounds"), request.config.getoption("--fuzz-seed")
    of_test, done = zlib.crc32(request.node.name.encode()), 0

    def each(count: int) -> Iterator[np.random.Generator]:
        nonlocal done
        for done in itertools.count(1) if asked == 0 else range(1, (asked or count) + 1):
            yield np.random.default_rng([seed, of_test, done])

    yield each
    print(f"{done} rounds, the last with the seed {[seed, of_test, done]}")

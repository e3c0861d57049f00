"""Interleaved measurement: every round runs every candidate once, so that drift of clock and heat hits all alike.

Each round has an order of its own: large GEMMs hold a GPU at its power limit, where a call's clock depends on what ran
before it, and in one fixed order that would always be the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from random import Random
from statistics import median

FIRST_ROUNDS = 2  # before candidates are dropped: one alone may have met a disturbance
Call = Callable[[], object]
# Runs each call once and returns their times in microseconds.
RoundTimer = Callable[[Sequence[Call]], list[float]]


@dataclass(frozen=True)
class Measurement:
    """The median time of one candidate in microseconds, and of how many rounds."""

    us: float
    rounds: int


def time_rounds(
    round_us: RoundTimer, candidates: dict[str, Call], rounds: int, keep: float = inf
) -> dict[str, list[float]]:
    """The times of every candidate, one a round. One round before them warms up; after FIRST_ROUNDS those that never
    came within `keep` times the best are dropped, the others get `rounds` in all."""
    round_us(list(candidates.values()))
    times: dict[str, list[float]] = {name: [] for name in candidates}
    running = list(candidates)
    for number in range(max(rounds, FIRST_ROUNDS)):
        if number == FIRST_ROUNDS:
            running = _near_the_best(times, keep)
        order = Random(number).sample(running, len(running))
        for name, us in zip(order, round_us([candidates[name] for name in order]), strict=True):
            times[name].append(us)
    return times


def measure(round_us: RoundTimer, candidates: dict[str, Call], rounds: int, keep: float) -> dict[str, Measurement]:
    """The median of what time_rounds gives, and the number of rounds, of every candidate."""
    times = time_rounds(round_us, candidates, rounds, keep)
    return {name: Measurement(median(series), len(series)) for name, series in times.items()}


def _near_the_best(times: dict[str, list[float]], keep: float) -> list[str]:
    best = min(min(series) for series in times.values())
    return [name for name, series in times.items() if min(series) <= keep * best]

"""Fits positive constants so that a model's choices cost little: a pattern search in their logarithms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SOFTNESS = 0.02  # kernels predicted within 2% of each other share the choice, so that the loss has no steps
ACCURACY_WEIGHT = 0.05  # keeps predicted times near the measured ones where choices do not need it
FIRST_STEP, LAST_STEP = 0.3, 0.01
NOISE = 0.25  # of restarts, in the logarithm


@dataclass(frozen=True)
class Measured:
    """Times of candidates, those of one point adjacent; starts[i] is where point i begins."""

    starts: np.ndarray
    us: np.ndarray

    def per_candidate(self, of_points: np.ndarray) -> np.ndarray:
        return np.repeat(of_points, np.diff([*self.starts, len(self.us)]))

    def least(self, values: np.ndarray) -> np.ndarray:
        return np.minimum.reduceat(values, self.starts)

    def regrets(self, predicted: np.ndarray) -> np.ndarray:
        """For each point, time of the candidate predicted fastest over the best time; ties go to the first."""
        ends = [*self.starts[1:], len(self.us)]
        picks = [start + int(np.argmin(predicted[start:end])) for start, end in zip(self.starts, ends, strict=True)]
        return self.us[picks] / self.least(self.us)

    def loss(self, predicted: np.ndarray) -> float:
        """Mean logarithm of the regret, choices softened, and the error of near-best predictions."""
        logs = np.log(predicted)
        excess = np.log(self.us) - self.per_candidate(np.log(self.least(self.us)))
        weights = np.exp(-(logs - self.per_candidate(self.least(logs))) / SOFTNESS)
        total = self.per_candidate(np.add.reduceat(weights, self.starts))
        near = np.exp(-excess / 0.1)
        error = np.average((logs - np.log(self.us)) ** 2, weights=near)
        return float(np.sum(weights / total * excess) / len(self.starts) + ACCURACY_WEIGHT * error)


def pattern_search(loss: Callable[[np.ndarray], float], start: np.ndarray) -> tuple[np.ndarray, float]:
    """Moves one constant at a time up or down by a factor that shrinks once no move helps."""
    best, least, step = start.copy(), loss(start), FIRST_STEP
    while step > LAST_STEP:
        before = least
        for index in range(len(best)):
            for factor in (1 + step, 1 / (1 + step)):
                moved = best.copy()
                moved[index] *= factor
                if (value := loss(moved)) < least:
                    best, least = moved, value
        if least >= before * (1 - 1e-3):
            step /= 2
    return best, least


def fit(loss: Callable[[np.ndarray], float], start: np.ndarray, restarts: int, seed: int = 0) -> np.ndarray:
    """The best of searches from `start` and from points around it."""
    random = np.random.default_rng(seed)
    starts = [start, *(start * np.exp(random.normal(0, NOISE, len(start))) for _ in range(restarts))]
    return min((pattern_search(loss, point) for point in starts), key=lambda found: found[1])[0]

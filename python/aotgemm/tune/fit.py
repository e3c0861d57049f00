"""Tile rates from measurements: a damped least-squares fit of the logarithms of measured times."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .model import Columns, count, predict
from .points import Results

TILE_RATES, KIND_RATES = 3, 4
# A time far above the best matters little: no choice between good kernels depends on it.
NEAR, FAR, NEAR_WEIGHT, MIDDLE_WEIGHT, FAR_WEIGHT = 1.25, 1.6, 1.0, 0.5, 0.15
OUTLIER = 0.05  # of a logarithm, from which on an error counts less than in proportion
STEP = 1e-5
ITERATIONS, FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 80, 1e-3, 1e-9, 1e9
GREATEST_IDLE_GAIN = 0.9


@dataclass(frozen=True)
class Prior:
    """Where the fit starts, and how hard it is held there: k_block_us, tile_us, launch_us of every kernel [3, kernels],
    and the four constants of the kind. A strength is the error of a point for a factor of e."""

    tiles: np.ndarray
    kind: np.ndarray
    tile_strength: tuple[float, float, float] = (0.01, 0.05, 0.5)
    kind_strength: float = 1.0


@dataclass(frozen=True)
class Rates:
    """A fit. tiles: k_block_us, tile_us, launch_us [3, kernels]; kind: bytes a microsecond, idle_gain, power_loss,
    outside_share; points and spread of each kernel: measurements, and standard deviation of log(measured/predicted)."""

    names: tuple[str, ...]
    tiles: np.ndarray
    kind: np.ndarray
    points: np.ndarray
    spread: np.ndarray


def first_guess(specs: list[dict[str, Any]]) -> Prior:
    """From the size of a tile and what every card of the class needs for a launch."""
    area = np.array([spec["block_m"] * spec["block_n"] / 128**2 for spec in specs])
    tiles = np.array([np.maximum(0.3 * area, 0.08), 0.2 + 0.5 * area, np.full(len(specs), 6.5)])
    return Prior(tiles, np.array([4.2e6, 0.2, 0.25, 1.0]))


@dataclass(frozen=True)
class Sample:
    """Measured times of pairs of a problem and a kernel. kernel: its place among `names`; weight: of the pair."""

    names: tuple[str, ...]
    kernel: np.ndarray
    us: np.ndarray
    weight: np.ndarray
    counts: Columns

    @classmethod
    def of(cls, results: Results, specs: list[dict[str, Any]], num_sms: int) -> "Sample":
        place = {spec["name"]: index for index, spec in enumerate(specs)}
        pairs = [(point, name, measured) for point, measured in results.items() for name in measured]
        counts = Columns.of([count(point, specs[place[name]], num_sms) for point, name, _ in pairs])
        us = np.array([measured[name].us for _, name, measured in pairs])
        over = us / np.array([min(one.us for one in measured.values()) for *_, measured in pairs])
        weight = np.where(over < NEAR, NEAR_WEIGHT, np.where(over < FAR, MIDDLE_WEIGHT, FAR_WEIGHT))
        return cls(tuple(place), np.array([place[name] for _, name, _ in pairs]), us, weight, counts)

    def log_predicted(self, x: np.ndarray) -> np.ndarray:
        """x: logarithms of the rates of all tiles, row by row, and of the kind's constants."""
        tiles, kind = _split(x, len(self.names))
        kind[1] = min(kind[1], GREATEST_IDLE_GAIN)
        return np.log(predict(tiles[:, self.kernel], kind, self.counts))


def _split(x: np.ndarray, kernels: int) -> tuple[np.ndarray, np.ndarray]:
    values = np.exp(x)
    return values[:-KIND_RATES].reshape(TILE_RATES, kernels), values[-KIND_RATES:].copy()


def _jacobian(sample: Sample, x: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Of log_predicted. A pair depends on the rates of its own kernel, so those of all kernels move at once."""
    kernels, out = len(sample.names), np.zeros((len(at), len(x)))
    for rate in range(TILE_RATES):
        moved = x.copy()
        moved[rate * kernels : (rate + 1) * kernels] += STEP
        out[np.arange(len(at)), rate * kernels + sample.kernel] = (sample.log_predicted(moved) - at) / STEP
    for index in range(TILE_RATES * kernels, len(x)):
        moved = x.copy()
        moved[index] += STEP
        out[:, index] = (sample.log_predicted(moved) - at) / STEP
    return out


def _loss(errors: np.ndarray, pull: np.ndarray) -> float:
    return float(2 * OUTLIER**2 * np.sum(np.sqrt(1 + (errors / OUTLIER) ** 2) - 1) + np.sum(pull**2))


def _minimised(sample: Sample, start: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """The logarithms of the rates with the least loss: Levenberg-Marquardt, outliers weighted down at each step."""
    x, damping = start.copy(), FIRST_DAMPING
    target = np.log(sample.us)
    at = sample.log_predicted(x)
    least = _loss((at - target) * sample.weight, (x - start) * strength)
    for _ in range(ITERATIONS):
        errors = (at - target) * sample.weight
        trust = sample.weight / (1 + (errors / OUTLIER) ** 2) ** 0.25
        slope = _jacobian(sample, x, at) * trust[:, None]
        normal = slope.T @ slope + np.diag(strength**2)
        downhill = slope.T @ ((at - target) * trust) + strength**2 * (x - start)
        while damping < MOST_DAMPING:
            moved = x - np.linalg.solve(normal + damping * np.diag(np.diag(normal)), downhill)
            there = sample.log_predicted(moved)
            loss = _loss((there - target) * sample.weight, (moved - start) * strength)
            if loss < least:
                break
            damping *= 4
        else:
            return x
        gained, x, at, least, damping = least - loss, moved, there, loss, max(damping / 4, LEAST_DAMPING)
        if gained < 1e-7 * least:
            return x
    return x


def fit(results: Results, specs: list[dict[str, Any]], num_sms: int, prior: Prior | None = None) -> Rates:
    """Rates of the kernels `specs` (of _core.specs()) of one kind, from measurements on a card of so many SMs."""
    prior = prior or first_guess(specs)
    sample = Sample.of(results, specs, num_sms)
    start = np.log(np.concatenate([prior.tiles.ravel(), prior.kind]))
    strength = np.concatenate([np.repeat(prior.tile_strength, len(specs)), np.full(KIND_RATES, prior.kind_strength)])
    x = _minimised(sample, start, strength)
    tiles, kind = _split(x, len(specs))
    kind[1] = min(kind[1], GREATEST_IDLE_GAIN)
    errors = np.log(sample.us) - sample.log_predicted(x)
    points = np.bincount(sample.kernel, minlength=len(specs))
    spread = np.sqrt(np.bincount(sample.kernel, errors**2, len(specs)) / np.maximum(points, 1))
    return Rates(sample.names, tiles, kind, points, spread)

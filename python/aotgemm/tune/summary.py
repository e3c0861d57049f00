"""What a tuning run says: which kernels win, and what the library's present choices cost."""

from collections import Counter
from dataclasses import dataclass
from math import ceil
from typing import Any

from .points import Point, Results, fastest


@dataclass(frozen=True)
class Verdict:
    """One point: the fastest kernel and the one the library chooses today. regret = time of the choice / best time."""

    m: int
    n: int
    k: int
    groups: int
    best: str
    us: float
    chosen: str
    chosen_us: float

    @property
    def regret(self) -> float:
        return self.chosen_us / self.us


def _verdict(point: Point, results: Results, device: dict[str, Any]) -> Verdict:
    measured = results[point]
    best = fastest(measured)[0]
    # The best ranked that was measured: the first is missing only if the build has gained kernels meanwhile.
    chosen = next(choice["name"] for choice in point.ranked(device) if choice["name"] in measured)
    return Verdict(*point.sizes, best, measured[best].us, chosen, measured[chosen].us)


def verdicts(results: Results, device: dict[str, Any]) -> list[Verdict]:
    return [_verdict(point, results, device) for point in sorted(results)]


def percentile(values: list[float], percent: float) -> float:
    """The least value that is not under `percent` of them."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def regret_summary(regrets: list[float]) -> dict[str, float]:
    return {
        "mean": sum(regrets) / len(regrets),
        "median": percentile(regrets, 50),
        "p95": percentile(regrets, 95),
        "worst": max(regrets),
    }


def wins(found: list[Verdict]) -> list[tuple[str, int]]:
    """Kernels by how many points they win."""
    return Counter(verdict.best for verdict in found).most_common()

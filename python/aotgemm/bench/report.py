"""From times to rates, shares of the limits, ratios and geometric means."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import exp, log

from ..arrays.sizes import ceil_div
from .peers import OURS
from .suites import DECODE_MOST


@dataclass(frozen=True)
class Limits:
    """What this card was seen to reach, in GB/s and TFLOP/s."""

    gbps: float
    tflops: float


@dataclass(frozen=True)
class Row:
    """Median times of one shape in microseconds, by who computed it; `kernel` is ours."""

    m: int
    n: int
    k: int
    kernel: str
    us: dict[str, float]

    @property
    def flops(self) -> int:
        return 2 * self.m * self.n * self.k

    @property
    def bytes(self) -> int:
        """Of operands, scales and result, each moved once."""
        blocks = ceil_div(self.k, 128)
        return self.m * self.k + self.n * self.k + 2 * self.m * self.n + 4 * blocks * (self.m + ceil_div(self.n, 128))

    def tflops(self, who: str = OURS) -> float:
        return self.flops / self.us[who] / 1e6

    def gbps(self, who: str = OURS) -> float:
        return self.bytes / self.us[who] / 1e3

    def share(self, limits: Limits) -> float:
        """Of the time that the tighter limit allows, over ours."""
        return max(self.bytes / limits.gbps / 1e3, self.flops / limits.tflops / 1e6) / self.us[OURS]

    def ratio(self, who: str) -> float | None:
        """Their time over ours: above 1 where ours is faster."""
        return self.us[who] / self.us[OURS] if who in self.us else None


def geometric_mean(values: Iterable[float]) -> float:
    logs = [log(value) for value in values]
    return exp(sum(logs) / len(logs))


def others(rows: list[Row]) -> list[str]:
    """Everyone but us, in the order of first appearance."""
    return [who for who in dict.fromkeys(who for row in rows for who in row.us) if who != OURS]


RANGES: dict[str, Callable[[Row], bool]] = {
    "all M": lambda row: True,
    f"M up to {DECODE_MOST}": lambda row: row.m <= DECODE_MOST,
    f"M over {DECODE_MOST}": lambda row: row.m > DECODE_MOST,
}


def _ratios(rows: list[Row], who: str, inside: Callable[[Row], bool]) -> list[float]:
    return [ratio for row in rows if inside(row) and (ratio := row.ratio(who)) is not None]


def means(rows: list[Row]) -> dict[str, dict[str, float]]:
    """By peer: geometric mean of their time / ours over each range of M that was compared, and the worst shape."""
    table = {}
    for who in others(rows):
        ranges = {name: _ratios(rows, who, inside) for name, inside in RANGES.items()}
        table[who] = {name: geometric_mean(ratios) for name, ratios in ranges.items() if ratios}
        table[who] |= {"worst": min(ranges["all M"]), "shapes": float(len(ranges["all M"]))}
    return table

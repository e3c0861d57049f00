"""Logarithmic axes: where a value lies in percent, and which values have a tick.

Drawings stretch to the width at hand, so no text is in them: ticks are HTML beside them, placed in percent.
"""

from dataclasses import dataclass
from math import floor, log2, log10

LAST_TICK = 84  # percent: beyond it stands the greatest M
POWERS_OF_8 = tuple(8**power for power in range(8))
FEW = 6  # ticks of a time axis


def x_of(m: float, last: int) -> float:
    """Where M lies, in percent of the width: each M as wide as up to the next."""
    return 100 * log2(m) / log2(last + 1)


def m_ticks(last: int) -> list[int]:
    return [m for m in POWERS_OF_8 if m <= last and x_of(m, last) < LAST_TICK]


@dataclass(frozen=True)
class TimeAxis:
    """Microseconds from `low` to `high`, up the page."""

    low: float
    high: float

    def y_of(self, us: float) -> float:
        """Where the time lies, in percent from the top."""
        low, high = log2(self.low), log2(self.high)
        return 100 * (1 - (log2(us) - low) / (high - low))

    def ticks(self) -> list[float]:
        """Numbers of one digit within: 1, 2 and 5 times powers of ten, the powers alone where those are many."""
        powers = [10.0**power for power in range(floor(log10(self.low)), floor(log10(self.high)) + 1)]
        fine = [digit * power for power in powers for digit in (1, 2, 5)]
        inside = [us for us in fine if self.low <= us <= self.high]
        return inside if len(inside) <= FEW else [us for us in powers if self.low <= us <= self.high]


def time_axis(times: list[float]) -> TimeAxis:
    """Holds all these times, and a tick below and above them where they are close together."""
    low, high = min(times) / 1.15, max(times) * 1.15
    return TimeAxis(low, high) if len(TimeAxis(low, high).ticks()) > 1 else TimeAxis(low / 2, high * 2)

"""From times to rates, shares of the limits, ratios and geometric means."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import exp, log
from typing import Any

from ..problems.kinds import Kind
from ..problems.sizes import Size
from .peers import OURS
from .suites import DECODE_MOST
from .work import bytes_moved, flops, precision, tokens


@dataclass(frozen=True)
class Limits:
    """What this card was seen to reach, in GB/s and TFLOP/s, these by precision; empty where it was not measured."""

    gbps: float | None = None
    tflops: dict[str, float] = field(default_factory=dict)


class Rates:
    """Rates of a row that has times `us` by who computed it, `flops`, `bytes` and a `precision` of the tensor cores."""

    def tflops(self, who: str = OURS) -> float:
        return self.flops / self.us[who] / 1e6

    def gbps(self, who: str = OURS) -> float:
        return self.bytes / self.us[who] / 1e3

    def share(self, limits: Limits) -> float | None:
        """Of the time that the tighter limit allows, over ours; None where no limit is known."""
        peak = limits.tflops.get(self.precision)
        if limits.gbps is None or (peak is None and self.precision is not None):
            return None
        return max(self.bytes / limits.gbps / 1e3, self.flops / peak / 1e6 if peak else 0) / self.us[OURS]

    def ratio(self, who: str) -> float | None:
        """Their time over ours: above 1 where ours is faster."""
        return self.us[who] / self.us[OURS] if who in self.us else None


@dataclass(frozen=True)
class Row(Rates):
    """Median times of one problem in microseconds, by who computed it, and their 10th and 90th percentiles, which
    recorded times have not; `kernel` is ours, None where an old run did not save it."""

    kind: Kind
    size: Size
    kernel: str | None
    us: dict[str, float]
    p10: dict[str, float] = field(default_factory=dict)
    p90: dict[str, float] = field(default_factory=dict)

    @property
    def flops(self) -> int:
        """Over live rows."""
        return flops(self.kind, self.size)

    @property
    def bytes(self) -> int:
        """Of operands, scales and result, each moved once; live rows, and the weights of groups that have some."""
        return bytes_moved(self.kind, self.size)

    @property
    def precision(self) -> str:
        return precision(self.kind)

    @property
    def tokens(self) -> int:
        return tokens(self.kind, self.size)


def label(kind: Kind, size: Size) -> str:
    """The sizes in a few words: groups by number, mean, least and most."""
    if not kind.has_groups or kind.grouping == "batched":
        words = f"{size.m}x{size.n}x{size.k}"
        return words if size.groups * size.batches == 1 else f"{size.groups * size.batches} of {words}"
    least, most = min(size.counts), max(size.counts)
    counts = str(most) if least == most else f"{tokens(kind, size)} ({least} to {most})"
    if kind.grouping == "k_grouped":
        return f"G={size.groups} {size.m}x{size.n} K={counts}"
    return f"G={size.groups} M={counts} {size.n}x{size.k}"


def geometric_mean(values: Iterable[float]) -> float:
    logs = [log(value) for value in values]
    return exp(sum(logs) / len(logs))


def others(rows: Iterable[Rates]) -> list[str]:
    """Everyone but us, in the order of first appearance."""
    return [who for who in dict.fromkeys(who for row in rows for who in row.us) if who != OURS]


def by_kind(rows: list[Row]) -> dict[Kind, list[Row]]:
    """In the order of first appearance."""
    kinds: dict[Kind, list[Row]] = {}
    for row in rows:
        kinds.setdefault(row.kind, []).append(row)
    return kinds


FEW, MANY = f"up to {DECODE_MOST} tokens", f"over {DECODE_MOST} tokens"
RANGES: dict[str, Callable[[Row], bool]] = {
    "mean": lambda row: True,
    FEW: lambda row: row.tokens <= DECODE_MOST,
    MANY: lambda row: row.tokens > DECODE_MOST,
}


def _comparison(rows: list[Row], who: str) -> dict[str, Any]:
    """Geometric means of their time / ours, over all problems and by tokens (None where there are none), the least
    ratio and its problem."""
    timed = [row for row in rows if who in row.us]
    parts = {name: [row.us[who] / row.us[OURS] for row in timed if inside(row)] for name, inside in RANGES.items()}
    means = {name: geometric_mean(ratios) if ratios else None for name, ratios in parts.items()}
    worst = min(timed, key=lambda row: row.us[who] / row.us[OURS])
    return {
        "peer": who,
        "problems": len(timed),
        **means,
        "least": worst.ratio(who),
        "worst": label(worst.kind, worst.size),
    }


def summary(rows: list[Row]) -> list[dict[str, Any]]:
    """One comparison for each kind and peer."""
    return [
        {"kind": kind.name} | _comparison(of_kind, who)
        for kind, of_kind in by_kind(rows).items()
        for who in others(of_kind)
    ]

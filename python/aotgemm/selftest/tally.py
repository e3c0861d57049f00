"""What a self-test counts."""

from dataclasses import dataclass, field

MOST_FAILURES_SHOWN = 20


@dataclass
class Tally:
    """Cases run by one kernel or operation."""

    name: str
    cases: int = 0
    equal: int = 0

    @property
    def differing(self) -> int:
        return self.cases - self.equal


@dataclass
class Tallies:
    """All tallies of a run, and the first failures in words."""

    checked: str = ""  # what against what
    specs: int = 0  # GEMM kernels among what was run
    by_name: dict[str, Tally] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def count(self, name: str, case: str, mismatch: str) -> None:
        """One more case; `mismatch` is empty if every bit was right."""
        tally = self.by_name.setdefault(name, Tally(name))
        tally.cases += 1
        tally.equal += not mismatch
        if mismatch and len(self.failures) < MOST_FAILURES_SHOWN:
            self.failures.append(f"{name}, {case}: {mismatch}")

    @property
    def cases(self) -> int:
        return sum(tally.cases for tally in self.by_name.values())

    @property
    def differing(self) -> int:
        return sum(tally.differing for tally in self.by_name.values())

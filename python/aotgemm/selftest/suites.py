"""What the self-tests run of each family and grouping: sizes, layouts of memory, numbers of SMs, and where C lies."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..problems.form import Form, Lists, Run
from ..problems.kinds import FORMS, KINDS, Kind, kernels_of


@dataclass(frozen=True)
class Suite:
    """The calls of one family and grouping. Each size is run in every run, by every kernel of each kind."""

    form: Form
    runs: tuple[Run, ...]
    sizes: dict[str, Lists]  # by level: full, quick, small; host

    @property
    def kinds(self) -> list[Kind]:
        return [kind for kind in KINDS.values() if kind.form is self.form]

    def count_cases(self, level: str) -> int:
        """Of one kernel."""
        return sum(map(len, self.sizes[level])) * len(self.runs)

    def kernels(self, specs: Iterable[dict[str, Any]]) -> dict[Kind, list[dict[str, Any]]]:
        """The kernels among `specs` that run each kind."""
        specs = list(specs)
        return {kind: kernels_of(kind, specs) for kind in self.kinds}


def _on_gpu(form: Form) -> Suite:
    trials = form.trials
    return Suite(form, trials.runs, {"full": trials.full, "quick": trials.quick, "small": trials.small})


GPU_SUITES = [_on_gpu(form) for form in FORMS]  # against the CPU backend
# The CPU backend, against the definition in NumPy.
HOST_SUITES = [Suite(form, form.trials.host_runs, {"host": form.trials.host}) for form in FORMS]

"""One run of the GEMM suites from a request to its document."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ..problems.kinds import Kind
from ..problems.sizes import Size
from .document import gemm_document
from .environment import card_state
from .gemm_suite import Bench
from .peers import Peer, peer_facts
from .reference import References
from .report import Row
from .suites import Range
from .timer import GpuTimer
from .traffic import Request, sizes_of
from .work import precision

# Told before each problem: its kind and sizes.
Tell = Callable[[Kind, Size], None]
Work = dict[Kind, list[Size]]


def work_of(kinds: dict[Kind, list[Range]], request: Request) -> Work:
    """Every problem of a run."""
    return {kind: sizes_of(kind, ranges, request) for kind, ranges in kinds.items()}


def timer_facts(timer: GpuTimer) -> dict[str, int]:
    """Rounds that were measured, runs of them that were thrown away, and rounds that stayed disturbed."""
    return {"rounds": timer.rounds, "repeated": timer.repeated, "disturbed": timer.disturbed}


def run_gemms(
    work: Work,
    request: Request,
    found: tuple[list[Peer], dict[str, str]],
    rounds: int,
    recorded: References,
    tell: Tell,
) -> dict[str, Any]:
    """Measures all problems, kind by kind. found: the peers, and why others are absent, as find_peers gives them."""
    peers, absent = found
    bench = Bench(peers, rounds, recorded)
    limits, before = bench.limits({precision(kind) for kind in work}), card_state()
    rows: list[Row] = []
    for kind, sizes in work.items():
        measured = bench.rows(kind, sizes)
        for size in sizes:
            tell(kind, size)
            rows.append(next(measured))
    return gemm_document(
        limits,
        rows,
        request=asdict(request) | {"rounds": rounds},
        card_state={"before": before, "after": card_state()},
        timer=timer_facts(bench.timer),
        peers=peer_facts(peers),
        absent=absent,
    )

"""Suite `operations`: calls that are no GEMM, ours and every peer's, interleaved, in one run."""

import importlib
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any
from zlib import crc32

import numpy as np

from ..errors import RequestError
from ..problems.backends import Backend, CudaBackend
from ..problems.operation import Operation, OperationCall, lay_out
from ..problems.operations import OPERATIONS
from .environment import card_state
from .gemm_suite import Bench, spread_of
from .operation_rows import OperationRow
from .peers import OURS, Peer, peer_facts, torch_problem
from .rounds import Call
from .run import timer_facts

OPERATIONS_SUITE = "operations"
MEASURED = {name: one for name, one in OPERATIONS.items() if one.measured is not None}
OperationWork = dict[Operation, list[Any]]  # sizes


def operation_work(suites: list[str], names: list[str], seed: int, draws: int) -> OperationWork:
    """Sizes of the operations that are asked for; what is drawn depends on the seed and the operation's name alone."""
    for name in names:
        if name not in MEASURED:
            raise RequestError(f"--operation: is {name}, allowed are {', '.join(MEASURED)}")
    wanted = MEASURED if OPERATIONS_SUITE in suites else dict.fromkeys(names)
    return {MEASURED[name]: _sizes(MEASURED[name], seed, draws) for name in wanted}


def _sizes(operation: Operation, seed: int, draws: int) -> list[Any]:
    rng = np.random.default_rng([seed, crc32(operation.name.encode())])
    return list(dict.fromkeys(operation.measured.size(rng) for _ in range(draws)))


def _deep_gemm(call: OperationCall) -> Call:
    library = importlib.import_module("deep_gemm")
    getattr(library, call.operation.name)  # without it there is nothing to measure
    return partial(call.operation.public, call, library)


def known_operation_peers() -> list[Peer]:
    """Every peer that is looked for: DeepGEMM, and what the operations name."""
    peers = [Peer("deep_gemm", "DeepGEMM's call of the same name", "deep_gemm", lambda operation: True, _deep_gemm)]
    of_operations = {name: peer for one in MEASURED.values() for name, peer in one.measured.peers.items()}
    for name, (what, _) in of_operations.items():
        fits = partial(lambda name, operation: name in operation.measured.peers, name)
        peers.append(Peer(name, what, "torch", fits, partial(_named, name)))
    return peers


def _named(name: str, call: OperationCall) -> Call:
    _, make = call.operation.measured.peers[name]
    return make(call)


def _calls(call: OperationCall, peers: list[Peer]) -> dict[str, Call]:
    """Ours, run once so that its kernel is loaded, and those of peers, which were seen to work."""
    call.run()
    calls: dict[str, Call] = {OURS: call.run}
    if not peers:
        return calls
    tensors = torch_problem(call)
    made = {peer.name: peer.call(tensors) for peer in peers if peer.fits(call.operation)}
    return calls | {name: one for name, one in made.items() if one is not None}


def _row(operation: Operation, size: Any, backend: Backend, bench: Bench) -> OperationRow:
    values = operation.draw(size, np.random.default_rng(0), "finite")
    times = bench.times(_calls(lay_out(operation, size, values, backend), bench.peers))
    measured, (p10, us, p90) = operation.measured, spread_of(times)
    computed = measured.bytes(size), measured.flops(size), measured.precision
    return OperationRow(operation.name, str(size), *computed, us, p10, p90)


def run_operations(
    work: OperationWork,
    request: dict[str, Any],
    found: tuple[list[Peer], dict[str, str]],
    rounds: int,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Measures all calls; the document of that. found: as find_peers gives them. tell: of each call, before it."""
    (peers, absent), rows = found, []
    bench, backend = Bench(peers, rounds, {}), CudaBackend()
    precisions = {one.measured.precision for one in work} - {None}
    limits, before = bench.limits(precisions), card_state()
    for operation, sizes in work.items():
        for size in sizes:
            tell(f"{operation} {size}")
            rows.append(_row(operation, size, backend, bench))
    return {
        "limits": asdict(limits),
        "rows": [asdict(row) for row in rows],
        "request": request | {"rounds": rounds},
        "card_state": {"before": before, "after": card_state()},
        "timer": timer_facts(bench.timer),
        "peers": peer_facts(peers),
        "absent": absent,
    }

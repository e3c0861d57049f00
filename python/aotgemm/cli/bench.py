"""`aotgemm bench`: ours beside every peer that can be imported here."""

import argparse
import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .. import _core
from ..bench.document import read_document, rows_of
from ..bench.first_call_suite import measure_first_calls
from ..bench.host_suite import SHAPE, measure_host
from ..bench.operation_rows import operation_tables
from ..bench.operation_suite import (
    OPERATIONS_SUITE,
    OperationWork,
    known_operation_peers,
    operation_work,
    run_operations,
)
from ..bench.peers import find_peers, known_peers
from ..bench.plots import write_plots
from ..bench.reference import read_references
from ..bench.report import Limits, label
from ..bench.run import Work, run_gemms, work_of
from ..bench.shapes import parse_shapes, parse_sizes
from ..bench.suites import DEFAULT_SUITES, GEMM_SUITES, OTHER_SUITES, measured_kinds
from ..bench.tables import gemm_tables, limits_words, markdown
from ..bench.traffic import DRAW, DRAWS, GRID, Request
from ..errors import DeviceError, Error, RequestError
from ..output_files import write_output
from ..problems.kinds import Kind
from ..problems.sizes import DISTRIBUTIONS, Size, draw_counts
from .output import add_command, positive, print_facts, print_json, print_table, progress

EXAMPLES = """\
examples:
  aotgemm bench decode                              M up to 128, drawn, over the layers of public models
  aotgemm bench dense --m grid --out run.json --plots .
                                                    M in powers of 2, saved, with pictures
  aotgemm bench dense --shapes 2112x7168 --m 1,64   one layer
  aotgemm bench grouped --groups uniform:0.3        experts whose tokens spread by 30%; zipf is the default
  aotgemm bench --kind bf16_gemm_tn --draws 80      one kind of call
  aotgemm bench prefill --m grid --reference others.csv
                                                    beside recorded times: columns m, n, k and one ending in us
  aotgemm bench --operation per_token_cast_to_fp8   a call that is no GEMM; suite operations has them all
  aotgemm bench host first_call                     CPU time per call; first call of a shape, preload()
  aotgemm bench --load run.json --plots .           tables and pictures of a saved run; needs no GPU
  aotgemm bench --load run.json --markdown          its tables as Markdown

One measurement overwrites 256 MB to empty the L2 cache and takes the time of one call between two events; rounds are
interleaved over ours and the peers, in another order each, and medians are shown. A round in which the GPU waited for
the host is repeated. The limits are what this card was seen to reach in the same run: a copy (bytes read and written),
and the fastest product of 8192 x 8192 x 8192. A ratio is a peer's time over ours. Peers are looked for and never
installed; recorded times are of another run, perhaps of another card.
M is what varies from call to call: rows, the mean rows of a group, or the K that a gradient sums over. It is drawn
log-uniformly, as are layers in turn, from a seed that is shown and saved; --seed draws the same again. Rates count live
rows alone. DeepGEMM compiles for seconds where a shape is new, so --draws says how long a run takes.
"""
SUITES = (*GEMM_SUITES, *OTHER_SUITES, OPERATIONS_SUITE)
ROUNDS = 15
SEEDS = 1 << 32


def _parse_m(text: str) -> str | list[int]:
    text = text.lower()
    return text if text in (DRAW, GRID) else parse_sizes(text)


def _parse_groups(text: str) -> str:
    text = text.lower()
    try:
        draw_counts(text, 1, 1, np.random.default_rng(0))
    except RequestError as error:
        raise argparse.ArgumentTypeError(f"is {text}, allowed is {DISTRIBUTIONS}") from error
    return text


def add_parser(subparsers: Any) -> None:
    parser = add_command(subparsers, "bench", "Time GEMMs beside other libraries.", EXAMPLES, run)
    parser.add_argument(
        "suites", nargs="*", type=str.lower, metavar="SUITE", help=f"of {', '.join(SUITES)}; default: decode prefill"
    )
    _add_sizes(parser)
    names = ",".join(peer.name for peer in known_peers())
    parser.add_argument(
        "--peers", type=str.lower, metavar="NAME,...", help=f"of {names}, or none; default: all that can be imported"
    )
    parser.add_argument("--rounds", type=positive, default=ROUNDS, help=f"default: {ROUNDS}")
    parser.add_argument(
        "--reference", type=Path, action="append", default=[], metavar="CSV", help="recorded times; repeatable"
    )
    parser.add_argument("--out", type=Path, metavar="JSON", help="save the run")
    parser.add_argument("--load", type=Path, metavar="JSON", help="show a saved run instead of measuring")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="write pictures of each kind there")
    parser.add_argument("--markdown", action="store_true", help="print the tables of the GEMMs as Markdown")


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kind",
        type=str.lower,
        action="append",
        default=[],
        metavar="KIND",
        help="of call, besides the suites'; repeatable",
    )
    parser.add_argument(
        "--operation",
        type=str.lower,
        action="append",
        default=[],
        metavar="NAME",
        help="that is no GEMM; repeatable",
    )
    parser.add_argument(
        "--shapes", type=parse_shapes, metavar="NxK,...", help="of layers; default: those of public models"
    )
    parser.add_argument(
        "--experts", type=parse_sizes, metavar="G,...", help="groups, where grouped; default: those of public models"
    )
    parser.add_argument(
        "--m", type=_parse_m, default=DRAW, metavar="M,...", help=f"or {DRAW} or {GRID}; default: {DRAW}"
    )
    parser.add_argument(
        "--draws",
        type=positive,
        metavar="N",
        help=f"problems of a kind, default: {DRAWS}; where M is not drawn, of groups for each size, default: 1",
    )
    parser.add_argument(
        "--groups", type=_parse_groups, default="zipf", metavar="HOW", help=f"{DISTRIBUTIONS}; default: zipf"
    )
    parser.add_argument("--seed", type=int, metavar="S", help="of what is drawn; default: another in each run")


def _suites(arguments: argparse.Namespace) -> list[str]:
    unknown = [suite for suite in arguments.suites if suite not in SUITES]
    if unknown:
        raise RequestError(f"SUITE: is {unknown[0]}, allowed are {', '.join(SUITES)}")
    return arguments.suites or ([] if arguments.kind or arguments.operation else DEFAULT_SUITES)


def _request(arguments: argparse.Namespace) -> Request:
    seed = secrets.randbelow(SEEDS) if arguments.seed is None else arguments.seed
    if seed < 0:
        raise RequestError(f"--seed: is {seed}, allowed are numbers from 0")
    draws = arguments.draws or (DRAWS if arguments.m == DRAW else 1)
    return Request(seed, arguments.m, draws, arguments.groups, arguments.shapes, arguments.experts)


def _wanted_peers(arguments: argparse.Namespace) -> list[str] | None:
    if arguments.peers is None:
        return None
    known = {peer.name for peer in (*known_peers(), *known_operation_peers())}
    names = [] if arguments.peers == "none" else arguments.peers.split(",")
    if not known.issuperset(names):
        raise RequestError(f"--peers: is {arguments.peers}, allowed are none, or of {', '.join(sorted(known))}")
    return names


def _require_cuda(what: Iterable[str]) -> None:
    if not _core.cuda_device_count():
        raise DeviceError(f"{', '.join(what)}: a CUDA device is needed, but {_core.cuda_unavailable_reason()}")


def _run_operations(work: OperationWork, request: Request, arguments: argparse.Namespace) -> dict[str, Any]:
    _require_cuda(operation.name for operation in work)
    found = find_peers(_wanted_peers(arguments), known_operation_peers())
    drawn = {"seed": request.seed, "draws": request.draws}
    with progress(not arguments.json) as display:
        task = display.add_task("", total=sum(map(len, work.values())))
        tell = partial(display.update, task, advance=1)
        return run_operations(work, drawn, found, arguments.rounds, lambda words: tell(description=words))


def _run_gemms(work: Work, request: Request, arguments: argparse.Namespace) -> dict[str, Any]:
    _require_cuda(kind.name for kind in work)
    references = {name: times for path in arguments.reference for name, times in read_references(path).items()}
    found = find_peers(_wanted_peers(arguments))
    with progress(not arguments.json) as display:
        task = display.add_task("operands", total=sum(map(len, work.values())))

        def tell(kind: Kind, size: Size) -> None:
            display.update(task, advance=1, description=f"{kind.name} {label(kind, size)}")

        return run_gemms(work, request, found, arguments.rounds, references, tell)


def _measure(arguments: argparse.Namespace) -> dict[str, Any]:
    suites, request = _suites(arguments), _request(arguments)
    work = work_of(measured_kinds(suites, arguments.kind), request)
    operations = operation_work(suites, arguments.operation, request.seed, request.draws)
    card = _core.cuda_device(0)["name"] if _core.cuda_device_count() else "no GPU"
    document = {"card": card, "date": date.today().isoformat(), "version": _core.version(), "suites": suites}
    peers, _ = find_peers(_wanted_peers(arguments))
    if "first_call" in suites:  # before this process makes a context of its own
        document["first_call"] = measure_first_calls(any(peer.name == "deep_gemm" for peer in peers))
    if "host" in suites:
        document["host"] = {"shape": SHAPE, "us": measure_host(peers)}
    if operations:
        document["operations"] = _run_operations(operations, request, arguments)
    return document | ({"gemm": _run_gemms(work, request, arguments)} if work else {})


def _facts(part: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """What a reader of the tables has to know; runs that were saved in the past say less."""
    facts = {"limits": limits_words(limits)}
    facts |= {name: _listed(value) for name, value in part.get("request", {}).items()}
    facts |= {f"rounds {name}": count for name, count in part.get("timer", {}).items() if name != "rounds"}
    facts |= {f"card {when}": _words(state) for when, state in part.get("card_state", {}).items()}
    for name, peer in part["peers"].items():
        facts[name] = " ".join(filter(None, (peer["what"], peer.get("version"))))
        facts |= {f"{name} refused some": "; ".join(peer["refused"])} if peer["refused"] else {}
    return {name: value for name, value in facts.items() if value is not None} | part["absent"]


def _listed(value: Any) -> Any:
    """Sizes and shapes of a request as its options have them."""
    if not isinstance(value, (list, tuple)):
        return value
    return ",".join("x".join(map(str, one)) if isinstance(one, (list, tuple)) else str(one) for one in value)


def _words(state: dict[str, Any] | None) -> str | None:
    return state and ", ".join(f"{name} {value}" for name, value in state.items())


def _print(document: dict[str, Any]) -> None:
    print_facts({key: document[key] for key in ("card", "date", "version") if document[key] is not None})
    if "gemm" in document:
        for table in gemm_tables(*rows_of(document)):
            print_table(table.columns, table.rows, table.title)
        print_facts(_facts(document["gemm"], rows_of(document)[0]))
    if "operations" in document:
        limits, tables = operation_tables(document["operations"])
        for table in tables:
            print_table(table.columns, table.rows, table.title)
        print_facts(_facts(document["operations"], limits))
    if "host" in document:
        title = "CPU time per call, {}x{}x{}".format(*document["host"]["shape"])
        print_table(("call", "us"), [list(item) for item in document["host"]["us"].items()], title)
    for part, facts in document.get("first_call", {}).items():
        print_facts(facts, part)


def _require_gemms(document: dict[str, Any], option: str) -> None:
    if "gemm" not in document:
        raise RequestError(f"{option}: needs a --kind or one of the suites {', '.join(GEMM_SUITES)}")


def _show(document: dict[str, Any], arguments: argparse.Namespace) -> None:
    if arguments.json:
        print_json(document)
    elif arguments.markdown:
        _require_gemms(document, "--markdown")
        print("\n\n".join(markdown(table) for table in gemm_tables(*rows_of(document))))
    else:
        _print(document)


def _draw_and_show(document: dict[str, Any], arguments: argparse.Namespace) -> None:
    if arguments.plots:
        _require_gemms(document, "--plots")
        limits, rows = rows_of(document)
        write_plots(rows, limits, document["card"], arguments.plots)
    _show(document, arguments)


@contextmanager
def _named(path: Path | None) -> Iterator[None]:
    """What a value of another type than a run has leads to is the fault of the file, if there is one."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if path is None or isinstance(error, Error):
            raise
        raise RequestError(f"--load: {path} is not a saved run of `aotgemm bench` ({error!r})") from error


def _check_out(out: Path | None) -> None:
    """Before minutes of measuring."""
    if out is not None and (out.is_dir() or not out.parent.is_dir()):
        raise RequestError(f"--out: is {out}, allowed is a file in a folder that there is")


def _save(document: dict[str, Any], out: Path | None) -> None:
    if out is not None:
        write_output(out, json.dumps(document, indent=1) + "\n")


def run(arguments: argparse.Namespace) -> int:
    """What was measured is shown even if it cannot be saved."""
    _check_out(arguments.out)
    document = read_document(arguments.load) if arguments.load else _measure(arguments)
    try:
        _save(document, arguments.out)
    finally:
        with _named(arguments.load):
            _draw_and_show(document, arguments)
    return 0

"""`aotgemm bench`: ours beside every peer that can be imported here."""

import argparse
import json
from datetime import date
from pathlib import Path
from typing import Any

from .. import _core
from ..bench.document import gemm_document, read_document, rows_of
from ..bench.first_call_suite import measure_first_calls
from ..bench.gemm_suite import Bench, suite_facts
from ..bench.host_suite import SHAPE, measure_host
from ..bench.peers import OURS, find_peers, known_peers
from ..bench.plots import write_plots
from ..bench.reference import read_references
from ..bench.report import RANGES, Limits, Row, others
from ..bench.shapes import dense_shapes, parse_shapes, parse_sizes
from ..bench.suites import GEMM_SUITES, OTHER_SUITES
from ..errors import DeviceError, RequestError
from .output import NOTHING, add_command, positive, print_facts, print_json, print_table, progress

EXAMPLES = """\
examples:
  aotgemm bench decode                              M up to 128 over the layers of public models
  aotgemm bench dense --out run.json --plots .      every M, saved, with roofline.png and ratio.png
  aotgemm bench dense --shapes 2112x7168 --m 1,64   one layer
  aotgemm bench prefill --reference others.csv      beside recorded times: columns m, n, k and one ending in us
  aotgemm bench host first_call                     CPU time per call; first call of a shape, preload()
  aotgemm bench --load run.json --plots .           tables and pictures of a saved run; needs no GPU

One measurement overwrites 256 MB to empty the L2 cache and takes the time of one call between two events; rounds are
interleaved over ours and the peers, and medians are shown. The limits are what this card was seen to reach in the same
run: a copy (bytes read and written), and the fastest FP8 product of 8192 x 8192 x 8192. A ratio is a peer's time over
ours. Peers are looked for and never installed; recorded times are of another run, perhaps of another card.
"""
SUITES = (*GEMM_SUITES, *OTHER_SUITES)
ROUNDS = 15


def add_parser(subparsers: Any) -> None:
    parser = add_command(subparsers, "bench", "Time GEMMs beside other libraries.", EXAMPLES, run)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}; default: decode prefill")
    parser.add_argument(
        "--shapes", type=parse_shapes, default=dense_shapes(), metavar="NxK,...", help="default: of public models"
    )
    parser.add_argument("--m", type=parse_sizes, metavar="M,...", help="default: the suite's")
    names = ",".join(peer.name for peer in known_peers())
    parser.add_argument("--peers", metavar="NAME,...", help=f"of {names}, or none; default: all that can be imported")
    parser.add_argument("--rounds", type=positive, default=ROUNDS, help=f"default: {ROUNDS}")
    parser.add_argument(
        "--reference", type=Path, action="append", default=[], metavar="CSV", help="recorded times; repeatable"
    )
    parser.add_argument("--out", type=Path, metavar="JSON", help="save the run")
    parser.add_argument("--load", type=Path, metavar="JSON", help="show a saved run instead of measuring")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="write roofline.png and ratio.png there")


def _suites(arguments: argparse.Namespace) -> list[str]:
    unknown = [suite for suite in arguments.suites if suite not in SUITES]
    if unknown:
        raise RequestError(f"SUITE: is {unknown[0]}, allowed are {', '.join(SUITES)}")
    return arguments.suites or ["decode", "prefill"]


def _wanted_peers(arguments: argparse.Namespace) -> list[str] | None:
    if arguments.peers is None:
        return None
    known = {peer.name for peer in known_peers()}
    names = [] if arguments.peers == "none" else arguments.peers.split(",")
    if not known.issuperset(names):
        raise RequestError(f"--peers: is {arguments.peers}, allowed are none, or of {', '.join(sorted(known))}")
    return names


def _run_gemms(suites: list[str], arguments: argparse.Namespace) -> dict[str, Any]:
    if not _core.cuda_device_count():
        raise DeviceError(f"suites {', '.join(suites)}: need a CUDA device, but {_core.cuda_unavailable_reason()}")
    references = {name: times for path in arguments.reference for name, times in read_references(path).items()}
    peers, absent = find_peers(_wanted_peers(arguments))
    sizes = arguments.m or sorted({m for suite in suites for m in GEMM_SUITES[suite]})
    shapes = [(m, n, k) for n, k in arguments.shapes for m in sizes]
    with progress(not arguments.json) as display:
        task = display.add_task("operands", total=len(shapes))
        bench, rows = Bench(shapes, peers, arguments.rounds, references), []
        limits = bench.limits()
        for shape in shapes:
            display.update(task, description="x".join(map(str, shape)))
            rows.append(bench.row(shape))
            display.advance(task)
    return gemm_document(limits, rows, suite_facts(bench), absent)


def _measure(arguments: argparse.Namespace) -> dict[str, Any]:
    suites = _suites(arguments)
    gemms = [suite for suite in suites if suite in GEMM_SUITES]
    card = _core.cuda_device(0)["name"] if _core.cuda_device_count() else "no GPU"
    document = {"card": card, "date": date.today().isoformat(), "version": _core.version(), "suites": suites}
    peers, _ = find_peers(_wanted_peers(arguments))
    if "first_call" in suites:  # before this process makes a context of its own
        document["first_call"] = measure_first_calls(any(peer.name == "deep_gemm" for peer in peers))
    if "host" in suites:
        document["host"] = {"shape": SHAPE, "us": measure_host(peers)}
    return document | ({"gemm": _run_gemms(gemms, arguments)} if gemms else {})


def _print_gemms(limits: Limits, rows: list[Row], part: dict[str, Any]) -> None:
    names = others(rows)
    columns = ("M", "N", "K", "us", "TFLOP/s", "GB/s", "of limit", *(f"{name} / ours" for name in names))
    shown = [[r.m, r.n, r.k, r.us[OURS], r.tflops(), r.gbps(), r.share(limits), *_ratio_cells(r, names)] for r in rows]
    print_table(columns, shown, f"Limits: {limits.gbps:,.0f} GB/s, {limits.tflops:,.0f} TFLOP/s")
    ranges = (*RANGES, "worst", "shapes")
    table = [[name, *(means.get(key, NOTHING) for key in ranges)] for name, means in part["means"].items()]
    print_table(("peer", *ranges), table, "Geometric mean of a peer's time over ours, by M")
    refused = {name: "; ".join(facts["refused"]) for name, facts in part["peers"].items() if facts["refused"]}
    print_facts({f"{name} refused some": words for name, words in refused.items()} | part["absent"])


def _ratio_cells(row: Row, names: list[str]) -> list[Any]:
    return [ratio if (ratio := row.ratio(name)) is not None else NOTHING for name in names]


def _print(document: dict[str, Any]) -> None:
    print_facts({key: document[key] for key in ("card", "date", "version")})
    if "gemm" in document:
        _print_gemms(*rows_of(document), document["gemm"])
    if "host" in document:
        title = "CPU time per call, {}x{}x{}".format(*document["host"]["shape"])
        print_table(("call", "us"), [list(item) for item in document["host"]["us"].items()], title)
    for part, facts in document.get("first_call", {}).items():
        print_facts(facts, part)


def run(arguments: argparse.Namespace) -> int:
    document = read_document(arguments.load) if arguments.load else _measure(arguments)
    if arguments.out:
        arguments.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if arguments.plots:
        if "gemm" not in document:
            raise RequestError("--plots: needs one of the suites " + ", ".join(GEMM_SUITES))
        limits, rows = rows_of(document)
        write_plots(rows, limits, document["card"], arguments.plots)
    print_json(document) if arguments.json else _print(document)
    return 0

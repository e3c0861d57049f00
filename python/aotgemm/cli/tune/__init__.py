"""`aotgemm tune`: measures every kernel that may be best, and writes the measured choices as rows for the build."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ... import _core
from ...errors import DeviceError
from ..measure.operands import Bf16Pool, Fp8Pool
from ..measure.rounds import measure
from ..measure.shapes import M_GRID, dense_shapes, parse_shapes, parse_sizes
from ..measure.timer import GpuTimer
from ..output import add_command, positive, print_facts, print_json, print_table, progress
from .points import Point, candidates, make_points
from .results import ResultsFile
from .rows import write_rows
from .summary import Verdict, regret_summary, verdicts, wins

EXAMPLES = """\
examples:
  aotgemm tune --results h100.jsonl                        measure the standard shapes; run it again to go on
  aotgemm tune --results h100.jsonl --rows codegen/tuning/sm90_132sms_3352gbps.txt
                                                           the same, then write rows; nothing is measured twice
  aotgemm tune --results my.jsonl --shapes 2112x7168,7168x2048 --m 1,64,4096

Each point (N, K, M) is measured with the kernels that the selection ranks best, and with those that won the same N and
K at another M. One measurement overwrites 256 MB to empty the L2 cache, and takes the time of one call between two
events. Rounds are interleaved over the candidates; after two, those 1.3 times slower than the best are dropped. The
medians of all go to the results file, from which the cost model is calibrated too; the fastest and its runner-up go to
the rows, which the next build compiles in. A tuning run changes no result and nothing in this installation.
"""
FAMILIES = {"fp8_1d2d": Fp8Pool, "bf16": Bf16Pool}
CANDIDATES, ROUNDS, KEEP = 24, 9, 1.3
SHOWN = 10


def add_parser(subparsers: Any) -> None:
    parser = add_command(subparsers, "tune", "Measure which kernel is fastest for which shape.", EXAMPLES, run)
    parser.add_argument("--results", type=Path, required=True, metavar="FILE", help="measurements; appended to if there")
    parser.add_argument("--rows", type=Path, metavar="FILE", help="write tuned rows; those of other shapes there stay")
    parser.add_argument("--family", choices=sorted(FAMILIES), default="fp8_1d2d", help="default: fp8_1d2d")
    parser.add_argument("--shapes", type=parse_shapes, default=dense_shapes(), metavar="NxK,...", help="default: all known")
    parser.add_argument("--m", type=parse_sizes, default=list(M_GRID), metavar="M,...", help=f"default: {M_GRID}")
    parser.add_argument("--candidates", type=positive, default=CANDIDATES, help=f"kernels a point; default: {CANDIDATES}")
    parser.add_argument("--rounds", type=positive, default=ROUNDS, help=f"of those near the best; default: {ROUNDS}")


def _measure_point(point: Point, pool: Any, timer: GpuTimer, file: ResultsFile, arguments: argparse.Namespace) -> None:
    operands = pool.operands(point.m, point.n, point.k)
    chosen = candidates(point, file.header["device"], arguments.candidates, file.results)
    calls = {name: (lambda kernel=kernel: operands.run(kernel)) for name, kernel in chosen.items()}
    file.add(point, measure(timer.round_us, calls, arguments.rounds, KEEP))


def _measure(missing: list[Point], file: ResultsFile, arguments: argparse.Namespace) -> None:
    if not _core.cuda_device_count():
        raise DeviceError(f"{len(missing)} points are to be measured, but {_core.cuda_unavailable_reason()}")
    file.open_for(_core.cuda_device(0))
    with progress(not arguments.json) as display:
        task = display.add_task("operands", total=len(missing))
        pool = FAMILIES[arguments.family]((point.m, point.n, point.k) for point in missing)
        timer = GpuTimer()
        timer.warm_up(pool.operands(missing[-1].m, missing[-1].n, missing[-1].k).run)
        for point in missing:
            display.update(task, description=f"{point.m}x{point.n}x{point.k}")
            _measure_point(point, pool, timer, file, arguments)
            display.advance(task)


def _print(found: list[Verdict], facts: dict[str, Any]) -> None:
    print_facts(facts)
    print_table(("kernel", "points won"), wins(found), "Fastest kernels")
    worst = sorted(found, key=lambda verdict: -verdict.regret)[:SHOWN]
    rows = [[v.m, v.n, v.k, v.best, v.us, v.chosen, v.chosen_us, v.regret] for v in worst]
    columns = ("M", "N", "K", "fastest", "us", "chosen", "us", "regret")
    print_table(columns, rows, "Where this build's choice costs most")


def run(arguments: argparse.Namespace) -> int:
    file = ResultsFile(arguments.results, arguments.family)
    points = make_points(arguments.family, arguments.shapes, arguments.m)
    missing = [point for point in points if point not in file.results]
    if missing:
        _measure(missing, file, arguments)
    found = verdicts({point: file.results[point] for point in points}, file.header["device"])
    facts = {"card": file.header["device"]["name"], "points": len(points), "measured now": len(missing)}
    facts |= {f"regret, {name}": value for name, value in regret_summary(found).items()}
    if arguments.rows:
        facts["rows written"] = write_rows(arguments.rows, file.results, file.header)
    print_json(facts | {"verdicts": [asdict(verdict) for verdict in found]}) if arguments.json else _print(found, facts)
    return 0

"""`aotgemm tune`: measures every kernel that may be best, and writes the measured choices as rows for the build."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .. import _core
from ..bench.rounds import measure
from ..bench.shapes import parse_shapes, parse_sizes
from ..bench.timer import GpuTimer
from ..errors import DeviceError
from ..problems.arena import OperandArena
from ..problems.backends import CudaBackend
from ..problems.call import prepared
from ..problems.kinds import Kind
from ..problems.make import Problem
from ..problems.sizes import Size
from ..tune.grids import TUNED_KINDS, sizes_of
from ..tune.points import Point, candidates, make_points
from ..tune.results import ResultsFile
from ..tune.rows import write_rows
from ..tune.summary import Verdict, regret_summary, verdicts, wins
from .output import add_command, positive, print_facts, print_json, print_table, progress

EXAMPLES = """\
examples:
  aotgemm tune --results h100.jsonl                        measure the standard shapes; run it again to go on
  aotgemm tune --results h100.jsonl --rows codegen/tuning/sm90_132sms_3352gbps.txt
                                                           the same, then write rows; nothing is measured twice
  aotgemm tune --results my.jsonl --shapes 2112x7168,7168x2048 --m 1,64,4096
  aotgemm tune --results masked.jsonl --kind fp8_gemm_1d2d_masked --groups 8

Each point (N, K, M) is measured with the kernels that the selection ranks best, and with those that won the same N and
K at another M. One measurement overwrites 256 MB to empty the L2 cache, and takes the time of one call between two
events. Rounds are interleaved over the candidates; after two, those 1.3 times slower than the best are dropped. The
medians of all go to the results file, from which the cost model is calibrated too; the fastest and its runner-up go to
the rows, which the next build compiles in. A tuning run changes no result and nothing in this installation.
"""
CANDIDATES, ROUNDS, KEEP = 24, 9, 1.3
SHOWN = 10


def add_parser(subparsers: Any) -> None:
    parser = add_command(subparsers, "tune", "Measure which kernel is fastest for which shape.", EXAMPLES, run)
    parser.add_argument(
        "--results", type=Path, required=True, metavar="FILE", help="measurements; appended to if there"
    )
    parser.add_argument("--rows", type=Path, metavar="FILE", help="write tuned rows; those of other shapes there stay")
    parser.add_argument(
        "--kind", choices=list(TUNED_KINDS), default="fp8_gemm_1d2d", help="of call; default: fp8_gemm_1d2d"
    )
    parser.add_argument("--shapes", type=parse_shapes, metavar="NxK,...", help="default: layers of public models")
    parser.add_argument(
        "--m", type=parse_sizes, metavar="M,...", help="rows, of a group if grouped; default: powers of 2"
    )
    parser.add_argument(
        "--groups", type=parse_sizes, metavar="G,...", help="where grouped; default: those of the models"
    )
    parser.add_argument(
        "--candidates", type=positive, default=CANDIDATES, help=f"kernels a point; default: {CANDIDATES}"
    )
    parser.add_argument("--rounds", type=positive, default=ROUNDS, help=f"of those near the best; default: {ROUNDS}")


def _arena(kind: Kind, sizes: list[Size]) -> OperandArena:
    """Operands for these sizes; a gradient is added to D."""
    return OperandArena(kind, sizes, CudaBackend(), c="in_place" if kind.family == "fp8_gemm_1d1d" else "none")


def _measure_point(
    point: Point, problem: Problem, timer: GpuTimer, file: ResultsFile, arguments: argparse.Namespace
) -> None:
    chosen = candidates(point, file.header["device"], arguments.candidates, file.results)
    calls = {name: prepared(problem, kernel) for name, kernel in chosen.items()}
    file.add(point, measure(timer.round_us, calls, arguments.rounds, KEEP))


def _measure(missing: dict[Point, Size], file: ResultsFile, arguments: argparse.Namespace) -> None:
    if not _core.cuda_device_count():
        raise DeviceError(f"{len(missing)} points are to be measured, but {_core.cuda_unavailable_reason()}")
    file.open_for(_core.cuda_device(0))
    with progress(not arguments.json) as display:
        task = display.add_task("operands", total=len(missing))
        arena = _arena(TUNED_KINDS[arguments.kind], list(missing.values()))
        timer = GpuTimer()
        timer.warm_up(prepared(arena.problem(list(missing.values())[-1])))
        for point, size in missing.items():
            display.update(task, description="x".join(map(str, point.sizes)))
            _measure_point(point, arena.problem(size), timer, file, arguments)
            display.advance(task)


def _print(found: list[Verdict], facts: dict[str, Any]) -> None:
    print_facts(facts)
    print_table(("kernel", "points won"), wins(found), "Fastest kernels")
    worst = sorted(found, key=lambda verdict: -verdict.regret)[:SHOWN]
    rows = [[v.m, v.n, v.k, v.groups, v.best, v.us, v.chosen, v.chosen_us, v.regret] for v in worst]
    columns = ("M", "N", "K", "groups", "fastest", "us", "chosen", "us", "regret")
    print_table(columns, rows, "Where this build's choice costs most")


def run(arguments: argparse.Namespace) -> int:
    kind = TUNED_KINDS[arguments.kind]
    file = ResultsFile(arguments.results, kind)
    points = make_points(kind, sizes_of(kind, arguments.shapes, arguments.m, arguments.groups))
    missing = {point: size for point, size in points.items() if point not in file.results}
    if missing:
        _measure(missing, file, arguments)
    found = verdicts({point: file.results[point] for point in points}, file.header["device"])
    facts = {"card": file.header["device"]["name"], "points": len(points), "measured now": len(missing)}
    facts |= {f"regret, {name}": value for name, value in regret_summary(found).items()}
    if arguments.rows:
        facts["rows written"] = write_rows(arguments.rows, file.results, file.header)
    print_json(facts | {"verdicts": [asdict(verdict) for verdict in found]}) if arguments.json else _print(found, facts)
    return 0

"""`aotgemm tune`: measures every kernel of a kind on random problems, and fits the rates of their tiles."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .. import _core
from ..bench.rounds import measure
from ..bench.shapes import parse_shapes, parse_sizes
from ..bench.timer import GpuTimer
from ..bench.work import c_operand
from ..errors import DeviceError
from ..problems.arena import OperandArena
from ..problems.backends import CudaBackend
from ..problems.call import prepared
from ..problems.kinds import Kind
from ..problems.make import Problem
from ..problems.sizes import Size
from ..tune.draw import draw_sizes
from ..tune.fit import fit
from ..tune.grids import TUNED_KINDS, layers_of, sizes_of
from ..tune.kernels import kernels_on
from ..tune.points import Point, make_points
from ..tune.rates import Source, write_rates
from ..tune.regret import held_out_regrets
from ..tune.results import ResultsFile
from ..tune.summary import Verdict, regret_summary, verdicts, wins
from .output import add_command, positive, print_facts, print_json, print_table, progress

EXAMPLES = """\
examples:
  aotgemm tune --results h100.jsonl                        measure 200 random problems; run it again to go on
  aotgemm tune --results h100.jsonl --rates codegen/tuning/sm90_132sms_3352gbps.txt
                                                           the same, then fit; nothing is measured twice
  aotgemm tune --results my.jsonl --shapes 2112x7168,7168x2048 --points 60 --seed 7
  aotgemm tune --results masked.jsonl --kind fp8_gemm_1d2d_masked --groups 8 --m 1,64

Problems are drawn from layers of public models: M log-uniformly, at ends of tiles too, groups as a router fills them,
and half of them where the library's two best predictions are closest. Each is measured with every kernel of the kind.
One measurement overwrites 256 MB to empty the L2 cache, and takes the time of one call between two events. Rounds are
interleaved over the kernels; after two, those 1.3 times slower than the best are dropped. The medians of all go to the
results file; the rates fitted to them go to the file of rates, which the next build compiles in. A tuning run changes
no result and nothing in this installation.
"""
ROUNDS, KEEP, POINTS, SEED = 9, 1.3, 200, 1
SHOWN = 10


def add_parser(subparsers: Any) -> None:
    parser = add_command(subparsers, "tune", "Measure how fast every kernel is.", EXAMPLES, run)
    parser.add_argument(
        "--results", type=Path, required=True, metavar="FILE", help="measurements; appended to if there"
    )
    parser.add_argument("--rates", type=Path, metavar="FILE", help="fit and write; lines of other kinds there stay")
    parser.add_argument(
        "--kind",
        type=str.lower,
        choices=list(TUNED_KINDS),
        default="fp8_gemm_1d2d",
        help="of call; default: fp8_gemm_1d2d",
    )
    parser.add_argument("--shapes", type=parse_shapes, metavar="NxK,...", help="default: layers of public models")
    parser.add_argument(
        "--m", type=parse_sizes, metavar="M,...", help="these rows, of a group if grouped; default: random ones"
    )
    parser.add_argument(
        "--groups", type=parse_sizes, metavar="G,...", help="where grouped; default: those of the models"
    )
    parser.add_argument("--points", type=positive, default=POINTS, help=f"random problems; default: {POINTS}")
    parser.add_argument("--seed", type=positive, default=SEED, help=f"of the random problems; default: {SEED}")
    parser.add_argument("--rounds", type=positive, default=ROUNDS, help=f"of those near the best; default: {ROUNDS}")


def _arena(kind: Kind, sizes: list[Size]) -> OperandArena:
    """Operands for these sizes."""
    return OperandArena(kind, sizes, CudaBackend(), c=c_operand(kind))


def _measure_point(
    point: Point, problem: Problem, timer: GpuTimer, file: ResultsFile, arguments: argparse.Namespace
) -> None:
    kernels = kernels_on(file.kind, file.header["device"])
    calls = {spec["name"]: prepared(problem, spec["kernel"]) for spec in kernels}
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


def _sizes(kind: Kind, arguments: argparse.Namespace, device: dict[str, Any]) -> list[Size]:
    if arguments.m:
        return sizes_of(kind, arguments.shapes, arguments.m, arguments.groups)
    layers = layers_of(kind, arguments.shapes, arguments.groups)
    return draw_sizes(kind, layers, arguments.points, arguments.seed, device)


def _device(file: ResultsFile) -> dict[str, Any]:
    """The card of the results or, before there are any, the one at hand."""
    if file.header:
        return file.header["device"]
    if not _core.cuda_device_count():
        raise DeviceError(f"points are to be measured, but {_core.cuda_unavailable_reason()}")
    return _core.cuda_device(0)


def _fit(kind: Kind, file: ResultsFile, path: Path) -> dict[str, Any]:
    """Writes the rates of all measured points; what choices by such rates cost on points they were not fitted to."""
    device = file.header["device"]
    specs = kernels_on(kind, device)
    rates = fit(file.results, specs, device["num_sms"])
    written = write_rates(path, kind, rates, Source(device, file.header["date"]))
    held_out = regret_summary(held_out_regrets(file.results, specs, device["num_sms"]))
    return {"kernels with rates": written} | {f"held-out regret, {name}": value for name, value in held_out.items()}


def run(arguments: argparse.Namespace) -> int:
    kind = TUNED_KINDS[arguments.kind]
    file = ResultsFile(arguments.results, kind)
    points = make_points(kind, _sizes(kind, arguments, _device(file)))
    missing = {point: size for point, size in points.items() if point not in file.results}
    if missing:
        _measure(missing, file, arguments)
    found = verdicts({point: file.results[point] for point in points}, file.header["device"])
    facts = {"card": file.header["device"]["name"], "points": len(points), "measured now": len(missing)}
    facts |= {f"regret, {name}": value for name, value in regret_summary([one.regret for one in found]).items()}
    if arguments.rates:
        facts |= _fit(kind, file, arguments.rates)
    print_json(facts | {"verdicts": [asdict(verdict) for verdict in found]}) if arguments.json else _print(found, facts)
    return 0

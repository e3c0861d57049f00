"""`aotgemm report`: a plan as a page to read."""

import argparse
import shlex
from pathlib import Path
from typing import Any

from ..audit.report import render
from ..errors import PlanError
from ..output_files import write_output
from ..plan.plan_file import read_plan
from .output import add_command, print_facts, print_json, progress

EXAMPLES = """\
examples:
  aotgemm report plan.json -o report.html     open it in a browser, send it, or print it
  aotgemm report plan.json -o report.html --measured run.json
                                              with the times of a run that `aotgemm bench --out run.json` saved

One self-contained HTML page: which kernel runs for an M and how to check it, for each call the M axis with its kernels
and their predicted time against the roofline, what each kernel uses of an SM, and maps of the selection over M and N.
Nothing is loaded from anywhere. report.html#m=96 opens it with an M asked for.
"""


def add_parser(subparsers: Any) -> None:
    parser = add_command(subparsers, "report", "Write a plan as one HTML page to review.", EXAMPLES, run)
    parser.add_argument("plan", type=Path, help="plan file")
    parser.add_argument(
        "--measured", type=Path, action="append", default=[], metavar="FILE", help="a saved run of bench; repeatable"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the page")


def run(arguments: argparse.Namespace) -> int:
    plan = read_plan(arguments.plan)
    with progress(not arguments.json) as display:
        task = display.add_task("page", total=1)
        page = render(plan, shlex.quote(arguments.plan.name), arguments.measured)
        display.advance(task)
    try:
        write_output(arguments.output, page)
    except OSError as error:
        raise PlanError(f"-o: {arguments.output} cannot be written: {error}") from error
    facts = {"report": str(arguments.output), "bytes": len(page.encode()), "calls": len(plan["calls"])}
    print_json(facts) if arguments.json else print_facts(facts)
    return 0

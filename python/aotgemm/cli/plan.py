"""`aotgemm plan`: which kernel, to the byte, runs for every call of a model."""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

from .. import _core
from ..audit.architectures import calls_of, encoders_of
from ..audit.calls import Call, merged
from ..audit.plan import MAX_TOKENS, make_plan
from ..audit.sources import READERS, model_config, model_names, read_config
from ..choice import FALLBACK_DEVICE, named_device
from ..errors import PlanError
from ..output_files import write_output
from ..plan.document import canonical_text
from ..plan.plan_file import parse_plan
from .output import INCOMPLETE, add_command, positive, print_facts, print_table, printable, progress

EXAMPLES = """\
examples:
  aotgemm plan --model deepseek-v3 --tp 8 --ep 8 --device h100 -o plan.json
  aotgemm plan --config config.json --tp 4 --device h200 -o plan.json    a model of your own
  aotgemm plan --shapes shapes.csv -o plan.json                          columns n, k and, if wanted, name, family,
                                                                         grouping, layout, out_dtype, groups, m (the
                                                                         most rows), num_sms
  aotgemm plan --trace trace.json -o plan.json                           what aotgemm.record() noted
  aotgemm plan --model llama-8b --num-sms 132,78 -o plan.json            also for calls on part of the SMs

The plan has, for every call and every M, the kernel that the library selects, its predicted time, and each kernel's
sha256, source and compiler. The same wheel gives the same file anywhere, without a GPU. Calls that this library holds
no kernel for are listed with the reason. Hold a server to it with aotgemm.load_plan(path, mode), or, without editing
the server, with AOTGEMM_PLAN=plan.json and AOTGEMM_PLAN_MODE=strict, warn or record.

Exit status: 0 if every call has a kernel, 3 if one has none and --allow-missing is not given, 2 if there is no plan.
"""
MOST_TOLD = 8  # reasons on standard error


def add_parser(subparsers: Any) -> None:
    help = "Write down which kernel, to the byte, runs for every call of a model; needs no GPU."
    parser = add_command(subparsers, "plan", help, EXAMPLES, run)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", metavar="NAME", help=f"one of {', '.join(model_names())}")
    source.add_argument("--config", type=Path, metavar="FILE", help="config.json of a Hugging Face model")
    source.add_argument("--shapes", type=Path, metavar="FILE", help="table of shapes (CSV)")
    source.add_argument("--trace", type=Path, metavar="FILE", help="trace saved by aotgemm.record()")
    parser.add_argument("--tp", type=positive, default=1, help="ranks of tensor parallelism; default: 1")
    parser.add_argument("--ep", type=positive, default=1, help="ranks of expert parallelism; default: 1")
    names = ", ".join(_core.named_devices())
    device_help = f"one of {names}; default: {FALLBACK_DEVICE}"
    parser.add_argument("--device", type=str.lower, default=FALLBACK_DEVICE, help=device_help)
    tokens_help = f"tokens of the largest batch; default: {MAX_TOKENS}"
    parser.add_argument("--max-tokens", type=positive, default=MAX_TOKENS, metavar="T", help=tokens_help)
    sms_help = "SMs that calls may use, separated by commas; default: all"
    parser.add_argument("--num-sms", type=_sms, default=(), metavar="S", help=sms_help)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="the plan; default: standard output")
    parser.add_argument("--allow-missing", action="store_true", help="exit status 0 also where a call has no kernel")


def _sms(text: str) -> tuple[int, ...]:
    return tuple(positive(part) for part in text.split(","))


def _calls_of_config(config: dict[str, Any], arguments: argparse.Namespace) -> list[Call]:
    if encoders := encoders_of(config):
        told = f"aotgemm: {', '.join(encoders)}: the encoder's calls are not in the plan, the language model's are"
        print(told, file=sys.stderr)
    return calls_of(config, arguments.tp, arguments.ep)


def _source(arguments: argparse.Namespace) -> tuple[str, str, list[Call]]:
    """Kind, name and calls. A file goes by its name alone: the plan must not depend on its folder."""
    if arguments.model is not None:
        name = arguments.model.rpartition("/")[2].lower()
        return "model", name, _calls_of_config(model_config(name), arguments)
    if arguments.config is not None:
        return "config", arguments.config.name, _calls_of_config(read_config(arguments.config), arguments)
    kind = "shapes" if arguments.shapes is not None else "trace"
    path = getattr(arguments, kind)
    return kind, path.name, READERS[kind](path)


def _make(arguments: argparse.Namespace) -> dict[str, Any]:
    kind, name, calls = _source(arguments)
    source = {"kind": kind, "name": name, "tp": arguments.tp, "ep": arguments.ep}
    device = named_device(arguments.device)
    with progress(arguments.output is not None and not arguments.json) as display:
        task = display.add_task("calls", total=len(merged(calls)))
        return make_plan(calls, device, source, arguments.max_tokens, arguments.num_sms, partial(display.advance, task))


def _write(path: Path, text: str) -> None:
    try:
        write_output(path, text)
    except OSError as error:
        raise PlanError(f"-o: {path} cannot be written: {error}") from error


def _print(plan: dict[str, Any], path: Path) -> None:
    columns = ("layers", "family", "grouping", "groups", "N", "K", "SMs", "kernels", "intervals")
    rows = [
        [", ".join(c["layers"]), c["family"], c["grouping"], c["groups"], c["n"], c["k"], c["num_sms"],
         len({i["kernel"] for i in c["intervals"]}) if not c["missing"] else "none", len(c["intervals"])]
        for c in plan["calls"]
    ]  # fmt: skip
    print_table(columns, rows)
    missing = sum(bool(call["missing"]) for call in plan["calls"])
    print_facts({"plan": str(path), "calls": len(rows), "without a kernel": missing, "kernels": len(plan["kernels"])})


def _tell_missing(calls: list[dict[str, Any]], total: int) -> None:
    """On standard error: how many calls have no kernel, and each reason once, with a layer that it is about."""
    layers: dict[str, str] = {}
    for call in calls:
        layers.setdefault(call["missing"], call["layers"][0])
    print(f"aotgemm: without a kernel: {len(calls)} of {total} calls; --allow-missing accepts that", file=sys.stderr)
    for reason, layer in list(layers.items())[:MOST_TOLD]:
        print(printable(f"  {layer}: {reason}"), file=sys.stderr)


def run(arguments: argparse.Namespace) -> int:
    plan = _make(arguments)
    text = canonical_text(plan)
    parse_plan(text.encode())  # what this command writes, load_plan reads
    if arguments.output:
        _write(arguments.output, text)
    if arguments.json or not arguments.output:
        print(text, end="")
    else:
        _print(plan, arguments.output)
    missing = [call for call in plan["calls"] if call["missing"]]
    if missing and not arguments.allow_missing:
        _tell_missing(missing, len(plan["calls"]))
        return INCOMPLETE
    return 0

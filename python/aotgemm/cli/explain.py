"""`aotgemm explain`: which kernel a call runs, and why."""

import argparse
from typing import Any

from .. import _core
from ..audit.plan import US_DIGITS
from .output import add_command, positive, print_facts, print_json, print_table

EXAMPLES = """\
examples:
  aotgemm explain --m 64 --n 2112 --k 7168                  on the GPU at hand, else on an h100
  aotgemm explain --m 64 --n 2112 --k 7168 --device h200    offline, for another GPU
  aotgemm explain --m 4096 --n 7168 --k 2048 --num-sms 78   with part of the SMs, as after set_num_sms(78)
  aotgemm explain --grouping masked --groups 32 --m 20 --n 4096 --k 7168
                                                            32 experts, 20 tokens expected for each
  aotgemm explain --family bf16_gemm --layout nn --out-dtype fp32 --m 128 --n 4096 --k 7168

M counts the rows of A of all groups where A is one matrix (contiguous, psum), and of each group where it is one for
each (masked: those to expect; batched, k_grouped, batch_reduced). With k_grouped, K is the sum over the groups; with
batch_reduced the batches are the groups, and the output is that of their partial sums, fp32.

The choice is a pure function of the problem and the device: the same answer here as in a serving process. It is the
kernel with the shortest predicted time. `why` says what was computed for these sizes (tiles, SMs at work, tiles of the
busiest block, bytes) and what was measured on a card (times of a K block, a tile and a launch, bandwidth). No choice
changes a bit of the result.
"""
FAMILY, GROUPING, LAYOUT, OUT_DTYPE = "fp8_gemm_1d2d", "dense", "nt", "bf16"
SHOWN_CHOICES = 4
FALLBACK_DEVICE = "h100"


def add_parser(subparsers: Any) -> None:
    parser = add_command(subparsers, "explain", "Say which kernel a call runs, and why; needs no GPU.", EXAMPLES, run)
    for size, meaning in (("m", "rows of A and D: tokens"), ("n", "rows of B: outputs"), ("k", "columns: inputs")):
        parser.add_argument(f"--{size}", type=positive, required=True, help=meaning)
    names = ", ".join(_core.named_devices())
    device_help = f"one of {names}; default: the GPU at hand, else {FALLBACK_DEVICE}"
    parser.add_argument("--device", type=str.lower, help=device_help)
    for field, default in (("family", FAMILY), ("grouping", GROUPING), ("layout", LAYOUT), ("out_dtype", OUT_DTYPE)):
        option = f"--{field.replace('_', '-')}"
        known = list(dict.fromkeys(spec[field] for spec in _core.specs()))
        parser.add_argument(option, type=str.lower, choices=known, default=default, help=f"default: {default}")
    parser.add_argument("--groups", type=positive, default=1, metavar="G", help="groups of a grouped call; default: 1")
    parser.add_argument("--num-sms", type=positive, default=0, metavar="S", help="SMs the call may use; default: all")


def _device(name: str | None) -> dict[str, Any]:
    if name is None and _core.cuda_device_count():
        return _core.cuda_device(0)
    return _core.named_device(name or FALLBACK_DEVICE)


def _described(choice: dict[str, Any]) -> dict[str, Any]:
    """A choice with its kernel's spec; times as a reader can use them, and null for what was not measured."""
    times = {"predicted_us": round(choice["predicted_us"], US_DIGITS), "measured_us": choice["measured_us"] or None}
    return choice | times | {"spec": _core.specs()[choice["kernel"]]}


def _explain(arguments: argparse.Namespace) -> dict[str, Any]:
    device = _device(arguments.device)
    fields = ("family", "grouping", "layout", "out_dtype", "groups", "m", "n", "k")
    problem = {field: getattr(arguments, field) for field in fields}
    problem["num_sms"] = min(arguments.num_sms or device["num_sms"], device["num_sms"])
    choices = _core.select(device=device, count=SHOWN_CHOICES, **problem)
    first, *others = (_described(choice) for choice in choices)
    return {"problem": problem, "device": device, "choice": first, "next": others}


def _kind(problem: dict[str, Any]) -> str:
    groups = "" if problem["grouping"] == GROUPING else f", {problem['groups']} groups"
    return "{family} {grouping} {layout} with {out_dtype} output".format(**problem) + groups


def _print(answer: dict[str, Any]) -> None:
    problem, choice = answer["problem"], answer["choice"]
    print_facts(
        {
            "problem": f"{_kind(problem)}: M = {problem['m']}, N = {problem['n']}, K = {problem['k']}, "
            f"up to {problem['num_sms']} SMs",
            "device": "{name}: compute capability {cc_major}.{cc_minor}, {num_sms} SMs".format(**answer["device"]),
            "kernel": choice["name"],
            "grid": f"{choice['grid']} thread blocks for {choice['tiles']} tiles",
            "predicted": f"{choice['predicted_us']:.1f} us",
            "why": choice["reason"],
        }
    )
    columns = ("next best", "predicted us", "grid", "tiles", "why")
    keys = ("name", "predicted_us", "grid", "tiles", "reason")
    print_table(columns, [[other[key] for key in keys] for other in answer["next"]])


def run(arguments: argparse.Namespace) -> int:
    answer = _explain(arguments)
    print_json(answer) if arguments.json else _print(answer)
    return 0

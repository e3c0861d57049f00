"""`aotgemm explain`: which kernel a call runs, and why."""

import argparse
from typing import Any

from .. import _core
from ..arrays.layouts import layouts_with_fp4
from ..choice import FALLBACK_DEVICE, explain
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
batch_reduced the batches are the groups, and the output is that of their partial sums, fp32. In layouts with a 4, such
as nn4 and t4n, the operand before it is FP4 of fp8_fp4_gemm that lies along N or M.

The choice is a pure function of the problem and the device: the same answer here as in a serving process. It is the
kernel with the shortest predicted time. `why` says what was computed for these sizes (tiles, SMs at work, tiles of the
busiest block, bytes) and what was measured on a card (times of a K block, a tile and a launch, bandwidth); on a b200,
where nothing was, what the time follows from. No choice changes a bit of the result. In Python:
aotgemm.explain(64, 2112, 7168, device="h100").
"""
GROUPING, LAYOUT, OUT_DTYPE = "dense", "nt", "bf16"
OF_FP8 = "that of FP8 calls on the device"
FIELDS = ("family", "grouping", "layout", "out_dtype", "groups", "num_sms", "device")
ORDER = ("2nd", "3rd", "4th")


def add_parser(subparsers: Any) -> None:
    parser = add_command(subparsers, "explain", "Say which kernel a call runs, and why; needs no GPU.", EXAMPLES, run)
    for size, meaning in (("m", "rows of A and D: tokens"), ("n", "rows of B: outputs"), ("k", "columns: inputs")):
        parser.add_argument(f"--{size}", type=positive, required=True, help=meaning)
    names = ", ".join(_core.named_devices())
    device_help = f"one of {names}; default: the GPU at hand, else {FALLBACK_DEVICE}"
    parser.add_argument("--device", type=str.lower, help=device_help)
    for field, default in (("family", None), ("grouping", GROUPING), ("layout", LAYOUT), ("out_dtype", OUT_DTYPE)):
        option = f"--{field.replace('_', '-')}"
        known = list(dict.fromkeys(spec[field] for spec in _core.specs()))
        if field == "layout":
            known += [words for layout in known for words in layouts_with_fp4(layout)]
        shown = f"default: {default or OF_FP8}"
        parser.add_argument(option, type=str.lower, choices=known, default=default, help=shown)
    parser.add_argument("--groups", type=positive, default=1, metavar="G", help="groups of a grouped call; default: 1")
    parser.add_argument("--num-sms", type=positive, default=0, metavar="S", help="SMs the call may use; default: all")


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
            "predicted": f"{choice['predicted_us']:.1f} us, {answer['times']}",
            "why": choice["reason"],
        }
    )
    columns = ("next best", "place", "us", "grid", "tiles")
    others = list(zip(ORDER, answer["next"], strict=False))
    rows = [[other["name"], place, other["predicted_us"], other["grid"], other["tiles"]] for place, other in others]
    print_table(columns, rows)
    print_facts({f"why the {place}": other["reason"] for place, other in others})


def run(arguments: argparse.Namespace) -> int:
    options = {field: getattr(arguments, field) for field in FIELDS}
    answer = explain(arguments.m, arguments.n, arguments.k, **options)
    print_json(answer) if arguments.json else _print(answer)
    return 0

"""`aotgemm explain`: which kernel a call runs, and why."""

import argparse
from typing import Any

from .. import _core
from .output import add_command, positive, print_facts, print_json, print_table

EXAMPLES = """\
examples:
  aotgemm explain --m 64 --n 2112 --k 7168                  on the GPU at hand, else on an h100
  aotgemm explain --m 64 --n 2112 --k 7168 --device h200    offline, for another GPU
  aotgemm explain --m 4096 --n 7168 --k 2048 --num-sms 78   with part of the SMs, as after set_num_sms(78)

The choice is a pure function of the problem and the device: the same answer here as in a serving process. It is that of
a tuned row (a measurement on such a device, which `why` cites) if there is one for N, K and M and the call may use all
SMs; else the cost model's, whose predicted times rank the kernels. No choice changes a bit of the result.
"""
FAMILY = "fp8_1d2d"
SHOWN_CHOICES = 4
FALLBACK_DEVICE = "h100"


def add_parser(subparsers: Any) -> None:
    parser = add_command(subparsers, "explain", "Say which kernel a call runs, and why; needs no GPU.", EXAMPLES, run)
    for size, meaning in (("m", "rows of A and D: tokens"), ("n", "rows of B: outputs"), ("k", "columns: inputs")):
        parser.add_argument(f"--{size}", type=positive, required=True, help=meaning)
    names = ", ".join(_core.named_devices())
    parser.add_argument("--device", help=f"one of {names}; default: the GPU at hand, else {FALLBACK_DEVICE}")
    parser.add_argument("--num-sms", type=positive, default=0, metavar="S", help="SMs the call may use; default: all")


def _device(name: str | None) -> dict[str, Any]:
    if name is None and _core.cuda_device_count():
        return _core.cuda_device(0)
    return _core.named_device(name or FALLBACK_DEVICE)


def _explain(arguments: argparse.Namespace) -> dict[str, Any]:
    m, n, k, device = arguments.m, arguments.n, arguments.k, _device(arguments.device)
    num_sms = arguments.num_sms or device["num_sms"]
    choices = _core.select(FAMILY, m, n, k, num_sms, device, SHOWN_CHOICES)
    specs = _core.specs()
    return {
        "problem": {"family": FAMILY, "m": m, "n": n, "k": k, "num_sms": num_sms},
        "device": device,
        "choice": choices[0] | {"spec": specs[choices[0]["kernel"]]},
        "next": [choice | {"spec": specs[choice["kernel"]]} for choice in choices[1:]],
    }


def _print(answer: dict[str, Any]) -> None:
    problem, choice = answer["problem"], answer["choice"]
    print_facts(
        {
            "problem": "{family}: M = {m}, N = {n}, K = {k}, up to {num_sms} SMs".format(**problem),
            "device": "{name}: compute capability {cc_major}.{cc_minor}, {num_sms} SMs".format(**answer["device"]),
            "kernel": choice["name"],
            "grid": f"{choice['grid']} thread blocks for {choice['tiles']} tiles",
            "predicted": f"{choice['predicted_us']:.1f} us",
            "chosen by": "a tuned row" if choice["measured_us"] else "the cost model",
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

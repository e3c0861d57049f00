"""`aotgemm replay`: what a file of `aotgemm selftest --report` says about a GPU."""

import argparse
from pathlib import Path
from typing import Any

from ..errors import RequestError
from ..selftest.evidence.document import read_report
from .output import add_command, print_facts, print_json, print_table

EXAMPLES = """\
examples:
  aotgemm selftest --report b200.json    on the machine with the GPU: minutes
  aotgemm replay b200.json               anywhere
  aotgemm replay b200.json --json | jq '.assumptions[] | select(.holds | not)'

The CPU backend computes again what the file has: small products, each made so that one assumption about the tensor
cores decides its bits, and a digest of every kernel's bits. Each row says what is assumed and whether the GPU did so;
what differs is shown with the bits of both. Times stand beside those that the selection predicted. Exit status: 0 if
all bits are the CPU backend's, 1 if not or if none was recorded, 2 if the file cannot be read. `selftest --kernel`
leaves out what its kernels do not compute: such a row is "not run".
"""
WRONG_FILE = ArithmeticError, AttributeError, LookupError, TypeError, ValueError


def add_parser(subparsers: Any) -> None:
    help = "Say which assumption about a GPU fails, from a file of `selftest --report`; needs no GPU."
    parser = add_command(subparsers, "replay", help, EXAMPLES, run)
    parser.add_argument("file", type=Path, metavar="FILE", help="of aotgemm selftest --report")


def _times(content: dict[str, Any]) -> list[dict[str, Any]]:
    names = ("kind", "m", "n", "k", "kernel", "us", "predicted_us")
    return [
        {name: row[name] for name in names} | {"ratio": row["us"] / row["predicted_us"]}
        for row in content.get("times", ())
    ]


def _replayed(content: dict[str, Any]) -> dict[str, Any]:
    """Raises what WRONG_FILE names for a file that no self-test wrote."""
    from ..selftest.evidence.replay import differing_kernels, verdict_on

    verdicts = [verdict_on(assumption) for assumption in content.get("assumptions", ())]
    digests = content.get("digests", {"seed": 0, "kernels": []})
    failing = [one for one in verdicts if one.ran and not one.holds]
    differing = differing_kernels(digests)
    errors = dict(content["errors"])
    return {
        "device": str(content["device"]["name"]),
        "arch": str(content["arch"]),
        "version": str(content["version"]),
        "date": str(content["date"]),
        "assumptions": [vars(one) | {"ran": one.ran, "holds": one.holds} for one in verdicts],
        "kernels": len({one["kernel"] for one in digests["kernels"]}),
        "differing_kernels": differing,
        "times": _times(content),
        "errors": {str(part): str(text) for part, text in errors.items()},
        "ok": any(one.holds for one in verdicts) and not failing and not differing and not errors,
    }


def _word(verdict: dict[str, Any]) -> str:
    return "holds" if verdict["holds"] else "FAILS" if verdict["ran"] else "not run"


def _print_assumptions(verdicts: list[dict[str, Any]]) -> None:
    rows = [[_word(one), one["name"], one["words"], one["elements"], one["differing"]] for one in verdicts]
    print_table(("", "assumption", "what is taken for granted", "elements", "differing"), rows)
    for one in verdicts:
        for text in one["told"]:
            print(f"{one['name']}: {text}")


def _print_times(times: list[dict[str, Any]]) -> None:
    columns = ("kind", "M", "N", "K", "kernel", "us", "predicted us", "ratio")
    rows = [
        [row["kind"], row["m"], row["n"], row["k"], row["kernel"]]
        + [f"{row['us']:.1f}", f"{row['predicted_us']:.1f}", f"{row['ratio']:.2f}"]
        for row in times
    ]
    if rows:
        print_table(columns, rows)


def _print(answer: dict[str, Any]) -> None:
    _print_assumptions(answer["assumptions"])
    _print_times(answer["times"])
    if answer["differing_kernels"]:
        print_table(("kernels whose bits differ",), [[name] for name in answer["differing_kernels"]])
    words = [_word(one) for one in answer["assumptions"]]
    facts = {name: answer[name] for name in ("device", "arch", "version", "date")}
    facts["assumptions"] = f"{len(words)}, of which {words.count('FAILS')} fail, {words.count('not run')} were not run"
    facts["kernels"] = f"{answer['kernels']}, of which {len(answer['differing_kernels'])} differ"
    facts |= {f"could not be recorded: {part}": text for part, text in answer["errors"].items()}
    print_facts(facts)


def run(arguments: argparse.Namespace) -> int:
    content = read_report(arguments.file)
    try:
        answer = _replayed(content)
    except WRONG_FILE as error:
        raise RequestError(f"FILE: {arguments.file} is not whole: {type(error).__name__}: {error}") from error
    print_json(answer) if arguments.json else _print(answer)
    return 0 if answer["ok"] else 1

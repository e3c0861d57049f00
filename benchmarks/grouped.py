"""Times grouped GEMMs on the GPU at hand, beside recorded figures and beside DeepGEMM where it is importable.

    python benchmarks/grouped.py [--recorded FILE.csv] [--rounds 15] [--sweep] [--json OUT.json]

The shapes are those of the recorded file. All calls are interleaved, the L2 overwritten before each; times are medians.
"ratio" is the recorded time over ours, so above 1 is faster. --sweep times every kernel of the grouping as well and
shows the fastest: regret is the time of the kernel that the library chose over that of the fastest.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
from pathlib import Path
from statistics import geometric_mean
from typing import Any

import aotgemm
import torch
from aotgemm import _core
from aotgemm.bench.rounds import medians_us
from aotgemm.bench.timer import GpuTimer
from grouped_operands import GroupedOperands, GroupedShape
from rich.console import Console
from rich.progress import track
from rich.table import Table

RECORDED = Path(__file__).with_name("recorded") / "deepgemm_2_6_1_grouped_h100.csv"


def read_recorded(path: Path) -> dict[GroupedShape, float]:
    """Microseconds of each shape."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    sizes = ("groups", "m", "n", "k")
    return {
        GroupedShape(row["grouping"], *(int(row[name]) for name in sizes)): float(row["us"])
        for row in csv.DictReader(lines)
    }


def peers() -> dict[str, Any]:
    """aotgemm, and DeepGEMM where it is installed."""
    found = {"aotgemm": aotgemm}
    if importlib.util.find_spec("deep_gemm") is not None:
        found["deep_gemm"] = importlib.import_module("deep_gemm")
    return found


def sweep(operands: GroupedOperands, rounds: int) -> dict[str, float]:
    """Microseconds of each kernel of the grouping, fastest first."""
    grouping = operands.shape.grouping
    kernels = [
        (i, s["name"])
        for i, s in enumerate(_core.specs())
        if (s["family"], s["grouping"]) == ("fp8_gemm_1d2d", grouping)
    ]
    times = medians_us(GpuTimer().round_us, [lambda i=i: operands.run_kernel(i) for i, _ in kernels], rounds)
    return dict(sorted(zip((name for _, name in kernels), times, strict=True), key=lambda pair: pair[1]))


def measure(recorded: dict[GroupedShape, float], rounds: int, with_sweep: bool) -> list[dict[str, Any]]:
    """One row for each shape."""
    libraries = peers()
    operands = [GroupedOperands.random(shape) for shape in track(recorded, description="operands")]
    calls = [lambda x=x, library=library: x.run(library) for x in operands for library in libraries.values()]
    times = iter(medians_us(GpuTimer().round_us, calls, rounds))
    rows = []
    for x, (shape, recorded_us) in zip(operands, recorded.items(), strict=True):
        us = {name: next(times) for name in libraries}
        ours = us["aotgemm"]
        rows.append(
            {
                "shape": str(shape),
                "us": ours,
                "tflops": shape.flops / ours / 1e6,
                "gbps": shape.bytes_moved / ours / 1e3,
            }
        )
        rows[-1] |= {"recorded_us": recorded_us, "ratio": recorded_us / ours, "deep_gemm_us": us.get("deep_gemm")}
    if with_sweep:
        for x, row in track(list(zip(operands, rows, strict=True)), description="sweep"):
            row["kernels"] = sweep(x, rounds)
    return rows


def print_rows(rows: list[dict[str, Any]]) -> None:
    table = Table(
        "shape", "us", "TFLOP/s", "GB/s", "recorded us", "ratio", "DeepGEMM here us", "fastest kernel", "regret"
    )
    for row in rows:
        peer = "" if row["deep_gemm_us"] is None else f"{row['deep_gemm_us']:.1f}"
        best, best_us = next(iter(row.get("kernels", {}).items()), ("", None))
        regret = "" if best_us is None else f"{row['us'] / best_us:.3f}"
        numbers = [
            f"{row[name]:.{digits}f}" for name, digits in (("us", 1), ("tflops", 0), ("gbps", 0), ("recorded_us", 1))
        ]
        table.add_row(row["shape"], *numbers, f"{row['ratio']:.3f}", peer, best, regret)
    Console().print(table)
    ratios = [row["ratio"] for row in rows]
    print(f"{torch.cuda.get_device_name()}: least ratio {min(ratios):.3f}, geometric mean {geometric_mean(ratios):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recorded", type=Path, default=RECORDED)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = measure(read_recorded(arguments.recorded), arguments.rounds, arguments.sweep)
    print_rows(rows)
    if arguments.json:
        card = {"card": torch.cuda.get_device_name(), "rounds": arguments.rounds, "rows": rows}
        arguments.json.write_text(json.dumps(card, indent=1) + "\n")


if __name__ == "__main__":
    main()

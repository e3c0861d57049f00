"""Times every kernel of a family on the GPU at hand over a list of shapes, and compares the selection with the best.

    python benchmarks/sweep.py --out sweep.json [--shapes 64x2112x7168,...] [--rounds 15]

The JSON holds the card, and for each shape the median time of each kernel, the fastest, and the one the library would
choose with its predicted time. Regret is the chosen kernel's time over the best one's.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median

import torch
from operands import Fp8Operands
from rich.progress import track
from shapes import DENSE_WITH_M
from timing import interleaved_medians_us

from aotgemm import _core

FAMILY = "fp8_1d2d"


def _kernels() -> list[tuple[int, str]]:
    return [(i, spec["name"]) for i, spec in enumerate(_core.specs()) if spec["family"] == FAMILY]


def sweep_shape(shape: tuple[int, int, int], rounds: int) -> dict:
    """Times of all kernels for one shape, microseconds, by kernel name."""
    x = Fp8Operands.random(*shape)

    def call(kernel: int):
        return lambda: _core.fp8_gemm_nt(x.a, x.sfa, x.b, x.sfb, x.d, kernel)

    kernels = _kernels()
    times = interleaved_medians_us([call(index) for index, _ in kernels], rounds)
    by_name = {name: time for (_, name), time in zip(kernels, times, strict=True)}
    chosen = _core.select(FAMILY, *shape, 0, _core.cuda_device(0), 1)[0]
    best = min(by_name, key=by_name.__getitem__)
    name = _core.specs()[chosen["kernel"]]["name"]
    regret = by_name[name] / by_name[best]
    return {"shape": shape, "best": best, "chosen": name, "predicted_us": chosen["predicted_us"], "regret": regret, "us": by_name}


def _parse_shape(text: str) -> tuple[int, int, int]:
    m, n, k = (int(part) for part in text.split("x"))
    return m, n, k


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shapes", type=lambda text: [_parse_shape(part) for part in text.split(",")], default=DENSE_WITH_M)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    rows = [sweep_shape(shape, arguments.rounds) for shape in track(arguments.shapes, description="sweep")]
    result = {"card": torch.cuda.get_device_name(), "family": FAMILY, "rounds": arguments.rounds, "rows": rows}
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    print(f"regret: median {median(row['regret'] for row in rows):.3f}, worst {max(row['regret'] for row in rows):.3f}")


if __name__ == "__main__":
    main()

"""Times BF16 GEMMs and FP8 weight gradients on the GPU at hand, beside cuBLAS and DeepGEMM where there is one.

    python benchmarks/families.py [--rounds 15] [--json OUT.json]

All calls of a shape are interleaved, the L2 overwritten before each; times are medians. "ratio" is the time of the
fastest other library over ours, so above 1 is faster. Weight gradients are accumulated into an FP32 D: one GEMM through
fp8_gemm_nt with recipe (1, 1, 128), or one for each group of K through k_grouped_fp8_gemm_nt_contiguous.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aotgemm
import torch
from aotgemm.bench.rounds import medians_us
from aotgemm.bench.timer import GpuTimer
from rich.console import Console
from rich.progress import track
from rich.table import Table

Calls = dict[str, Callable[[], Any]]

BF16_SHAPES = (
    (128, 4096, 7168),
    (4096, 4096, 7168),
    (8192, 8192, 8192),
    (4096, 2112, 7168),
    (64, 7168, 2048),
)
GRADIENT_SHAPES = ((2112, 7168, 4096), (7168, 2048, 4096), (4096, 7168, 4096))
# groups, M, N, K of each group: experts of DeepSeek-V3
K_GROUPED_SHAPES = (
    (4, 4096, 7168, 8192),
    (4, 7168, 2048, 8192),
    (8, 4096, 7168, 4096),
    (8, 7168, 2048, 4096),
    (16, 4096, 7168, 2048),
    (16, 7168, 2048, 2048),
)
RECIPE = (1, 1, 128)


def libraries() -> dict[str, Any]:
    """aotgemm, and DeepGEMM where it is installed."""
    found = {"aotgemm": aotgemm}
    if importlib.util.find_spec("deep_gemm") is not None:
        found["deep_gemm"] = importlib.import_module("deep_gemm")
    return found


def _normal(*sizes: int) -> torch.Tensor:
    return torch.randn(*sizes, device="cuda", dtype=torch.bfloat16)


def bf16_calls(m: int, n: int, k: int) -> Calls:
    a, b, d = _normal(m, k), _normal(n, k), torch.empty(m, n, device="cuda", dtype=torch.bfloat16)
    calls = {name: lambda library=library: library.bf16_gemm_nt(a, b, d) for name, library in libraries().items()}
    return calls | {"cublas": lambda: torch.matmul(a, b.t(), out=d)}


def _scaled(rows: int, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    x, scales = aotgemm.per_token_cast_to_fp8(_normal(rows, k), use_ue8m0=False)
    return x, aotgemm.get_mn_major_tma_aligned_tensor(scales)


def gradient_calls(m: int, n: int, k: int) -> Calls:
    a, b, d = _scaled(m, k), _scaled(n, k), torch.zeros(m, n, device="cuda")
    return {
        name: lambda library=library: library.fp8_gemm_nt(a, b, d, c=d, recipe=RECIPE)
        for name, library in libraries().items()
    }


def _k_groups(groups: int, rows: int, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    parts = [aotgemm.per_token_cast_to_fp8(_normal(rows, k), use_ue8m0=False) for _ in range(groups)]
    scales = torch.cat([sf.t() for _, sf in parts])  # [sum of K / 128, rows]
    return torch.cat([x.flatten() for x, _ in parts]), scales.t()


def k_grouped_calls(groups: int, m: int, n: int, k: int) -> Calls:
    a, b, d = _k_groups(groups, m, k), _k_groups(groups, n, k), torch.zeros(groups, m, n, device="cuda")
    ks, ks_tensor = [k] * groups, torch.full((groups,), k, dtype=torch.int32, device="cuda")
    return {
        name: lambda library=library: library.k_grouped_fp8_gemm_nt_contiguous(a, b, d, ks, ks_tensor, d, RECIPE)
        for name, library in libraries().items()
    }


def cases() -> Iterator[tuple[str, int, Callable[[], Calls]]]:
    """Name, operations and calls of each line."""
    for m, n, k in BF16_SHAPES:
        yield f"bf16 {m}x{n}x{k}", 2 * m * n * k, lambda sizes=(m, n, k): bf16_calls(*sizes)
    for m, n, k in GRADIENT_SHAPES:
        yield f"fp8 gradient {m}x{n}x{k}", 2 * m * n * k, lambda sizes=(m, n, k): gradient_calls(*sizes)
    for groups, m, n, k in K_GROUPED_SHAPES:
        yield (
            f"fp8 gradients G={groups} {m}x{n}x{k}",
            2 * groups * m * n * k,
            lambda sizes=(groups, m, n, k): k_grouped_calls(*sizes),
        )


def measure(rounds: int) -> list[dict[str, Any]]:
    rows = []
    for name, operations, make in track(list(cases()), description="shapes"):
        calls = make()
        us = dict(zip(calls, medians_us(GpuTimer().round_us, list(calls.values()), rounds), strict=True))
        others = [time for library, time in us.items() if library != "aotgemm"]
        ratio = min(others) / us["aotgemm"] if others else None
        rows.append({"shape": name, "us": us, "tflops": operations / us["aotgemm"] / 1e6, "ratio": ratio})
    return rows


def print_rows(rows: list[dict[str, Any]]) -> None:
    peers = ("deep_gemm", "cublas")
    table = Table("shape", "us", "TFLOP/s", *(f"{peer} us" for peer in peers), "ratio")
    for row in rows:
        times = [f"{row['us'][peer]:.1f}" if peer in row["us"] else "" for peer in peers]
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.3f}"
        table.add_row(row["shape"], f"{row['us']['aotgemm']:.1f}", f"{row['tflops']:.0f}", *times, ratio)
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = measure(arguments.rounds)
    print_rows(rows)
    if arguments.json:
        document = {"card": torch.cuda.get_device_name(), "rounds": arguments.rounds, "rows": rows}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()

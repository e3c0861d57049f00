"""`aotgemm demo`: one block-scaled FP8 linear layer, from BF16 to BF16, on the device at hand."""

import argparse
from dataclasses import asdict, dataclass
from typing import Any

from .. import _core
from ..ops.cast import per_block_cast_to_fp8, per_token_cast_to_fp8
from ..ops.fp8_gemm import fp8_gemm_nt
from ..problems.backends import CpuBackend, CudaBackend, default_backend
from .output import add_command, natural, positive, print_facts, print_json

EXAMPLES = """\
examples:
  aotgemm demo                               DeepSeek-V3's qkv_a projection for 64 tokens
  aotgemm demo --m 1 --n 7168 --k 2048       another layer
  aotgemm demo --device cpu --json           the CPU backend, for a program

What it does: random BF16 activations X [M, K] and weights W [N, K] are cast to FP8 (a scale per row and 128 columns
for X, per 128 x 128 block for W), multiplied by fp8_gemm_nt, and compared
  - with the same FP8 operands multiplied in FP64: what the tensor core's arithmetic costs,
  - with the BF16 operands multiplied in FP64: what FP8 costs in all,
  - bit by bit: with the CPU backend if a GPU computed it, else with the definition written out in NumPy.
"""
M, N, K = 64, 2112, 7168
GPU_REPEATS, CPU_REPEATS = 20, 3
SAMPLE = 16  # rows and columns compared with the slow definition


@dataclass(frozen=True)
class Layer:
    """The FP8 operands of one layer, as arrays of whoever computes it."""

    x: Any
    sfx: Any
    w: Any
    sfw: Any

    def run(self, out: Any) -> None:
        fp8_gemm_nt((self.x, self.sfx), (self.w, self.sfw), out)


@dataclass(frozen=True)
class Report:
    device: str
    m: int
    n: int
    k: int
    kernel: str
    time_us: float
    tflops: float
    error_of_arithmetic: float  # Frobenius norms, relative to FP64
    error_of_fp8: float
    bits_checked_against: str
    outputs_checked: int
    outputs_differing: int


def add_parser(subparsers: Any) -> None:
    parser = add_command(subparsers, "demo", "Run and check one FP8 linear layer on the device at hand.", EXAMPLES, run)
    parser.add_argument("--m", type=positive, default=M, help=f"tokens; default: {M}")
    parser.add_argument("--n", type=positive, default=N, help=f"outputs, a multiple of 8; default: {N}")
    parser.add_argument("--k", type=positive, default=K, help=f"inputs, a multiple of 16; default: {K}")
    parser.add_argument("--device", type=str.lower, choices=("cpu", "cuda"), help="default: a GPU if there is one")
    parser.add_argument("--seed", type=natural, default=0, help="of the random operands; default: 0")


def _backend(device: str | None) -> CpuBackend | CudaBackend:
    if device is None:
        return default_backend()
    return CudaBackend() if device == "cuda" else CpuBackend()


def _kernel(backend: CpuBackend | CudaBackend, m: int, n: int, k: int) -> str:
    if isinstance(backend, CpuBackend):
        return "CPU backend"
    return _core.select("fp8_gemm_1d2d", m, n, k, _core.get_num_sms(), backend.device, 1)[0]["name"]


def _relative_error(y: Any, x: Any, w: Any) -> float:
    """Of y against x @ w.T in FP64, by Frobenius norms."""
    import numpy

    reference = x.astype("float64") @ w.astype("float64").T
    return float(numpy.linalg.norm(y.astype("float64") - reference) / numpy.linalg.norm(reference))


def _dequantize(q: Any, scales: Any, rows_per_scale: int) -> Any:
    return q.astype("float64") * scales.repeat(rows_per_scale, 0)[: q.shape[0]].repeat(128, 1)[:, : q.shape[1]]


def _compare_bits(backend: CpuBackend | CudaBackend, host: Layer, out: Any) -> tuple[str, int, int]:
    """What the bits were compared with, how many outputs, and how many differ."""
    import numpy

    from ..reference.fp8 import fp8_gemm_nt as defined

    if isinstance(backend, CudaBackend):
        expected = numpy.empty_like(out)
        host.run(expected)
        against = "CPU backend"
    else:
        columns = slice(0, SAMPLE)
        exact = defined(host.x[:SAMPLE], host.sfx[:SAMPLE], host.w[columns], host.sfw)
        expected, out, against = exact.astype(out.dtype), out[:SAMPLE, columns], "definition in NumPy (a sample)"
    differing = out.view(numpy.uint16) != expected.view(numpy.uint16)
    return against, differing.size, int(differing.sum())


def _random_bf16(random: Any, rows: int, columns: int) -> Any:
    import ml_dtypes

    return random.standard_normal((rows, columns), "float32").astype(ml_dtypes.bfloat16)


def _report(arguments: argparse.Namespace) -> Report:
    import numpy

    backend, random = _backend(arguments.device), numpy.random.default_rng(arguments.seed)
    m, n, k = arguments.m, arguments.n, arguments.k
    x, w = _random_bf16(random, m, k), _random_bf16(random, n, k)
    layer = Layer(*per_token_cast_to_fp8(backend.put(x), False), *per_block_cast_to_fp8(backend.put(w), False))
    out = backend.put(numpy.zeros((m, n), x.dtype))
    layer.run(out)
    time_us = backend.time_us(lambda: layer.run(out), GPU_REPEATS if isinstance(backend, CudaBackend) else CPU_REPEATS)
    host = Layer(*(backend.get(array) for array in (layer.x, layer.sfx, layer.w, layer.sfw)))
    y = backend.get(out)
    against, checked, differing = _compare_bits(backend, host, y)
    return Report(
        device=backend.name,
        m=m,
        n=n,
        k=k,
        kernel=_kernel(backend, m, n, k),
        time_us=time_us,
        tflops=2 * m * n * k / time_us / 1e6,
        error_of_arithmetic=_relative_error(y, _dequantize(host.x, host.sfx, 1), _dequantize(host.w, host.sfw, 128)),
        error_of_fp8=_relative_error(y, x, w),
        bits_checked_against=against,
        outputs_checked=checked,
        outputs_differing=differing,
    )


def _print(report: Report) -> None:
    equal = report.outputs_checked - report.outputs_differing
    print_facts(
        {
            "layer": f"Y [{report.m}, {report.n}] = X [{report.m}, {report.k}] @ W [{report.n}, {report.k}]^T in FP8",
            "device": report.device,
            "kernel": report.kernel,
            "time": f"{report.time_us:,.1f} us ({report.tflops:,.3g} TFLOP/s)",
            "error against FP64": f"{report.error_of_arithmetic:.2e} of the same FP8 operands",
            "": f"{report.error_of_fp8:.2e} of the BF16 operands",
            "bits": f"{equal} of {report.outputs_checked} outputs equal those of the {report.bits_checked_against}",
        }
    )


def run(arguments: argparse.Namespace) -> int:
    report = _report(arguments)
    print_json(asdict(report)) if arguments.json else _print(report)
    return 1 if report.outputs_differing else 0

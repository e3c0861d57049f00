"""CPU time of a call of fp8_gemm_nt with 64 rows from PyTorch: plain, through the operator, and compiled.

Beside them what PyTorch itself takes for x + 1, plain and compiled: a compiled function checks its guards in each call.

    python benchmarks/torch_host_time.py

The least of 25 batches of 200 calls, which other work on the machine disturbs the least; the GPU is idle before each.
On the CPU M is 0, so that nothing is multiplied.
"""

import time

import aotgemm
import aotgemm.torch
import torch

BATCHES, CALLS = 25, 200
N, K = 576, 7168


def call_us(call):
    """Microseconds from one call to the next."""
    is_cuda = torch.cuda.is_available()
    for _ in range(20):
        call()
    times = []
    for _ in range(BATCHES):
        if is_cuda:
            torch.cuda.synchronize()
        start = time.perf_counter_ns()
        for _ in range(CALLS):
            call()
        times.append((time.perf_counter_ns() - start) / 1e3 / CALLS)
    return min(times)


def main():
    device = "cuda" if torch.cuda.is_available() else "cpu"
    m = 64 if device == "cuda" else 0
    a, sfa = aotgemm.per_token_cast_to_fp8(torch.randn(m, K, device=device).bfloat16(), use_ue8m0=False)
    sfa = aotgemm.get_mn_major_tma_aligned_tensor(sfa)
    b, sfb = aotgemm.per_block_cast_to_fp8(torch.randn(N, K, device=device).bfloat16(), use_ue8m0=False)
    d = torch.empty(m, N, dtype=torch.bfloat16, device=device)

    def plain():
        aotgemm.fp8_gemm_nt((a, sfa), (b, sfb), d)

    def increment(x):
        return x + 1

    x, compiled_increment = torch.zeros(64, device=device), torch.compile(increment, fullgraph=True)
    operator = torch.ops.aotgemm.fp8_gemm_nt.default
    ways = {
        "aotgemm.fp8_gemm_nt": plain,
        "aotgemm.torch.fp8_gemm_nt": lambda: aotgemm.torch.fp8_gemm_nt((a, sfa), (b, sfb), d),
        "torch.ops.aotgemm.fp8_gemm_nt.default": lambda: operator(a, sfa, b, sfb, d),
        "torch.compile(fullgraph=True)": torch.compile(plain, fullgraph=True),
        "PyTorch's x + 1": lambda: increment(x),
        "PyTorch's x + 1, torch.compile": lambda: compiled_increment(x),
    }
    with torch.no_grad():
        for name, call in ways.items():
            print(f"{name:40} {call_us(call):8.2f} us")


if __name__ == "__main__":
    main()

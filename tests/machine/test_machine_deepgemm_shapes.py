"""Shapes that DeepGEMM's tests enumerate for SM100 (commit 54e2261), made small, in the user's calls: the CPU backend's
bits, and no finding. Those of fp8_fp4_gemm in other mixes of types are in test_machine_sm100_fp8_fp4.py.

N, K and batches are divided by 32, rows of large problems by 32 or 64.
"""

import pytest
from machine_runner import Task, check_equal, run_tasks

DEVICE = {"sms": 4, "capability": "10.0"}
SCHEDULES = "in_turn late seeds:1"

LAYERS = ((2112, 7168), (576, 7168), (24576, 1536), (32768, 512), (7168, 16384), (4096, 7168), (7168, 2048))
FP32_LAYERS = ((256, 7168), (129280, 7168))
ROWS = (1, 4, 128)
EXPERTS = ((6144, 7168), (7168, 3072), (4096, 4096), (4096, 2048))
GRADIENTS = ((4096, 7168), (7168, 2048))  # M and N, of groups of K
HEADS = ((128, 512, 128), (8, 4096, 1024))  # H, R and D of the einsums
REDUCED = ((128, 384, 128), (256, 256, 256), (384, 128, 384))  # M, N and K of sums over a batch


def small(size, multiple=16):
    return max(-(-size // 32 // multiple) * multiple, multiple)


def bf16():
    for i, (n, k) in enumerate(LAYERS):
        yield "bf16_gemm", ROWS[i % 3], small(n), small(k)
        yield "bf16_gemm_nn", 128, small(k), small(n)
        yield ("bf16_gemm_tn_fp32", "bf16_gemm_tn")[i % 2], small(n), small(k), 128
    for n, k in FP32_LAYERS:
        yield "bf16_gemm_fp32", 4, small(n), small(k)


def bf16_groups():
    for n, k in EXPERTS:
        for kind in ("contiguous", "contiguous_nn", "psum", "psum_nn", "masked"):
            yield f"bf16_gemm_{kind}", 66 if kind != "masked" else 20, small(n), small(k)
    for m, n in GRADIENTS:
        for alignment in (32, 128, 192):
            yield "bf16_gemm_k_grouped_tn_fp32", small(m), small(n), alignment


def heads_without_their_middle():
    for n in (32768, 8192):
        yield "fp8_fp4_gemm_skip_head_mid", 128, small(n, 256), 512


def einsums():
    """Three heads of a third of R and D."""
    for _, r, d in HEADS:
        for rows in (4, 32):
            yield "bf16_gemm_batched", rows, d // 8, r // 8
            yield "bf16_gemm_batched_nn", rows, r // 8, d // 8
            yield "fp8_fp4_gemm_batched", rows, d // 8, r // 8
            yield "fp8_fp4_gemm_batched_nn", rows, r // 8, d // 8
        yield "fp8_fp4_gemm_batched_tn_fp32", d // 8, r // 8, 256
    for m, n, k in REDUCED:
        for kind in ("bf16_gemm_batch_reduced", "bf16_gemm_batch_reduced_fp32"):
            yield kind, m, n, k


@pytest.mark.parametrize("shapes", (bf16, bf16_groups, heads_without_their_middle, einsums))
def test_calls(machine, ptx, shapes):
    tasks = [Task("users_call", *shape, str(ptx), SCHEDULES, **DEVICE) for shape in shapes()]
    check_equal(tasks, run_tasks(machine, tasks))


def test_hyper_connections(machine, ptx):
    kernel = "sm100_tf32_hc_prenorm_gemm_n24"
    tasks = [
        Task(family, kernel, m, 24, k, str(ptx), SCHEDULES, **DEVICE)
        for m in (13, 137)
        for k in (896, 256)
        for family in ("hc_prenorm", "hc_prenorm_in_16")
    ]
    check_equal(tasks, run_tasks(machine, tasks))


def test_logits_of_an_indexer(machine, ptx):
    """Cleaned and compressed; six rows of q to a sequence of a cache. head_dim, block and logits by chance."""
    kernels = [f"h{heads}_{dtype}" for heads in (16, 32, 64) for dtype in ("fp8", "fp4")]
    tasks = [
        Task(family, f"sm100_{family}_{kernel}", *shape, str(ptx), SCHEDULES, **DEVICE)
        for i, kernel in enumerate(kernels)
        for family, shape in (("mqa_logits", (64, 256, 1 + i // 2 % 2)), ("paged_mqa_logits", (4, 300, 6)))
    ]
    check_equal(tasks, run_tasks(machine, tasks))

"""Problems for kernels of sm_100a on the PTX machine: small, odd, edges in tiles, several tiles a block."""

import numpy as np
from machine_runner import Task

CAPABILITY = "10.0"
SMS = 4
SCHEDULES = "in_turn late starve:4 seeds:1"  # warp 4 is one of the epilogue


def sizes(spec, random):
    """M, N and K of one problem: up to two tiles and a rest each way, a few stages and a rest of K."""
    m, n = (_odd(tile * cluster, random) for tile, cluster in _sides(spec))
    stages = int(random.integers(1, 4))
    k = max(spec["block_k"] * stages - 8 * int(random.integers(0, spec["block_k"] // 8)), 8)
    if spec["grouping"] == "k_grouped":
        k = -(-k // 16) * 16
    return m, -(-n // 8) * 8, k


def _sides(spec):
    return (spec["block_m"], spec["cluster_m"]), (spec["block_n"], spec["cluster_n"])


def _odd(tile, random):
    return int(random.integers(1, 2 * tile + tile // 2))


def task_of(spec, ptx, seed, schedules=SCHEDULES):
    """A launch of that kernel under each schedule."""
    random = np.random.default_rng([seed, spec["kernel"]])
    m, n, k = sizes(spec, random)
    return Task("in_groups", spec["name"], m, n, k, str(ptx), schedules, sms=SMS, capability=CAPABILITY)


def prenorm_task(columns, splits, ptx):
    """A launch of tf32_hc_prenorm_gemm, "_split" or without splits."""
    kernel, (m, k) = f"sm100_tf32_hc_prenorm_gemm_n{columns}", (20, 192) if splits else (150, 576)
    return Task(f"hc_prenorm{splits}", kernel, m, columns, k, str(ptx), SCHEDULES, sms=SMS, capability=CAPABILITY)

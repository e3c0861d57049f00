"""The grouped BF16 calls on a GPU through PyTorch: what the CPU gives, and nothing else written."""

import aotgemm
import numpy as np
import pytest
import torch
from aotgemm import _core
from aotgemm.problems.memory import POISON
from aotgemm.problems.rows import place_rows
from bf16_groups import COUNTS, KS, K, N, draw, expected_rows
from bf16_problems import BF16, Bf16Problem
from kernels_here import specs_here
from torch_tensors import bits, to_torch

ROWS = specs_here("bf16_gemm", "contiguous", "psum", "masked")


def on_gpu(raw):
    """Raw bits in rows that start at multiples of 16 bytes."""
    tensor = to_torch(np.ascontiguousarray(raw).view(BF16))
    memory = torch.zeros(*raw.shape[:-1], -(-raw.shape[-1] // 8) * 8, dtype=torch.bfloat16, device="cuda")
    memory[..., : raw.shape[-1]] = tensor
    return memory[..., : raw.shape[-1]]


def run(spec, a, b, c, d, index=None, **how):
    _core.gemm("bf16_gemm", spec["grouping"], spec["layout"], a, None, b, None, c, d, index, **how)


def poisoned(*shape):
    poison = np.uint16(POISON).view(np.int16).item()
    return torch.full(shape, poison, dtype=torch.int16, device="cuda").view(torch.bfloat16)


@pytest.mark.parametrize("num_sms", [0, 5])
@pytest.mark.parametrize("spec", ROWS, ids=lambda spec: spec["name"])
def test_every_kernel_of_rows(spec, num_sms):
    placement = place_rows(spec["grouping"], COUNTS)
    a, b = draw(1, placement.rows, K), draw(2, len(COUNTS), N, K)
    index = torch.from_numpy(placement.index).cuda()
    given = on_gpu(b.swapaxes(1, 2) if spec["layout"] == "nn" else b)
    aotgemm.set_num_sms(num_sms)
    try:
        rows = (len(COUNTS), placement.room) if placement.room else (placement.rows,)
        d, how = poisoned(*rows, N), {"expected_m": 1 if placement.room else 0, "kernel": spec["kernel"]}
        run(spec, on_gpu(a.reshape(*rows, K)), given, None, d, index, **how)
    finally:
        aotgemm.set_num_sms(0)
    np.testing.assert_array_equal(bits(d).reshape(-1, N), expected_rows(placement, a, b))


@pytest.mark.parametrize("spec", specs_here("bf16_gemm", "batched"), ids=lambda spec: spec["name"])
def test_every_batched_kernel(spec):
    a, b = draw(5, 3, 75, K), draw(6, 3, N, K)
    memory = torch.zeros(75, 3, N, dtype=torch.bfloat16, device="cuda")
    given = on_gpu(b.swapaxes(1, 2) if spec["layout"] == "nn" else b)
    run(spec, on_gpu(a), given, None, memory.transpose(0, 1), kernel=spec["kernel"])
    for group in range(3):
        wanted = Bf16Problem(a[group], b[group], np.zeros(0)).expected("bf16")
        np.testing.assert_array_equal(bits(memory[:, group]), wanted)


@pytest.mark.parametrize("with_c", [False, True], ids=["no C", "C is D"])
@pytest.mark.parametrize("spec", specs_here("bf16_gemm", "k_grouped"), ids=lambda spec: spec["name"])
def test_every_kernel_of_k_groups(spec, with_c):
    m = 136
    a, b = draw(7, sum(KS), m, kind="moderate"), draw(8, sum(KS), N, kind="moderate")
    c = np.random.default_rng(9).standard_normal((len(KS), m, N)).astype(np.float32)
    d = torch.from_numpy(c.copy()).cuda()
    ks_tensor = torch.tensor(KS, dtype=torch.int32, device="cuda")
    chosen = d if with_c else None
    run(spec, on_gpu(a), on_gpu(b), chosen, d, ks_tensor, ks=list(KS), kernel=spec["kernel"])
    ends = np.cumsum([0, *KS])
    for group in range(len(KS)):
        part = slice(ends[group], ends[group + 1])
        problem = Bf16Problem(np.ascontiguousarray(a[part].T), np.ascontiguousarray(b[part].T), c[group])
        np.testing.assert_array_equal(bits(d[group]), problem.expected("fp32", with_c))


def test_an_all_zero_mask_writes_nothing():
    placement = place_rows("masked", (0, 0, 0))
    d = poisoned(3, placement.room, N)
    mask = torch.zeros(3, dtype=torch.int32, device="cuda")
    a, b = on_gpu(draw(1, 3, placement.room, K)), on_gpu(draw(2, 3, N, K))
    aotgemm.m_grouped_bf16_gemm_nt_masked(a, b, d, mask, 16)
    assert (bits(d) == POISON).all()

"""GEMM problems as PyTorch tensors on the GPU, and what the CPU backend makes of them."""

from dataclasses import dataclass

import aotgemm
import ml_dtypes
import numpy as np
import torch
from problems import make_finite_operands
from torch_tensors import to_torch


@dataclass(frozen=True)
class DeviceProblem:
    a: torch.Tensor
    sfa: torch.Tensor  # row-major
    b: torch.Tensor
    sfb: torch.Tensor
    expected: np.ndarray  # bits of D

    def empty_output(self):
        return torch.full((len(self.a), len(self.b)), float("nan"), dtype=torch.bfloat16, device="cuda")

    def run(self, d=None):
        """D, not waited for."""
        d = self.empty_output() if d is None else d
        aotgemm.fp8_gemm_nt((self.a, self.sfa), (self.b, self.sfb), d)
        return d


def make_device_problem(m, n, k, seed=0):
    operands = make_finite_operands(np.random.default_rng(seed), m, n, k)
    expected = np.empty((m, n), ml_dtypes.bfloat16)
    a, sfa, b, sfb = operands
    aotgemm.fp8_gemm_nt((a, sfa), (b, sfb), expected)
    return DeviceProblem(*(to_torch(operand).cuda() for operand in operands), expected.view(np.uint16))

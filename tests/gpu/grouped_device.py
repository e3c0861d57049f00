"""Grouped problems of NumPy arrays moved to the GPU."""

import aotgemm
import torch
from grouped_problems import BatchProblem, GroupedProblem
from torch_tensors import bits, to_torch

GROUPINGS = ("contiguous", "psum", "masked", "batched")


def to_cuda(array):
    return to_torch(array).cuda()


class OnDevice:
    """A problem's tensors on the GPU, for one grouping."""

    def __init__(self, problem: GroupedProblem | BatchProblem, grouping: str) -> None:
        self.problem, self.grouping = problem, grouping
        self.a, self.sfa, self.b, self.sfb = (to_cuda(x) for x in (problem.a, problem.sfa, problem.b, problem.sfb))
        indices = {"contiguous": "index", "psum": "ends", "masked": "counts"}
        self.index = to_cuda(getattr(problem, indices[grouping])) if grouping in indices else None

    def empty_output(self) -> torch.Tensor:
        return to_cuda(self.problem.empty_output())

    def run(self, d: torch.Tensor | None = None) -> torch.Tensor:
        """D, not waited for."""
        d = self.empty_output() if d is None else d
        pairs = (self.a, self.sfa), (self.b, self.sfb)
        if self.grouping == "batched":
            a, sfa, out = (x.transpose(0, 1) for x in (self.a, self.sfa, d))
            aotgemm.fp8_einsum("bhr,hdr->bhd", (a, sfa), pairs[1], out)
        elif self.grouping == "masked":
            aotgemm.m_grouped_fp8_gemm_nt_masked(*pairs, d, self.index, 16)
        else:
            aotgemm.m_grouped_fp8_gemm_nt_contiguous(*pairs, d, self.index, use_psum_layout=self.grouping == "psum")
        return d

    def run_bits(self):
        return bits(self.run())

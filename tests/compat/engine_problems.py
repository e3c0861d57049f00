"""Operands on the CPU as serving engines prepare them, as PyTorch tensors."""

import torch
from grouped_problems import make_batch, make_grouped
from problems import make_problem
from torch_tensors import to_torch

N, K = 192, 256


def dense(m):
    """(A, SFA), (B, SFB), an output, and the bits that it must hold."""
    problem = make_problem(m, N, K)
    a, sfa, b, sfb = (to_torch(x) for x in (problem.a, problem.sfa, problem.b, problem.sfb))
    return (a, sfa), (b, sfb), to_torch(problem.empty_output()), problem.expected()


def grouped(counts):
    """The same for rows of all groups, with the group of each row and the rows' ends."""
    problem = make_grouped(counts, N, K)
    a, sfa, b, sfb = (to_torch(x) for x in (problem.a, problem.sfa, problem.b, problem.sfb))
    index = {"per_row": torch.from_numpy(problem.index), "ends": torch.from_numpy(problem.ends)}
    return (a, sfa), (b, sfb), to_torch(problem.empty_output()), index, problem


def masked(counts, room):
    problem = make_batch(counts, room, N, K)
    a, sfa, b, sfb = (to_torch(x) for x in (problem.a, problem.sfa, problem.b, problem.sfb))
    return (a, sfa), (b, sfb), to_torch(problem.empty_output()), torch.from_numpy(problem.counts), problem


def column_major(scales):
    """Scales with the rows of each matrix adjacent, as engines' own casts write them."""
    return scales.mT.contiguous().mT

"""torch.distributed as DeepGEMM's tests use it."""

import os
from math import prod
from typing import Any


def init_dist(local_rank: int, num_local_ranks: int) -> tuple[int, int, Any]:
    """Joins the processes of MASTER_ADDR, MASTER_PORT, WORLD_SIZE (nodes) and RANK (this node): (rank, ranks, group).

    NCCL on a machine with CUDA, where the process then uses device local_rank, else gloo.
    """
    import torch
    import torch.distributed as dist

    nodes, node = int(os.getenv("WORLD_SIZE", "1")), int(os.getenv("RANK", "0"))
    address = f"tcp://{os.getenv('MASTER_ADDR', '127.0.0.1')}:{os.getenv('MASTER_PORT', '8361')}"
    rank, ranks = node * num_local_ranks + local_rank, nodes * num_local_ranks
    has_cuda = torch.cuda.is_available()
    if has_cuda:
        torch.set_default_device("cuda")
        torch.cuda.set_device(local_rank)
    dist.init_process_group("nccl" if has_cuda else "gloo", init_method=address, world_size=ranks, rank=rank)
    return dist.get_rank(), dist.get_world_size(), dist.new_group(list(range(ranks)))


def uneven_all_gather(tensor: Any, dim: int = 0, group: Any = None) -> Any:
    """The tensors of all ranks, joined along a dimension in which their sizes may differ.

    They travel as bytes, filled up to the largest: gloo carries no FP8.
    """
    import torch
    import torch.distributed as dist

    ranks, moved = dist.get_world_size(group), tensor.movedim(dim, 0).contiguous()
    sizes = [torch.zeros(1, dtype=torch.int64, device=tensor.device) for _ in range(ranks)]
    dist.all_gather(sizes, torch.tensor([moved.shape[0]], device=tensor.device), group=group)
    counts = [int(size) for size in sizes]
    row = prod(moved.shape[1:]) * moved.element_size()
    sent = torch.zeros(max(counts) * row, dtype=torch.uint8, device=tensor.device)
    sent[: moved.shape[0] * row] = moved.view(-1).view(torch.uint8)
    parts = [torch.empty_like(sent) for _ in range(ranks)]
    dist.all_gather(parts, sent, group=group)
    rows = torch.cat([part[: count * row] for part, count in zip(parts, counts, strict=True)])
    return rows.view(tensor.dtype).view(sum(counts), *moved.shape[1:]).movedim(0, dim)


def dist_print(text: str = "", once_in_node: bool = False) -> None:
    """Prints on every rank, or on the first of this machine, and waits for all."""
    import torch.distributed as dist

    if not once_in_node or int(os.getenv("LOCAL_RANK", dist.get_rank())) == 0:
        print(text, flush=True)
    dist.barrier()

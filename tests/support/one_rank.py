"""torch.distributed in the tests' own process, which several tests of it need."""

import torch.distributed as dist


def join_one_rank() -> None:
    """Makes this process the one rank of the default group, for as long as it lives."""
    if not dist.is_initialized():
        dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)

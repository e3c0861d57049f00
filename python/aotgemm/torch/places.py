"""Where rows sorted by expert go so that each expert's start at a multiple of an alignment."""

import torch

from ..arrays.sizes import align
from ..compat.deepgemm_settings import get_mk_alignment_for_contiguous_layout


def aligned_places(
    offsets: torch.Tensor, rows: int, alignment: int, spare: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Where sorted rows go so that groups start at multiples of `alignment`: (place of each row, ends, live).

    offsets: int32 [E], the end of each group. Rows behind the last end belong to no group: live is False, and their
    place is `spare`, which no group has. Nothing waits for the device.
    """
    counts = torch.diff(offsets, prepend=offsets.new_zeros(1))
    spans = align(counts, alignment)
    starts = torch.cumsum(spans, 0, dtype=torch.int32) - spans
    row = torch.arange(rows, dtype=torch.int32, device=offsets.device)
    group = torch.searchsorted(offsets, row, right=True)
    live = group < offsets.shape[0]
    shift = torch.cat([starts - (offsets - counts), offsets.new_zeros(1)])
    return torch.where(live, row + shift[group], spare), starts + counts, live


def psum_places(offsets: torch.Tensor, rows: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """As a psum layout has the groups; the spare place is the last."""
    return aligned_places(offsets, rows, get_mk_alignment_for_contiguous_layout(), room_for(rows, len(offsets)) - 1)


def room_for(rows: int, groups: int) -> int:
    """Rows that hold any division of `rows` into groups, and one for those of no group."""
    alignment = get_mk_alignment_for_contiguous_layout()
    return align(rows + groups * (alignment - 1), alignment) + alignment

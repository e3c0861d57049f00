"""Comparisons of PyTorch tensors, as DeepGEMM's tests make them."""

from typing import Any


def calc_diff(x: Any, y: Any) -> float:
    """1 - 2 <x, y> / (<x, x> + <y, y>) in FP64: 0 for equal tensors, also for two of zeros."""
    x, y = x.double(), y.double()
    squares = (x.square() + y.square()).sum().item()
    return 1 - 2 * (x * y).sum().item() / squares if squares else 0.0


def count_bytes(*tensors: Any) -> int:
    """Bytes of the elements of all tensors, in lists of any depth; None counts nothing."""
    sizes = (
        count_bytes(*each) if isinstance(each, (tuple, list)) else each.numel() * each.element_size()
        for each in tensors
        if each is not None
    )
    return sum(sizes)


def _bytes_of(x: Any) -> Any:
    import torch

    return x.contiguous().view(-1).view(torch.uint8)


def assert_bitwise_equal(x: Any, y: Any, label: str = "") -> None:
    """Raises AssertionError, which names the first element that differs, unless shapes, dtypes and all bits agree."""
    import torch

    name = f"{label}: " if label else ""
    assert x.shape == y.shape and x.dtype == y.dtype, f"{name}{x.dtype} {list(x.shape)}, {y.dtype} {list(y.shape)}"
    differs = (_bytes_of(x) != _bytes_of(y)).view(-1, x.element_size()).any(1)
    if differs.any():
        index = torch.unravel_index(differs.nonzero()[0], x.shape)
        place = [int(i) for i in index]
        values = [each[tuple(place)].item() for each in (x, y)]
        raise AssertionError(f"{name}{int(differs.sum())} of {x.numel()} elements differ, first {place}: {values}")

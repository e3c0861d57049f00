"""Comparisons of PyTorch tensors, as DeepGEMM's tests make them."""

from typing import Any

ELEMENTS = 1 << 26  # compared at a time: in FP64 half a GiB, where logits of a test have 2 GiB in FP32


def _parts(x: Any) -> Any:
    """The elements of a tensor in their order, in parts of at most ELEMENTS."""
    return x.reshape(-1).split(ELEMENTS)


def calc_diff(x: Any, y: Any) -> float:
    """1 - 2 <x, y> / (<x, x> + <y, y>) in FP64: 0 for equal tensors, also for two of zeros."""
    import torch

    x, y = torch.broadcast_tensors(x, y)
    products = squares = torch.zeros((), dtype=torch.float64, device=x.device)
    for left, right in zip(_parts(x), _parts(y), strict=True):
        left, right = left.double(), right.double()
        products = products + left @ right
        squares = squares + (left @ left + right @ right)
    return 1 - 2 * products.item() / squares.item() if squares else 0.0


def count_bytes(*tensors: Any) -> int:
    """Bytes of the elements of all tensors, in lists of any depth; None counts nothing."""
    sizes = (
        count_bytes(*each) if isinstance(each, (tuple, list)) else each.numel() * each.element_size()
        for each in tensors
        if each is not None
    )
    return sum(sizes)


def _bits_of(x: Any) -> Any:
    """The bits of each element, as integers."""
    import torch

    integers = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    return x.contiguous().view(integers[x.element_size()])


def assert_bitwise_equal(x: Any, y: Any, label: str = "") -> None:
    """Raises AssertionError, which names the first element that differs, unless shapes, dtypes and all bits agree."""
    import torch

    name = f"{label}: " if label else ""
    assert x.shape == y.shape and x.dtype == y.dtype, f"{name}{x.dtype} {list(x.shape)}, {y.dtype} {list(y.shape)}"
    if not torch.equal(_bits_of(x), _bits_of(y)):
        places = (_bits_of(x) != _bits_of(y)).nonzero()
        place = places[0].tolist()
        values = [each[tuple(place)].item() for each in (x, y)]
        raise AssertionError(f"{name}{len(places)} of {x.numel()} elements differ, first {place}: {values}")

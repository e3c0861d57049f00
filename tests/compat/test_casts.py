"""What DeepGEMM's tests round scales with, against plain arithmetic."""

import math

import pytest
import torch
from aotgemm.compat import casts


@pytest.mark.parametrize("x", [1.0, 1.0000001, 0.75, 3.0, 448.0, 2.0**-149, 2.0**127, -5.0])
def test_the_least_power_of_two_that_is_not_under(x):
    given = torch.tensor(x)
    expected = 2.0 ** max(math.ceil(math.log2(abs(given.item()))), -126)
    if x == 1.0000001:
        expected = 2.0
    assert casts.ceil_to_ue8m0(given).item() == expected


def test_all_fp32_powers_and_their_neighbours():
    powers = torch.ldexp(torch.ones(253), torch.arange(-126, 127))
    assert torch.equal(casts.ceil_to_ue8m0(powers), powers)
    above = torch.nextafter(powers, powers * 2)
    assert torch.equal(casts.ceil_to_ue8m0(above), powers * 2)

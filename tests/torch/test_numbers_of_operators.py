"""A number that an operator's call refuses is refused when a graph is made, by the same name, and none other is."""

import aotgemm
import aotgemm.torch  # noqa: F401
import pytest
import torch
from operator_operands import operator_names, operator_operands
from torch._subclasses.fake_tensor import FakeTensorMode

EXTREME = (
    -(2**63),
    -(2**31),
    -1,
    0,
    1,
    3,
    32,
    33,
    64,
    128,
    2**31 - 513,
    2**31 - 512,
    2**31,
    2**32 + 1,
    2**62,
    2**63 - 1,
)
MOST = 100_000  # of a size that the call itself is asked to allocate
NUMBERS = ("int", "SymInt", "List[int]", "List[SymInt]", "Optional[int]", "Optional[SymInt]")


def numbers(name):
    """The places of numbers in the operator's schema."""
    arguments = getattr(torch.ops.aotgemm, name).default._schema.arguments
    return [place for place, each in enumerate(arguments) if str(each.real_type) in NUMBERS and not each.kwarg_only]


# Calls that write into an output of the caller's have its sizes; what their numbers must be, they say when they run.
PLACES = [
    (name, place)
    for name in operator_names()
    if getattr(torch.ops.aotgemm, name).default._schema.returns
    for place in numbers(name)
]


def arguments(name, place, number):
    schema = getattr(torch.ops.aotgemm, name).default._schema.arguments
    given = list(operator_operands(name))
    given += [each.default_value for each in schema[len(given) : place + 1]]
    given[place] = [number] * len(given[place]) if isinstance(given[place], (list, tuple)) else number
    return given


def verdict(name, given):
    try:
        getattr(torch.ops.aotgemm, name).default(*given)
        return None
    except aotgemm.Error as error:
        return type(error), str(error).split(":")[0]


def verdict_of_a_graph(name, given):
    with FakeTensorMode() as mode:
        return verdict(name, [mode.from_tensor(each) if isinstance(each, torch.Tensor) else each for each in given])


@pytest.mark.parametrize("name, place", PLACES)
def test_a_graph_refuses_the_numbers_that_the_call_refuses(name, place):
    refused = 0
    for number in EXTREME:
        given = arguments(name, place, number)
        found = verdict_of_a_graph(name, given)
        if found is None and number > MOST:
            continue
        assert found == verdict(name, given), number
        refused += found is not None
    assert refused

"""The words that annotations allow are those of the library."""

from typing import get_args

import aotgemm
import pytest
from aotgemm import _core
from aotgemm.typing import Architecture, Grouping, Layout, OutDtype

from codegen import arch


@pytest.mark.parametrize("key, words", [("grouping", Grouping), ("layout", Layout), ("out_dtype", OutDtype)])
def test_words_are_those_of_the_kernels(key, words):
    assert sorted(get_args(words)) == sorted({spec[key] for spec in _core.specs()})


def test_architectures_are_those_of_codegen():
    assert sorted(get_args(Architecture)) == sorted(arch.ARCHS)


def test_every_public_call_says_what_it_takes_and_returns():
    calls = {name: getattr(aotgemm, name) for name in aotgemm.__all__ if hasattr(getattr(aotgemm, name), "__code__")}
    bare = [name for name, call in calls.items() if len(call.__annotations__) < call.__code__.co_argcount + 1]
    assert len(calls) > 50 and bare == []

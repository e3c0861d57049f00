"""Decorators and questions of DeepGEMM's tests."""

import functools
import os
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any


def get_arch_major() -> int:
    """The major compute capability of PyTorch's current device: 9 on Hopper."""
    import torch

    return torch.cuda.get_device_capability()[0]


def test_filter(condition: Callable[[], bool]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: the function runs where the condition holds, and says so where it does not."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            if condition():
                return function(*args, **kwargs)
            print(f"{function.__name__}: does not run here ({condition})")

        return run

    return decorate


test_filter.__test__ = False  # pytest takes it for a test by its name


@contextmanager
def _without(name: str):
    saved = os.environ.pop(name, None)
    try:
        yield
    finally:
        if saved is not None:
            os.environ[name] = saved


def ignore_env(name: str, condition: Callable[[], bool]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: while the function runs, the environment lacks that variable, where the condition holds."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            if not condition():
                return function(*args, **kwargs)
            with _without(name):
                return function(*args, **kwargs)

        return run

    return decorate

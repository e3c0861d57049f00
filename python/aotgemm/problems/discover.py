"""What the modules of a folder state, so that a new one registers by being there."""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any


def stated_in(package: ModuleType, name: str) -> list[Any]:
    """The value of `name` in each module of the package, in the order of the modules' names."""
    modules = sorted(module.name for module in iter_modules(package.__path__))
    return [getattr(import_module(f"{package.__name__}.{module}"), name) for module in modules]

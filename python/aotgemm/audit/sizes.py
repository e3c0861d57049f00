"""The numbers of a model's configuration, by the names of Hugging Face's config.json."""

from collections.abc import Mapping
from typing import Any

from ..choice import MOST_EXTENT
from ..errors import PlanError
from .quantization.scheme import shown

MOST_LAYERS = 4096


def _is_number(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= MOST_EXTENT


class Sizes:
    """defaults: what the model's class documents for keys that files leave out; null counts as left out."""

    def __init__(self, values: Mapping[str, Any], defaults: Mapping[str, int]) -> None:
        self._values, self._defaults = values, defaults

    def _value(self, name: str, default: int | None) -> Any:
        value = self._values.get(name)
        return self._defaults.get(name, default) if value is None else value

    def size(self, name: str, default: int | None = None) -> int:
        """A positive number. Raises PlanError for anything else, and where there is neither it nor a default."""
        value = self._value(name, default)
        if not _is_number(value, 1):
            raise PlanError(f"config: {name} is {shown(value)}, allowed is a positive number up to {MOST_EXTENT}")
        return value

    def count(self, name: str) -> int:
        """A number that may be 0, and is where it is left out."""
        value = self._value(name, 0)
        if not _is_number(value, 0):
            raise PlanError(f"config: {name} is {shown(value)}, allowed is a number from 0 to {MOST_EXTENT}")
        return value

    def states(self, name: str) -> bool:
        """Whether the configuration has the key, be it null."""
        return name in self._values

    def text(self, name: str) -> str | None:
        value = self._values.get(name)
        if value is not None and not isinstance(value, str):
            raise PlanError(f"config: {name} is {shown(value)}, allowed is a text")
        return value

    def layers(self) -> range:
        """The indices of the model's layers."""
        layers = self.size("num_hidden_layers")
        if layers > MOST_LAYERS:
            raise PlanError(f"config: num_hidden_layers is {layers}, allowed is at most {MOST_LAYERS}")
        return range(layers)

    def indices(self, name: str) -> list[int] | None:
        """A list of layers, None where it is left out."""
        value = self._values.get(name)
        if value is not None and not (isinstance(value, list) and all(_is_number(index, 0) for index in value)):
            raise PlanError(f"config: {name} is {shown(value)}, allowed is a list of layers")
        return value

    def kinds(self, name: str) -> list[str] | None:
        """A word for each layer, None where they are left out."""
        value = self._values.get(name)
        if value is not None and not (isinstance(value, list) and all(isinstance(kind, str) for kind in value)):
            raise PlanError(f"config: {name} is {shown(value)}, allowed is a list of words")
        return value

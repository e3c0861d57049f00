"""Arguments that are one number, one word or one yes or no: what else comes is refused by name."""

from collections.abc import Sequence
from typing import Any

from .errors import DtypeError, ShapeError

MOST_BITS = 8192  # Python refuses to write numbers of many more
MOST_EXTENT = 2**31 - 513  # of a dimension: what every call of the library takes


def _refused(name: str, value: Any, allowed: str) -> DtypeError:
    return DtypeError(f"{name}: is a {type(value).__name__}, allowed is {allowed}")


def shown(value: Any) -> str:
    """At most 40 characters of it, for a message; the type of what cannot be written, as a tensor without memory."""
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return "a number of thousands of digits"
    try:
        return " ".join(str(value).split())[:40]
    except (RuntimeError, ValueError):
        return f"a {type(value).__name__}"


def integer(name: str, value: Any) -> int:
    """A whole number of any type that has one. Raises DtypeError for anything else, ShapeError beyond MOST_BITS."""
    try:
        number = value.__index__()
    except (AttributeError, RuntimeError, TypeError):
        raise _refused(name, value, "an int") from None
    if number.bit_length() > MOST_BITS:
        raise ShapeError(f"{name}: is a number of thousands of digits, allowed is one of 64 bits")
    return number


def integers(name: str, values: Any) -> list[int]:
    """Whole numbers. Raises DtypeError for what is no sequence of them."""
    if not isinstance(values, Sequence):
        raise _refused(name, values, "a list of ints")
    return [integer(name, value) for value in values]


def count(name: str, value: Any, least: int = 1, most: int = MOST_EXTENT) -> int:
    """A whole number from `least` to `most`. Raises DtypeError, or ShapeError for another number."""
    number = integer(name, value)
    if not least <= number <= most:
        raise ShapeError(f"{name}: is {number}, allowed is {least} to {most}")
    return number


def flag(name: str, value: Any) -> bool:
    """Whether the value counts as true. Raises DtypeError for what is neither, such as an array."""
    try:
        return bool(value)
    except (RuntimeError, TypeError, ValueError):
        raise _refused(name, value, "True or False") from None


def text(name: str, value: Any) -> str:
    """A str that C can hold. Raises DtypeError for anything else."""
    if not isinstance(value, str):
        raise _refused(name, value, "a str")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise DtypeError(f"{name}: is {value!r}, allowed is a str without NUL and without halves of surrogate pairs")
    return value

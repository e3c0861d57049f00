"""Sections of a 64-bit little-endian ELF file: libaotgemm.so, and the cubins in it. Nothing is loaded or run.

Field offsets are those of the System V ABI's ELF-64 header and section header.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import PlanError

HEADER, SECTION_HEADER = 64, 64
NO_BITS = 8  # a section that takes no room in the file


@dataclass(frozen=True)
class Section:
    name: str
    data: bytes


def _unpack(layout: str, data: bytes, offset: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(layout, data, offset)
    except struct.error as error:
        raise PlanError(f"library: is cut off at byte {offset} ({error})") from error


def _slice(data: bytes, offset: int, size: int) -> bytes:
    if offset + size > len(data):
        raise PlanError(f"library: is cut off; {size} bytes from byte {offset} on are wanted of {len(data)}")
    return data[offset : offset + size]


def text_at(data: bytes, offset: int) -> str:
    """The zero-terminated text there. Raises PlanError where there is none."""
    end = data.find(b"\0", offset)
    if end < 0:
        raise PlanError(f"library: holds no text at byte {offset}")
    return data[offset:end].decode("utf-8", "replace")


def sections(data: bytes) -> Iterator[Section]:
    """Every section, in the file's order. Raises PlanError if it is not such a file, or is cut off."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise PlanError("library: is not a 64-bit little-endian ELF file")
    (table,) = _unpack("<Q", data, 40)
    size, count, names_index = _unpack("<HHH", data, 58)
    if size != SECTION_HEADER or names_index >= count:
        raise PlanError("library: has no table of sections")
    headers = [_unpack("<IIQQQQIIQQ", data, table + i * size) for i in range(count)]
    names = _slice(data, *headers[names_index][4:6])
    for name, kind, _, _, offset, length, *_ in headers:
        yield Section(text_at(names, name), b"" if kind == NO_BITS else _slice(data, offset, length))


def find_section(data: bytes, name: str) -> bytes | None:
    return next((section.data for section in sections(data) if section.name == name), None)

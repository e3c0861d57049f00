"""What a shared object asks the dynamic linker for, read from its file.

Field offsets are those of the System V ABI's ELF-64 header, section header and dynamic entry.
"""

import struct
from pathlib import Path

DYNAMIC, NEEDED = 6, 1  # SHT_DYNAMIC, DT_NEEDED


class NoSharedObjectError(ValueError):
    """A file that is no 64-bit little-endian shared object."""


def _sections(data: bytes) -> list[tuple[int, ...]]:
    if data[:6] != b"\x7fELF\x02\x01":
        raise NoSharedObjectError("it does not start as a 64-bit little-endian ELF file does")
    (table,) = struct.unpack_from("<Q", data, 40)
    size, count = struct.unpack_from("<HH", data, 58)
    return [struct.unpack_from("<IIQQQQIIQQ", data, table + index * size) for index in range(count)]


def needed(path: Path) -> list[str]:
    """Names of the shared objects that it is linked to, in the file's order. Raises NoSharedObjectError."""
    data = path.read_bytes()
    try:
        sections = _sections(data)
        _, _, _, _, offset, length, names, *_ = next(section for section in sections if section[1] == DYNAMIC)
        entries = struct.iter_unpack("<QQ", data[offset : offset + length])
        places = [sections[names][4] + value for tag, value in entries if tag == NEEDED]
        return [data[place : data.index(b"\0", place)].decode() for place in places]
    except (struct.error, StopIteration, IndexError, ValueError) as error:
        raise NoSharedObjectError(f"{path.name}: is no shared object: {error}") from error

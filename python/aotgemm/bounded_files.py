"""Files of users, read whole if they have a size that such files have: a device or a bomb is never read to its end."""

import gzip
import lzma
import os
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO

MOST_BYTES = 256 << 20
PIECE = 256 << 10
# What Python's modules raise for archives that are damaged, encrypted, or packed in a way that is not known.
DAMAGED = (OSError, ValueError, KeyError, EOFError, RuntimeError, OverflowError)
DAMAGED += (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError)


def _whole(file: IO[bytes], most: int) -> bytes:
    """In pieces: Python allocates what one read may return, which for a small file would be `most`."""
    data = bytearray()
    while piece := file.read(PIECE):
        data += piece
        if len(data) > most:
            raise ValueError(f"it has more than {most} bytes")
    return bytes(data)


def read_bounded(path: str | os.PathLike[str], most: int = MOST_BYTES) -> bytes:
    """Raises OSError, TypeError or ValueError where that is no readable file of at most so many bytes."""
    with open(path, "rb") as file:
        return _whole(file, most)


def read_from_zip(path: Path, member: str, most: int = MOST_BYTES) -> bytes:
    """Raises one of DAMAGED."""
    with zipfile.ZipFile(path) as archive, archive.open(member) as file:
        return _whole(file, most)


def read_from_gzip(path: Path, most: int = MOST_BYTES) -> bytes:
    """Raises one of DAMAGED."""
    with gzip.open(path) as file:
        return _whole(file, most)

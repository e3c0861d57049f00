"""Unpacks a source distribution: plain files below the folder it is given, and nothing else.

The filter of Python's tarfile that refuses the same came with Python 3.10.12, 3.11.4 and 3.12; this works on all.
"""

import io
import tarfile
from pathlib import Path, PurePosixPath

from ..bounded_files import read_from_gzip


def _place(entry: tarfile.TarInfo, folder: Path) -> Path:
    """Where the entry's bytes go. Raises ValueError where it is no plain file, or would lie outside the folder."""
    path = PurePosixPath(entry.name)
    if not entry.isreg() or entry.issparse():
        raise ValueError(f"it holds {entry.name!r}, which is neither a folder nor a plain file")
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"it holds {entry.name!r}, which lies outside the folder it is unpacked into")
    return folder / path


def unpack(archive: Path, folder: Path) -> None:
    """Raises one of bounded_files.DAMAGED. A folder without files is not made, and no file is made executable."""
    packed = io.BytesIO(read_from_gzip(archive))
    with tarfile.open(fileobj=packed, mode="r:") as entries:
        for entry in entries:
            if entry.isdir():
                continue
            path, data = _place(entry, folder), entries.extractfile(entry)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"" if data is None else data.read())

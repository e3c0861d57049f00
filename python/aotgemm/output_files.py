"""Files that the user names, written: what a stream of this process writes to as well is written by that stream."""

import errno
import fcntl
import os
import sys
from pathlib import Path


def stream_to(path: Path) -> int | None:
    """The descriptor, of those that a shell names by a digit, with which this process writes to the file `path`."""
    for descriptor in range(1, 10):
        try:
            writes = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
            if writes and path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except OSError as error:
            if error.errno != errno.EBADF:  # of a descriptor that is not open
                raise
    return None


def write_output(path: Path, text: str) -> None:
    """Lines end as they do in `text`. Where /dev/stdout is a file, `text` follows what is there. Raises OSError."""
    stream = stream_to(path)
    if stream is not None and sys.stdout is not None:
        sys.stdout.flush()
    with open(path if stream is None else os.dup(stream), "w", encoding="utf-8", newline="\n") as out:
        out.write(text)

"""Gives compiler-made names in PTX a fixed form.

nvcc puts a hash of the source's path into the names of entities local to a file: _INTERNAL_<hash>_<length>_<file>_..,
_GLOBAL__N__<hash>_.. and __nv_static_<n>__<hash>_... They would make the same kernel differ between folders. Zeros of
the same length take the hash's place, so that the lengths inside mangled names stay true.
"""

import re

_HASH = re.compile(r"(_INTERNAL_|_GLOBAL__N__|__nv_static_\d+__)[0-9a-f]{8}(?=_\d+_)")
# A file without an external symbol is told apart by a second hash and a process number, of any length.
_PROCESS = re.compile(r"(?:_INTERNAL_|_GLOBAL__N__)[0-9a-f]{8}_\d+_\w*?_cu_[0-9a-f]{8}_\d+")


class UnstableNameError(ValueError):
    """A compiler-made name that cannot be given a fixed form."""


def normalise(ptx: str) -> str:
    """`ptx` with every hash in a compiler-made name replaced by zeros; raises where one holds a process number."""
    if (found := _PROCESS.search(ptx)) is not None:
        raise UnstableNameError(f"{found[0]} holds a process number; give its file an external symbol")
    return _HASH.sub(r"\g<1>00000000", ptx)

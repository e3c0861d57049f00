"""The cubins in a libaotgemm.so, read from the file: what would be loaded, without loading it.

They lie in a section of their own behind an index (codegen/templates/library/inventory.S.in). A wheel will do as well.
"""

import hashlib
import json
import struct
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from .. import _core
from ..bounded_files import DAMAGED, read_bounded, read_from_zip
from ..errors import PlanError
from ..plan.elf import find_section, text_at
from ..plan.machine_code import code_sha256

SECTION, MARK = ".aotgemm_cubins", b"AOTGEMM1"
ENTRY = struct.Struct("<QQQQQ")  # offsets of name, architecture, sha256 and bytes; number of bytes
MEMBER = "aotgemm/libaotgemm.so"


@dataclass(frozen=True)
class Cubin:
    name: str
    arch: str
    stated_sha256: str  # by the library that holds it
    data: bytes

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def code_sha256(self) -> str:
        return code_sha256(self.data)


def cubins_in(library: bytes) -> dict[str, Cubin]:
    """The kernels of a libaotgemm.so by name. Raises PlanError if it is none, or is cut off."""
    section = find_section(library, SECTION)
    if section is None or section[: len(MARK)] != MARK or len(section) < 16:
        raise PlanError(f"library: has no section {SECTION} that starts with {MARK.decode()}")
    (count,) = struct.unpack_from("<Q", section, len(MARK))
    if 16 + count * ENTRY.size > len(section):
        raise PlanError(f"library: its index counts {count} kernels, more than {SECTION} has room for")
    cubins = {}
    for index in range(count):
        *texts, data, size = ENTRY.unpack_from(section, 16 + index * ENTRY.size)
        if data + size > len(section):
            raise PlanError(f"library: kernel {index} lies outside {SECTION}")
        cubin = Cubin(*(text_at(section, offset) for offset in texts), section[data : data + size])
        cubins[cubin.name] = cubin
    return cubins


@cache
def read_manifest() -> dict[str, Any]:
    """What the build noted of every kernel of this process's library."""
    return json.loads(files("aotgemm").joinpath("manifest.json").read_text(encoding="utf-8"))


def loaded_library() -> Path:
    """The file that this process has loaded."""
    return Path(_core.__file__).parent / "libaotgemm.so"


@cache
def loaded_sha256() -> str:
    """Of the library that this process has loaded: its host code, and every kernel in it."""
    return hashlib.sha256(loaded_library().read_bytes()).hexdigest()


def read_member(path: Path, member: str) -> bytes:
    """A file of a wheel, or the file at `path` where that is no wheel. Raises PlanError if it cannot be read."""
    try:
        return read_from_zip(path, member) if path.suffix == ".whl" else read_bounded(path)
    except DAMAGED as error:
        raise PlanError(f"library: {ascii(path.name)} cannot be read: {error}") from error


def read_library(path: Path | None = None) -> dict[str, Cubin]:
    """The kernels of a library or of a wheel; None for the library of this process."""
    return cubins_in(read_member(path or loaded_library(), MEMBER))

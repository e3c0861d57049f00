"""The sha256 of a kernel's machine code, which does not change when the kernel gets another name.

A cubin holds its instructions in the section .text.NAME, NAME being the kernel. Everything else in the file (symbols,
registers, sizes of arguments, debug frames) describes them, and most of it holds the name.
"""

import hashlib

from .document import FORMAT
from .elf import sections

PREFIX = ".text."


def instructions(cubin: bytes) -> list[bytes]:
    """The contents of the cubin's sections of instructions, in the file's order; kernels of this library have one."""
    return [section.data for section in sections(cubin) if section.name.startswith(PREFIX)]


def code_sha256(cubin: bytes) -> str:
    """sha256 of the instructions alone: equal for kernels that differ in nothing but name and description."""
    return hashlib.sha256(b"".join(instructions(cubin))).hexdigest()


def _code_sha256_with_name(cubin: bytes, name: str) -> str:
    """What plans of format 1 call code_sha256: section names and lengths are in it, under that name of the kernel."""
    digest = hashlib.sha256()
    for data in instructions(cubin):
        digest.update(f"{PREFIX}{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def planned_code_sha256(plan_format: str, name: str, cubin: bytes) -> str:
    """The code_sha256 that a plan of this format has for a kernel of that name and these bytes."""
    return code_sha256(cubin) if plan_format == FORMAT else _code_sha256_with_name(cubin, name)

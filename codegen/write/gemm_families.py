"""Writes gemm_families.cpp: the families that aotgemm_gemm has, and the bytes of their operands."""

from pathlib import Path

from codegen.families import FAMILIES
from codegen.files import fill, write_if_changed


def gemm_families() -> list[str]:
    """Names of the families that have groupings, in the order of FAMILIES."""
    return [family.name for family in FAMILIES.values() if "grouping" in family.choices]


def _bytes_row(name: str) -> str:
    family = FAMILIES[name]
    of_b = family.operand.bytes if family.bytes_of_b is None else family.bytes_of_b
    return f'    {{"{name}", {family.operand.bytes}, {of_b}}},\n'


def write_gemm_families(out: Path) -> None:
    names = gemm_families()
    rows = "".join(f"    &gemm_families::{name},\n" for name in names)
    bytes_of = "".join(map(_bytes_row, names))
    text = fill("library/gemm_families.cpp.in", names=", ".join(names), rows=rows, bytes=bytes_of)
    write_if_changed(out / "gemm_families.cpp", text)

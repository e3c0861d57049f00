"""Writes gemm_families.cpp: the list of the families that aotgemm_gemm has, for the host's code."""

from pathlib import Path

from codegen.families import FAMILIES
from codegen.files import fill, write_if_changed


def gemm_families() -> list[str]:
    """Names of the families that have groupings, in the order of FAMILIES."""
    return [family.name for family in FAMILIES.values() if "grouping" in family.choices]


def write_gemm_families(out: Path) -> None:
    names = gemm_families()
    rows = "".join(f"    &gemm_families::{name},\n" for name in names)
    text = fill("library/gemm_families.cpp.in", names=", ".join(names), rows=rows)
    write_if_changed(out / "gemm_families.cpp", text)

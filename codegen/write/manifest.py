"""Assembles manifest.json: what each embedded kernel is and what it was made of."""

import json
from pathlib import Path

from codegen.files import write_if_changed
from codegen.spec import KernelSpec
from codegen.write.inventory import read_sidecars


def write_manifest(specs: list[KernelSpec], cubins: Path, version: str, out: Path) -> None:
    """Writes `out` with one entry per kernel in the matrix's order; no path and no clock in it."""
    kernels = list(read_sidecars(specs, cubins).values())
    write_if_changed(out, json.dumps({"version": version, "kernels": kernels}, indent=1) + "\n")

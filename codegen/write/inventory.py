"""Writes what the library links: the table of specs, the table of cubins, and the cubins' bytes."""

import json
from pathlib import Path

from codegen.families import kernels_of
from codegen.files import fill, write_if_changed
from codegen.spec import KernelSpec


def read_sidecars(specs: list[KernelSpec], cubins: Path) -> dict[str, dict]:
    """What the compile step noted about each spec, by name, in the matrix's order."""
    return {spec.name(): json.loads((cubins / f"{spec.name()}.json").read_text(encoding="utf-8")) for spec in specs}


def _spec_row(spec: KernelSpec, sha256: str) -> str:
    texts = (spec.name(), spec.arch, spec.family, spec.grouping, spec.layout, spec.out_dtype, sha256)
    numbers = (spec.block_m, spec.block_n, spec.block_k, spec.stages, spec.in_flight, spec.cluster_m, spec.cluster_n)
    block = kernels_of(spec).block(spec)
    derived = (int(spec.swap_ab), block.threads, block.shared_bytes)
    fields = [f'"{text}"' for text in texts] + [str(number) for number in numbers + derived]
    return f"    {{{', '.join(fields)}}},\n"


def _cubin_row(spec: KernelSpec, sidecar: dict) -> str:
    symbol = f"aotgemm_cubin_{spec.name()}"
    return f'    {{"{spec.name()}", "{spec.arch}", "{sidecar["sha256"]}", {symbol}, {sidecar["bytes"]}}},\n'


def _shared_bytes(spec: KernelSpec) -> int:
    block = kernels_of(spec).block
    return block(spec).shared_bytes if block else 0


def _index_entry(spec: KernelSpec) -> str:
    name = spec.name()
    offsets = (f"{part}_{name} - index" for part in ("name", "arch", "sha256", "aotgemm_cubin"))
    return f"    .quad {', '.join(offsets)}, end_{name} - aotgemm_cubin_{name}\n"


def _cubin_body(spec: KernelSpec, sidecar: dict) -> str:
    return fill("library/inventory_cubin.S.in", name=spec.name(), arch=spec.arch, sha256=sidecar["sha256"])


def write_inventory(specs: list[KernelSpec], cubins: Path, out: Path) -> None:
    """Writes inventory.cpp (both tables) and inventory.S (the bytes, found by the assembler through -I)."""
    sidecars = read_sidecars(specs, cubins)
    names = [spec.name() for spec in specs]
    tables = fill(
        "library/inventory.cpp.in",
        declarations="".join(f"extern const unsigned char aotgemm_cubin_{name}[];\n" for name in names),
        specs="".join(_spec_row(spec, sidecars[spec.name()]["sha256"]) for spec in specs if spec.is_gemm),
        cubins="".join(_cubin_row(spec, sidecars[spec.name()]) for spec in specs),
        shared_bytes="".join(f"    {_shared_bytes(spec)},\n" for spec in specs),
    )
    write_if_changed(out / "inventory.cpp", tables)
    bodies = "".join(_cubin_body(spec, sidecars[spec.name()]) for spec in specs)
    entries = "".join(map(_index_entry, specs))
    write_if_changed(
        out / "inventory.S", fill("library/inventory.S.in", count=len(specs), entries=entries, cubins=bodies)
    )

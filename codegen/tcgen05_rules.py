"""Rules that the GEMM families share on sm_100a. Each says why a spec cannot be built, or None."""

from codegen import tcgen05_geometry as geometry
from codegen.spec import KernelSpec
from codegen.tile_rules import GROUP_ALIGNMENT


def groups(spec: KernelSpec) -> str | None:
    """No tile, and no pair's tile, computes rows of different groups."""
    rows_of_pair = spec.block_m * spec.cluster_m
    if spec.grouping == "psum" and spec.cluster_m == 1:
        return None  # any tile: it begins where its group does, and stores no row of another one
    if spec.grouping in ("contiguous", "psum") and GROUP_ALIGNMENT % rows_of_pair != 0:
        pair = " and cluster_m 2" if spec.cluster_m == 2 else ""
        return (
            f"block_m is {spec.block_m}{pair}; groups start at multiples of {GROUP_ALIGNMENT} rows, "
            "which a pair's rows must divide"
        )
    return None


def rows(spec: KernelSpec) -> str | None:
    """A block has all lanes of its tensor memory (PTX ISA, tcgen05.mma: M of 128, or 256 of a pair)."""
    if geometry.rows(spec) != geometry.LANES:
        side = "block_n (swap_ab)" if spec.swap_ab else "block_m"
        return f"{side} is {geometry.rows(spec)}; the instruction's M side takes {geometry.LANES} rows of each block"
    return None


def columns(spec: KernelSpec) -> str | None:
    """N of the instruction (PTX ISA, tcgen05.mma: with M of 128 multiples of 16 up to 256)."""
    if geometry.instruction_n(spec) not in range(16, 257, 16):
        side = "block_m (swap_ab)" if spec.swap_ab else "block_n"
        return f"{side} is {geometry.instruction_n(spec)}; allowed are multiples of 16 up to 256"
    return None


def pair(spec: KernelSpec) -> str | None:
    """Both blocks of a pair are neighbours on the instruction's M side."""
    allowed = ((1, 1), (1, 2)) if spec.swap_ab else ((1, 1), (2, 1))
    if (spec.cluster_m, spec.cluster_n) not in allowed:
        words = " and ".join(f"{m}x{n}" for m, n in allowed)
        with_swap = " with swap_ab" if spec.swap_ab else ""
        return f"cluster is {spec.cluster_m}x{spec.cluster_n}; allowed{with_swap} are {words}"
    return None

"""TileTable: rows of tiles, from which a GEMM family makes its specs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from codegen.spec import KernelSpec

Tile = tuple[int | tuple[tuple[int, int], ...], ...]
TilePair = tuple[tuple[Tile, ...], tuple[Tile, ...]]  # tiles, and those of swap_ab
# Columns of a row before its clusters; families without partial sums leave the last one out.
TILE_FIELDS = ("block_m", "block_n", "block_k", "in_flight")

# Clusters of a tile, (cluster_m, cluster_n) each: one block, or a pair along M or along N.
ONE, PAIR_M, PAIR_N = ((1, 1),), ((2, 1),), ((1, 2),)


@dataclass(frozen=True)
class TileTable:
    """Tiles that a grouping has with each of these layouts and output types.

    A row is block_m, block_n, block_k, in_flight where the family has partial sums, and its clusters. block_m counts
    rows of A and block_n those of B, with swap_ab too.
    """

    grouping: str
    layouts: tuple[str, ...]
    out_dtypes: tuple[str, ...]
    tiles: tuple[Tile, ...]
    swapped_tiles: tuple[Tile, ...] = ()  # of swap_ab

    def _problems(self) -> Iterator[dict[str, str]]:
        for layout in self.layouts:
            for out_dtype in self.out_dtypes:
                yield {"grouping": self.grouping, "layout": layout, "out_dtype": out_dtype}

    def _shapes(self) -> Iterator[dict[str, int]]:
        for swap_ab, tiles in ((False, self.tiles), (True, self.swapped_tiles)):
            for *sizes, clusters in tiles:
                tile = dict(zip(TILE_FIELDS, sizes, strict=False))
                yield from ({**tile, "cluster_m": m, "cluster_n": n, "swap_ab": swap_ab} for m, n in clusters)

    def specs(self, arch: str, family: str) -> Iterator[KernelSpec]:
        """Specs without their stages."""
        for problem in self._problems():
            for shape in self._shapes():
                yield KernelSpec(arch=arch, family=family, **problem, **shape)


def dense_tables(
    layouts: Iterable[str],
    out_dtypes: tuple[str, ...],
    tiles_of: Callable[[str, str], TilePair],
) -> Iterator[TileTable]:
    """A table for each layout and output type, of the tiles and the swapped tiles that `tiles_of` gives them."""
    for layout in layouts:
        for out_dtype in out_dtypes:
            yield TileTable("dense", (layout,), (out_dtype,), *tiles_of(layout, out_dtype))


def specs_of(
    tables: Iterable[TileTable], arch: str, family: str, stages: Callable[[KernelSpec], int]
) -> tuple[KernelSpec, ...]:
    """Specs of all tables in their order, with as many stages as `stages` gives them."""
    specs = (spec for table in tables for spec in table.specs(arch, family))
    return tuple(replace(spec, stages=stages(spec)) for spec in specs)

"""The kernels of family bf16, stated once: tiles and the layouts that can have them."""

from dataclasses import replace

from codegen.geometry import max_stages
from codegen.spec import KernelSpec

LAYOUTS = ("nt", "nn", "tn", "tt")
OUT_DTYPES = ("bf16", "fp32")

ONE = ((1, 1),)
PAIRS = ((1, 1), (2, 1), (1, 2))

# block_m, block_n, block_k, clusters
NORMAL_TILES = (
    (64, 64, 128, ONE),
    (64, 128, 64, ONE),
    (64, 256, 64, ONE),
    (128, 64, 128, ONE),
    (128, 128, 64, ((1, 1), (2, 1))),
    (128, 192, 64, ONE),
    (128, 256, 64, PAIRS),
    (256, 128, 64, ((1, 1), (1, 2))),
)
# Blocks that share a tile each fetch half of it, and halves of an N-major tile are no narrower than 64.
NORMAL_TILES_K_MAJOR_B = ((64, 64, 128, ((2, 1),)),)

# block_m (tokens), block_n (weights), block_k, clusters; an M-major tile of A is no narrower than 64.
SWAPPED_TILES_K_MAJOR_A = (
    (8, 64, 128, ONE),
    (16, 64, 128, ONE),
    (32, 64, 128, ONE),
    (16, 128, 128, ONE),
    (32, 128, 128, ONE),
)

MOST_SLICES = 16  # of 64 K elements that the stages hold at most


def _spec(grouping: str, layout: str, out_dtype: str, tile: tuple, cluster: tuple[int, int], swap_ab: bool) -> KernelSpec:
    block_m, block_n, block_k = tile[:3]
    spec = KernelSpec(
        arch="sm_90a",
        family="bf16",
        grouping=grouping,
        layout=layout,
        out_dtype=out_dtype,
        block_m=block_m,
        block_n=block_n,
        block_k=block_k,
        cluster_m=cluster[0],
        cluster_n=cluster[1],
        swap_ab=swap_ab,
    )
    return replace(spec, stages=max_stages(spec, MOST_SLICES * 64 // block_k))


def _tiles(layout: str) -> list[tuple[tuple, bool]]:
    """Tiles of a layout, and whether A and B swap sides."""
    normal = NORMAL_TILES + (NORMAL_TILES_K_MAJOR_B if layout[1] == "t" else ())
    swapped = SWAPPED_TILES_K_MAJOR_A if layout[0] == "n" else ()
    return [(tile, False) for tile in normal] + [(tile, True) for tile in swapped]


def bf16_specs() -> list[KernelSpec]:
    """Every layout and output type, each with all the tiles it can have."""
    return [
        _spec("dense", layout, out_dtype, tile, cluster, swap_ab)
        for layout in LAYOUTS
        for out_dtype in OUT_DTYPES
        for tile, swap_ab in _tiles(layout)
        for cluster in tile[3]
    ]

"""The kernels of family bf16_gemm, stated once: tiles and the layouts that can have them."""

from collections.abc import Iterator
from dataclasses import replace

from codegen.geometry import max_stages
from codegen.spec import KernelSpec

LAYOUTS = ("nt", "nn", "tn", "tt")
OUT_DTYPES = ("bf16", "fp32")

ONE = ((1, 1),)
# Order decides where predictions are equal: sharing a tile halves what is read of it.
PAIRS = ((2, 1), (1, 2), (1, 1))
PAIRS_M = ((2, 1), (1, 1))
PAIRS_N = ((1, 2), (1, 1))

# block_m, block_n, block_k, clusters
NORMAL_TILES = (
    (64, 64, 128, ONE),
    (64, 128, 64, ONE),
    (64, 256, 64, ONE),
    (128, 64, 128, ONE),
    (128, 128, 64, PAIRS_M),
    (128, 192, 64, ONE),
    (128, 256, 64, PAIRS),
    (256, 128, 64, PAIRS_N),
)
# Blocks that share a tile each fetch half of it, and halves of an N-major tile are no narrower than 64.
NORMAL_TILES_K_MAJOR_B = ((64, 64, 128, ((2, 1),)),)
# Where N is a little over a multiple of 256 (2112 = 12 * 176), and D leaves in boxes of 88 BF16.
NORMAL_TILES_K_MAJOR_B_BF16 = (
    (128, 176, 64, ONE),
    (192, 176, 64, ONE),
)

# block_m (tokens), block_n (weights), block_k, clusters; an M-major tile of A is no narrower than 64.
SWAPPED_TILES_K_MAJOR_A = (
    (8, 64, 128, ONE),
    (16, 64, 128, ONE),
    (32, 64, 128, ONE),
    (16, 128, 128, ONE),
    (32, 128, 128, ONE),
)

# Groups that start at multiples of 128 rows (contiguous, psum): block_m divides that, and tiles share no B.
ALIGNED_TILES = (
    (64, 128, 64, ONE),
    (128, 128, 64, ONE),
    (128, 256, 64, PAIRS_N),
)
ALIGNED_SWAPPED_TILES = ((32, 128, 128, ONE),)

# Groups with rows of their own (masked, batched).
SEPARATE_TILES = (
    (64, 128, 64, ONE),
    (128, 128, 64, ONE),
    (128, 256, 64, ONE),
    (256, 128, 64, ONE),
)
SEPARATE_SWAPPED_TILES = (
    (16, 64, 128, ONE),
    (16, 128, 128, ONE),
    (32, 128, 128, ONE),
)

# D [G, M, N], sums over a range of K each.
K_GROUPED_TILES = (
    (128, 128, 64, ONE),
    (128, 256, 64, ONE),
    (256, 128, 64, ONE),
)

# D [R, M, N], sums over a range of batches each. The ranges keep all SMs busy with tiles of 128x128 or less; the widest
# tile is for outputs large enough without them.
BATCH_REDUCED_TILES = (
    (64, 64, 128, ONE),
    (64, 128, 64, ONE),
    (128, 128, 64, ONE),
    (128, 256, 64, ONE),
)

# grouping, layouts, output types, tiles, tiles of swap_ab
GROUPED = (
    ("contiguous", ("nt", "nn"), ("bf16",), ALIGNED_TILES, ALIGNED_SWAPPED_TILES),
    ("psum", ("nt", "nn"), ("bf16",), ALIGNED_TILES, ALIGNED_SWAPPED_TILES),
    ("masked", ("nt",), ("bf16",), SEPARATE_TILES, SEPARATE_SWAPPED_TILES),
    ("batched", ("nt", "nn"), ("bf16",), SEPARATE_TILES, SEPARATE_SWAPPED_TILES),
    ("k_grouped", ("tn",), ("fp32",), K_GROUPED_TILES, ()),
    ("batch_reduced", ("nt",), ("fp32",), BATCH_REDUCED_TILES, ()),
)

MOST_SLICES = 16  # of 64 K elements that the stages hold at most


def _spec(
    grouping: str, layout: str, out_dtype: str, tile: tuple, cluster: tuple[int, int], swap_ab: bool
) -> KernelSpec:
    block_m, block_n, block_k = tile[:3]
    spec = KernelSpec(
        arch="sm_90a",
        family="bf16_gemm",
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


def _dense() -> Iterator[tuple]:
    """Each row as in GROUPED: what a layout can have of the dense tiles."""
    for layout in LAYOUTS:
        for out_dtype in OUT_DTYPES:
            normal = NORMAL_TILES
            if layout[1] == "t":
                normal += NORMAL_TILES_K_MAJOR_B + (NORMAL_TILES_K_MAJOR_B_BF16 if out_dtype == "bf16" else ())
            yield "dense", (layout,), (out_dtype,), normal, SWAPPED_TILES_K_MAJOR_A if layout[0] == "n" else ()


def bf16_specs() -> list[KernelSpec]:
    """Every grouping, layout and output type, each with all the tiles it can have."""
    return [
        _spec(grouping, layout, out_dtype, tile, cluster, swap_ab)
        for grouping, layouts, out_dtypes, normal, swapped in (*_dense(), *GROUPED)
        for layout in layouts
        for out_dtype in out_dtypes
        for swap_ab, tiles in ((False, normal), (True, swapped))
        for tile in tiles
        for cluster in tile[3]
    ]

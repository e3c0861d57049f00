"""The matrix: every kernel the library holds, stated once. Order here is order in the tables."""

from dataclasses import replace

from codegen.geometry import max_stages
from codegen.matrix_bf16 import bf16_specs
from codegen.spec import KernelSpec

ONE = ((1, 1),)
PAIRS = ((1, 1), (2, 1), (1, 2))
NEIGHBOURS_N = ((1, 1), (1, 2))

# block_m, block_n, block_k, in_flight, clusters
NORMAL_TILES = (
    (64, 64, 128, 2, ONE),
    (64, 64, 256, 1, ONE),
    (64, 64, 256, 2, ONE),
    (64, 96, 128, 2, ONE),
    (64, 128, 128, 2, ONE),
    (64, 128, 256, 1, ONE),
    (64, 256, 128, 1, ONE),
    (128, 64, 128, 2, ONE),
    (128, 64, 256, 1, ONE),
    (128, 64, 256, 2, ONE),
    (128, 96, 128, 2, ONE),
    (128, 96, 256, 1, ONE),
    (128, 112, 128, 2, ONE),
    (128, 112, 128, 1, ONE),
    (128, 128, 128, 1, NEIGHBOURS_N),
    (128, 144, 128, 1, ONE),
    (128, 160, 128, 1, ONE),
    (128, 192, 128, 1, ONE),
    (192, 128, 128, 1, NEIGHBOURS_N),
    (256, 112, 128, 1, ONE),
    (256, 128, 128, 1, PAIRS),
)

# block_m (tokens), block_n (weights), block_k, in_flight, clusters
SWAPPED_TILES = (
    (8, 64, 256, 2, ONE),
    (16, 64, 256, 2, ONE),
    (16, 64, 256, 3, ONE),
    (24, 64, 256, 2, ONE),
    (32, 64, 256, 1, ONE),
    (32, 64, 256, 2, ONE),
    (64, 64, 256, 1, ONE),
    (8, 128, 256, 2, ONE),
    (16, 128, 256, 2, ONE),
    (32, 128, 256, 2, ONE),
)

# Groups that start at multiples of 128 rows (contiguous, psum): block_m divides that.
ALIGNED_NORMAL_TILES = (
    (64, 64, 256, 2, ONE),
    (64, 128, 128, 2, ONE),
    (64, 256, 128, 1, ONE),
    (128, 128, 128, 1, ONE),
    (128, 160, 128, 1, ONE),
    (128, 192, 128, 1, ONE),
)
ALIGNED_SWAPPED_TILES = ((32, 128, 256, 2, ONE),)

# Groups with rows of their own (masked, batched).
SEPARATE_NORMAL_TILES = (
    (64, 128, 128, 2, ONE),
    (64, 256, 128, 1, ONE),
    (128, 128, 128, 2, ONE),
    (128, 192, 128, 1, ONE),
    (192, 128, 128, 1, ONE),
    (256, 128, 128, 1, ONE),
)
SEPARATE_SWAPPED_TILES = (
    (8, 128, 256, 2, ONE),
    (16, 64, 256, 2, ONE),
    (16, 128, 256, 2, ONE),
    (24, 128, 256, 2, ONE),
    (32, 64, 256, 2, ONE),
    (32, 128, 256, 2, ONE),
)

# grouping, tiles, tiles of swap_ab
FP8_1D2D_TILES = (
    ("dense", NORMAL_TILES, SWAPPED_TILES),
    ("contiguous", ALIGNED_NORMAL_TILES, ALIGNED_SWAPPED_TILES),
    ("psum", ALIGNED_NORMAL_TILES, ALIGNED_SWAPPED_TILES),
    ("masked", SEPARATE_NORMAL_TILES, SEPARATE_SWAPPED_TILES),
    ("batched", SEPARATE_NORMAL_TILES, SEPARATE_SWAPPED_TILES),
)

FP8_1D1D_TILES = (
    (64, 64, 128, 2, ONE),
    (64, 128, 128, 1, ONE),
    (64, 256, 128, 1, ONE),
    (128, 64, 128, 2, ONE),
    (128, 128, 128, 1, PAIRS),
)
# D leaves in boxes of 32 columns in FP32, 64 in BF16, and 96 are no multiple of 64.
FP8_1D1D_TILES_FP32 = ((192, 96, 128, 1, ONE),)

# Tiles of fewer elements wait for memory, and more stages pay: elements of D, slices of 128 K elements held at most.
SLICES = 8
SLICES_OF_SMALL = ((64 * 64, 20), (64 * 128, 12))


def _fp8_1d2d(grouping: str, tile: tuple[int, int, int, int], cluster: tuple[int, int], swap_ab: bool) -> KernelSpec:
    block_m, block_n, block_k, in_flight = tile
    spec = KernelSpec(
        arch="sm_90a",
        family="fp8_gemm_1d2d",
        grouping=grouping,
        layout="nt",
        out_dtype="bf16",
        block_m=block_m,
        block_n=block_n,
        block_k=block_k,
        in_flight=in_flight,
        cluster_m=cluster[0],
        cluster_n=cluster[1],
        swap_ab=swap_ab,
    )
    slices = next((slices for elements, slices in SLICES_OF_SMALL if block_m * block_n < elements), SLICES)
    return replace(spec, stages=max_stages(spec, slices * 128 // block_k))


def fp8_1d2d_specs() -> list[KernelSpec]:
    """Specs of family fp8_gemm_1d2d."""
    return [
        _fp8_1d2d(grouping, tile[:4], cluster, swap_ab)
        for grouping, normal, swapped in FP8_1D2D_TILES
        for swap_ab, tiles in ((False, normal), (True, swapped))
        for tile in tiles
        for cluster in tile[4]
    ]


def _fp8_1d1d(out_dtype: str, tile: tuple[int, int, int, int], cluster: tuple[int, int]) -> KernelSpec:
    block_m, block_n, block_k, in_flight = tile
    spec = KernelSpec(
        arch="sm_90a",
        family="fp8_gemm_1d1d",
        grouping="dense",
        layout="nt",
        out_dtype=out_dtype,
        block_m=block_m,
        block_n=block_n,
        block_k=block_k,
        in_flight=in_flight,
        cluster_m=cluster[0],
        cluster_n=cluster[1],
    )
    return replace(spec, stages=max_stages(spec, SLICES))


def fp8_1d1d_specs() -> list[KernelSpec]:
    """Specs of family fp8_gemm_1d1d."""
    return [
        _fp8_1d1d(out_dtype, tile[:4], cluster)
        for out_dtype, tiles in (("bf16", FP8_1D1D_TILES), ("fp32", FP8_1D1D_TILES + FP8_1D1D_TILES_FP32))
        for tile in tiles
        for cluster in tile[4]
    ]


def gemm_specs() -> list[KernelSpec]:
    """Specs of the GEMM families."""
    return fp8_1d2d_specs() + fp8_1d1d_specs() + bf16_specs()


def conversion_specs(arch: str) -> list[KernelSpec]:
    """Specs of the layout and conversion kernels."""
    casts = [(scaling, dtype) for scaling in ("token", "block") for dtype in ("bf16", "fp32")]
    return [
        KernelSpec(arch=arch, family="transpose_sf", in_dtype="fp32"),
        *[KernelSpec(arch=arch, family="cast_fp8", scaling=scaling, in_dtype=dtype) for scaling, dtype in casts],
        *[KernelSpec(arch=arch, family="ordered_sum", in_dtype="fp32", out_dtype=dtype) for dtype in ("bf16", "fp32")],
    ]


def all_specs() -> list[KernelSpec]:
    """Every spec of every architecture."""
    return gemm_specs() + conversion_specs("sm_90a") + conversion_specs("sm_100a")

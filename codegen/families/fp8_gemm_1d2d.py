"""Family fp8_gemm_1d2d: FP8 GEMM, promoted per scale block, with a scale for 1x128 elements of A and 128x128 of B."""

from math import gcd

from codegen import geometry, tile_rules
from codegen.arch import SM_90A
from codegen.family import FP8, Family, Kernels
from codegen.geometry import SCALE_BLOCK, TILE_QUEUE, align
from codegen.spec import KernelSpec
from codegen.tiles import ONE, TileTable, specs_of

NAME = "fp8_gemm_1d2d"
GROUPINGS = ("dense", "batched", "contiguous", "psum", "masked")
LAYOUTS = ("nt",)
OUT_DTYPES = ("bf16",)

PAIRS = ((1, 1), (2, 1), (1, 2))
NEIGHBOURS_N = ((1, 1), (1, 2))
# Of groups of rows: two tile rows of one group share B, see cpp/kernels/sm90/schedule/paired_scheduler.cuh.
# Pairs of 64x256, 128x128 and 128x160 tiles were the fastest on 32 of 240 problems (H200, 2026-11-28), too few to stay.
PAIRED = ((2, 1),)
ROW_PAIRS = (*ONE, *PAIRED)
PAIRED_GROUPINGS = ("contiguous", "psum", "masked")

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
    (128, 192, 128, 1, ROW_PAIRS),
)
ALIGNED_SWAPPED_TILES = ((32, 128, 256, 2, ONE),)

# Groups with rows of their own: all of them (batched), or some (masked).
SEPARATE_NORMAL_TILES = (
    (64, 128, 128, 2, ONE),
    (64, 256, 128, 1, ONE),
    (128, 128, 128, 2, ONE),
    (128, 192, 128, 1, ONE),
    (192, 128, 128, 1, ONE),
    (256, 128, 128, 1, ONE),
)
MASKED_NORMAL_TILES = (*SEPARATE_NORMAL_TILES, (128, 192, 128, 1, PAIRED))
SEPARATE_SWAPPED_TILES = (
    (8, 128, 256, 2, ONE),
    (16, 64, 256, 2, ONE),
    (16, 128, 256, 2, ONE),
    (24, 128, 256, 2, ONE),
    (32, 64, 256, 2, ONE),
    (32, 128, 256, 2, ONE),
)

TABLES = (
    TileTable("dense", LAYOUTS, OUT_DTYPES, NORMAL_TILES, SWAPPED_TILES),
    TileTable("contiguous", LAYOUTS, OUT_DTYPES, ALIGNED_NORMAL_TILES, ALIGNED_SWAPPED_TILES),
    TileTable("psum", LAYOUTS, OUT_DTYPES, ALIGNED_NORMAL_TILES, ALIGNED_SWAPPED_TILES),
    TileTable("masked", LAYOUTS, OUT_DTYPES, MASKED_NORMAL_TILES, SEPARATE_SWAPPED_TILES),
    TileTable("batched", LAYOUTS, OUT_DTYPES, SEPARATE_NORMAL_TILES, SEPARATE_SWAPPED_TILES),
)

# Tiles of fewer elements wait for memory, and more stages pay: elements of D, scale blocks of K held at most.
MOST_SCALE_BLOCKS = 8
SCALE_BLOCKS_OF_SMALL = ((64 * 64, 20), (64 * 128, 12))

SWAPPED_COLUMNS = (8, 16, 24, 32, 48, 64, 128)
COLUMNS = tuple(range(16, 257, 16))
MOST_SCALES_B = (
    2  # a third costs more to select than it is worth: 128x176 was 8% slower than 128x192 (H100, 2026-11-24)
)


def scales_b(spec: KernelSpec) -> int:
    """Scales of B that the columns of a tile have at most.

    Tiles start at multiples of gcd(block_n, 128) columns after a boundary between scales of B.
    """
    step = gcd(spec.block_n, SCALE_BLOCK)
    return -(-(SCALE_BLOCK - step + spec.block_n) // SCALE_BLOCK)


def scale_rows(spec: KernelSpec) -> int:
    """Rows of A's scales in a stage: a group of psum starts anywhere, a TMA box at a multiple of four."""
    return spec.block_m + (4 if spec.grouping == "psum" else 0)


def shared_bytes(spec: KernelSpec) -> int:
    """The whole tile of D, then for each stage A, B, scales of A and barriers. Scales of B stay in registers."""
    d_tile = align(spec.block_m * spec.block_n * 2, 1024)
    operands = geometry.operand_bytes(spec, FP8.bytes)
    stage = operands + geometry.scale_bytes(spec, scale_rows(spec)) + geometry.BARRIERS
    return d_tile + spec.stages * stage + TILE_QUEUE


def _stages(spec: KernelSpec) -> int:
    elements = spec.block_m * spec.block_n
    most = next((blocks for fewer_than, blocks in SCALE_BLOCKS_OF_SMALL if elements < fewer_than), MOST_SCALE_BLOCKS)
    return geometry.max_stages(spec, most // geometry.scale_blocks(spec), shared_bytes)


def _columns(spec: KernelSpec) -> str | None:
    return tile_rules.columns_in(spec, SWAPPED_COLUMNS if spec.swap_ab else COLUMNS)


def _scales_b(spec: KernelSpec) -> str | None:
    if scales_b(spec) > MOST_SCALES_B:
        return f"block_n is {spec.block_n}; a tile would touch {scales_b(spec)} scales of B, over {MOST_SCALES_B}"
    return None


def _split_columns(spec: KernelSpec) -> str | None:
    if geometry.splits_columns(spec) and geometry.instruction_n(spec) % SCALE_BLOCK != 0:
        return f"block_n is {spec.block_n}; two warpgroups split 64 rows only at a multiple of {SCALE_BLOCK} columns"
    return None


def _pairs(spec: KernelSpec) -> str | None:
    """Groups whose rows fill a tile share no B; two tile rows of one group do."""
    if spec.cluster_m == 1 or spec.grouping == "dense":
        return None
    if spec.grouping not in PAIRED_GROUPINGS:
        return f"cluster_m is {spec.cluster_m}; tiles of different groups share no B"
    if spec.swap_ab or spec.block_k != SCALE_BLOCK:
        return f"cluster_m is {spec.cluster_m}; pairs of {spec.grouping} tiles have block_k {SCALE_BLOCK}, no swap_ab"
    return None


FAMILY = Family(
    name=NAME,
    operand=FP8,
    choices={"grouping": GROUPINGS, "layout": LAYOUTS, "out_dtype": OUT_DTYPES},
    kernels={
        SM_90A.name: Kernels(
            specs=specs_of(TABLES, SM_90A.name, NAME, _stages),
            template="sm90/fp8_gemm_1d2d.cu.in",
            frees_behind_loads=True,
            block=geometry.block_with(shared_bytes),
            rules=(
                tile_rules.aligned_groups,
                _pairs,
                tile_rules.scale_blocks,
                tile_rules.rows,
                _columns,
                tile_rules.scale_blocks_of_passes,
                _scales_b,
                _split_columns,
                tile_rules.cluster,
                tile_rules.in_flight,
                tile_rules.registers,
                tile_rules.stages_in_flight,
            ),
        ),
    },
)

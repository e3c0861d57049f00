"""Family fp8_fp4_gemm: GEMM of FP8 E4M3 and packed FP4 E2M1 in any mix, with UE8M0 scales inside the instruction.

Element types and granularities of the scales (32 or 128 of K) are arguments of a kernel: one cubin serves them all.
"""

from codegen import geometry, tcgen05_geometry, tcgen05_rules, tile_rules
from codegen.arch import SM_100A
from codegen.family import FP8, Family, Kernels
from codegen.spec import KernelSpec
from codegen.tiles import ONE, PAIR_M, PAIR_N, TilePair, TileTable, dense_tables, specs_of

NAME = "fp8_fp4_gemm"
GROUPINGS = ("dense", "batched", "contiguous", "psum", "masked", "k_grouped")
LAYOUTS = ("nt", "nn", "tn", "tt")
OUT_DTYPES = ("bf16", "fp32")

# A pair of blocks reads half of what two of them read, and one block serves where only one SM may be used. Tiles are
# those that the model of published facts (cpp/dispatch/select) ranks first for the shapes of DeepSeek's models.

# block_m, block_n, block_k, clusters; of one block, in a pair too
TILES = (
    (128, 128, 128, ONE),
    (128, 192, 128, PAIR_M),
)
TILES_K_MAJOR_B = ((128, 224, 128, PAIR_M),)
# One block alone loads no more of A than its rows: few of them leave its loads to B.
TILES_OF_LINEAR = (
    (128, 16, 128, ONE),
    (128, 192, 128, ONE),
    (128, 160, 128, PAIR_M),
)

# Gradients of weights, few of whose columns or rows fill the SMs.
GRADIENT_TILES = ((128, 128, 128, PAIR_M),)
GRADIENT_SWAPPED_TILES = ((128, 128, 128, PAIR_N),)

# block_m (tokens), block_n (weights)
SWAPPED_TILES_K_MAJOR_A = (
    (16, 128, 128, PAIR_N),
    (128, 128, 128, PAIR_N),
)
# Of many rows: for linear layers and the gradients of their inputs.
TALL_SWAPPED_TILES = (
    (176, 128, 128, PAIR_N),
    (208, 128, 128, PAIR_N),
    (224, 128, 128, PAIR_N),
    (240, 128, 128, PAIR_N),
)
SWAPPED_TILES_OF_LINEAR = (
    (32, 128, 128, ONE + PAIR_N),
    (96, 128, 128, PAIR_N),
    (192, 128, 128, PAIR_N),
)

# Groups that start at multiples of 128 rows (contiguous, psum): block_m divides that.
ALIGNED_SWAPPED_TILES = (
    (32, 128, 128, ONE + PAIR_N),
    (128, 128, 128, PAIR_N),
)
# Tiles of psum begin where their group does.
PSUM_SWAPPED_TILES = (
    *ALIGNED_SWAPPED_TILES,
    (64, 128, 128, PAIR_N),
    (96, 128, 128, PAIR_N),
    (160, 128, 128, PAIR_N),
    (224, 128, 128, PAIR_N),
)
# Groups with rows of their own (masked, batched).
SEPARATE_SWAPPED_TILES = (
    (16, 128, 128, PAIR_N),
    (32, 128, 128, ONE + PAIR_N),
    (128, 128, 128, PAIR_N),
)
MASKED_SWAPPED_TILES = (
    *SEPARATE_SWAPPED_TILES,
    (64, 128, 128, PAIR_N),
    (192, 128, 128, PAIR_N),
    (224, 128, 128, PAIR_N),
)
BATCHED_SWAPPED_TILES = (*SEPARATE_SWAPPED_TILES, (240, 128, 128, PAIR_N))

GROUPED_TABLES = (
    TileTable("batched", ("nt", "nn"), ("bf16",), (), BATCHED_SWAPPED_TILES),
    TileTable("batched", ("nt",), ("bf16",), (), MASKED_SWAPPED_TILES[-1:]),
    TileTable("batched", ("nt", "nn"), ("fp32",), TILES[:1], SEPARATE_SWAPPED_TILES[2:3]),
    TileTable("batched", ("tn", "tt"), OUT_DTYPES, TILES),
    TileTable("contiguous", ("nt", "nn"), ("bf16",), (), ALIGNED_SWAPPED_TILES),
    TileTable("psum", ("nt", "nn"), ("bf16",), (), PSUM_SWAPPED_TILES),
    TileTable("masked", ("nt",), ("bf16",), (), MASKED_SWAPPED_TILES),
    TileTable("k_grouped", ("tn",), ("fp32",), TILES),
)

BLOCK_K = 128  # elements of K in a stage
MOST_STAGES = 12
SCALE_ROWS = 128  # rows whose scales one copy to tensor memory takes, into SCALE_COLUMNS columns
SCALE_COLUMNS = 4
ROWS_OF_BOX_START = 4  # as kRowsOfBoxStart in cpp/kernels/common/grouping.hpp
SCALED_BARRIER = 8  # bytes
MN_BOX = 32  # the least that is loaded at once of M or N of an operand that is not K-major


def _dense_tiles(layout: str, out_dtype: str) -> TilePair:
    """Dense tiles of a layout and output type, and swapped ones: most for a linear layer, then for its gradients."""
    is_linear, is_weights_gradient = (layout, out_dtype) == ("nt", "bf16"), layout == "tn"
    normal = TILES + TILES_K_MAJOR_B * (layout[1] == "t") + TILES_OF_LINEAR * is_linear
    swapped = SWAPPED_TILES_K_MAJOR_A * (layout[0] == "n") + SWAPPED_TILES_OF_LINEAR * is_linear
    swapped += TALL_SWAPPED_TILES * (is_linear or (layout, out_dtype) == ("nn", "bf16"))
    return normal + GRADIENT_TILES * is_weights_gradient, swapped + GRADIENT_SWAPPED_TILES * is_weights_gradient


DENSE_TABLES = tuple(dense_tables(LAYOUTS, OUT_DTYPES, _dense_tiles))


def _scale_blocks(rows: int) -> int:
    return -(-rows // SCALE_ROWS)


def _scale_bytes(spec: KernelSpec) -> int:
    """Bytes of a stage's words of scales: whole blocks of rows, and for psum what a box has before a group."""
    before = ROWS_OF_BOX_START if spec.grouping == "psum" else 0
    of_a = geometry.align((_scale_blocks(spec.block_m) * SCALE_ROWS + before) * 4, 128)
    return of_a + _scale_blocks(spec.block_n) * SCALE_ROWS * 4


def shared_bytes(spec: KernelSpec) -> int:
    """Epilogue subtiles, then for each stage A, B, scales of both and barriers."""
    stage = tcgen05_geometry.operand_bytes(spec, FP8.bytes) + _scale_bytes(spec) + SCALED_BARRIER
    odd_barrier = spec.stages % 2 * SCALED_BARRIER  # the tile queue starts at a multiple of 16 bytes
    return tcgen05_geometry.gemm_bytes(spec, stage) + odd_barrier


def _stages(spec: KernelSpec) -> int:
    return geometry.max_stages(spec, MOST_STAGES, shared_bytes)


def _block_k(spec: KernelSpec) -> str | None:
    if spec.block_k != BLOCK_K:
        return f"block_k is {spec.block_k}; a stage holds {BLOCK_K} K elements, four instructions"
    return None


def _mn_major_boxes(spec: KernelSpec) -> str | None:
    return tile_rules.mn_major_boxes(spec, MN_BOX)


def _tensor_memory(spec: KernelSpec) -> str | None:
    scales = (_scale_blocks(spec.block_m) + _scale_blocks(spec.block_n)) * SCALE_COLUMNS
    used = tcgen05_geometry.ACCUMULATORS * tcgen05_geometry.instruction_n(spec) + scales
    most = tcgen05_geometry.TENSOR_MEMORY_COLUMNS
    return f"{used} columns of tensor memory for accumulators and scales; a block has {most}" if used > most else None


FAMILY = Family(
    name=NAME,
    operand=FP8,
    choices={"grouping": GROUPINGS, "layout": LAYOUTS, "out_dtype": OUT_DTYPES},
    kernels={
        SM_100A.name: Kernels(
            specs=specs_of((*DENSE_TABLES, *GROUPED_TABLES), SM_100A.name, NAME, _stages),
            template="sm100/fp8_fp4_gemm.cu.in",
            block=tcgen05_geometry.block_with(shared_bytes),
            marks=geometry.marks_of_layout,
            rules=(
                tcgen05_rules.groups,
                tile_rules.no_promotion,
                _block_k,
                tcgen05_rules.rows,
                tcgen05_rules.columns,
                tcgen05_rules.pair,
                _mn_major_boxes,
                _tensor_memory,
                tile_rules.two_stages,
            ),
        ),
    },
)
